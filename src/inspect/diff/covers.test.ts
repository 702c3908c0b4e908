import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { coversHost, coversNetwork, coversOrigin, coversPath } from "./covers.ts";

type Case = readonly [outer: string, inner: string, covers: boolean];

const TABLES: readonly (readonly [what: string, covers: (outer: string, inner: string) => boolean, cases: readonly Case[]])[] = [
  [
    "a host",
    coversHost,
    [
      ["a.example", "a.example", true],
      ["*.example", "a.example", true],
      ["*.example", "*.b.example", true],
      ["*.b.example", "*.example", false],
      ["*.example", ".example", false],
      ["a.example", "*.example", false],
    ],
  ],
  [
    "a path",
    coversPath,
    [
      ["/*", "/", true],
      ["/*", "/x/:id/*", true],
      ["/x/*", "/x", true],
      ["/x/*", "/x/", true],
      ["/x/*", "/xy", false],
      ["/x/:id", "/x/1", true],
      ["/x/:id", "/x/:name", true],
      ["/x/:id", "/x/", false],
      ["/x/:id", "/x/*", false],
      ["/x/:id/*", "/x/*", false],
      ["/x/1", "/x/:id", false],
      ["/x", "/x/*", false],
    ],
  ],
  [
    "a network",
    coversNetwork,
    [
      ["10.0.0.0/8", "10.1.2.3", true],
      ["10.0.0.0/8", "10.1.0.0/16", true],
      ["10.1.0.0/16", "10.0.0.0/8", false],
      ["10.0.0.0/8", "11.0.0.1", false],
      ["0.0.0.0/0", "9.9.9.9", true],
      ["0.0.0.0/0", "::1", false],
      ["fd00::/8", "fd12::1", true],
      ["2001:db8::/33", "2001:db8:8000::1", false],
      ["2001:db8::/33", "2001:db8:7fff::1", true],
    ],
  ],
  [
    "an origin",
    coversOrigin,
    [
      ["https://*.example.com", "https://a.example.com", true],
      ["https://*.example.com", "http://a.example.com", false],
      ["https://*.example.com", "https://example.com", false],
      ["https://a.example.com", "https://a.example.com", true],
    ],
  ],
];

for (const [what, covers, cases] of TABLES) {
  describe(`${what} covers another`, () => {
    for (const [outer, inner, expected] of cases) {
      it(`${outer} ${expected ? "takes" : "does not take"} all of ${inner}`, () => assert.equal(covers(outer, inner), expected));
    }
  });
}
