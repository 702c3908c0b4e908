import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { containsHost, containsPath, overlapsPath } from "./containment.ts";

// `z` stands for every segment and label that no pattern names.
const SEGMENTS = ["a", "b", "z", ""];
const paths = listAll(SEGMENTS, 4).map((segments) => `/${segments.join("/")}`);
const hosts = listAll(["a", "b", "z"], 4).map((labels) => labels.join("."));

function listAll(words: readonly string[], depth: number): string[][] {
  if (depth === 0) return [];
  return words.flatMap((word) => [[word], ...listAll(words, depth - 1).map((rest) => [word, ...rest])]);
}

/** By regular expression, unlike what is tested. */
function matchesPath(pattern: string, path: string): boolean {
  if (pattern === "/*") return true;
  const fixed = pattern.replace(/\/\*$/, "").replaceAll(/:[a-z]+/g, "[^/]+");
  return new RegExp(`^${fixed}${pattern.endsWith("/*") ? "(?:/.*)?" : ""}$`).test(path);
}

function matchesHost(pattern: string, host: string): boolean {
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) && host !== pattern.slice(1) : host === pattern;
}

const segment = fc.constantFrom("a", "b", ":p", ":q");
const pathPattern = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom("", "/", "/*"))
  .map(([parts, end]) => `${parts.map((part) => `/${part}`).join("")}${end}` || "/");
const hostPattern = fc
  .tuple(fc.constantFrom("", "*."), fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 3 }))
  .map(([star, labels]) => star + labels.join("."));

describe("containment", () => {
  it("of paths is what trying every path says", () => {
    fc.assert(
      fc.property(pathPattern, pathPattern, (outer, inner) => {
        const expected = paths.every((path) => !matchesPath(inner, path) || matchesPath(outer, path));
        assert.equal(containsPath(outer, inner), expected, `${inner} in ${outer}`);
      }),
      { numRuns: 2000 },
    );
  });

  it("in part of paths is what trying every path says", () => {
    fc.assert(
      fc.property(pathPattern, pathPattern, (a, b) => {
        const expected = paths.some((path) => matchesPath(a, path) && matchesPath(b, path));
        assert.equal(overlapsPath(a, b), expected, `${a} and ${b}`);
        assert.equal(overlapsPath(b, a), expected, `${b} and ${a}`);
      }),
      { numRuns: 2000 },
    );
  });

  it("of hosts is what trying every host says", () => {
    fc.assert(
      fc.property(hostPattern, hostPattern, (outer, inner) => {
        const expected = hosts.every((host) => !matchesHost(inner, host) || matchesHost(outer, host));
        assert.equal(containsHost(outer, inner), expected, `${inner} in ${outer}`);
      }),
      { numRuns: 1000 },
    );
  });

  it("knows the borders of tails, parameters and wildcards", () => {
    assert.ok(containsPath("/x/*", "/x"));
    assert.ok(containsPath("/x/*", "/x/"));
    assert.ok(containsPath("/*", "/"));
    assert.ok(!containsPath("/x/*", "/xy"));
    assert.ok(!containsPath("/x/:id", "/x/"));
    assert.ok(!containsPath("/x/a", "/x/:id"));
    assert.ok(!containsPath("/x/:id/*", "/x/*"));
    assert.ok(!containsHost("*.example.com", "example.com"));
    assert.ok(!containsHost("*.example.com", "badexample.com"));
    assert.ok(containsHost("*.example.com", "*.a.example.com"));
    assert.ok(!containsHost("*.a.example.com", "*.example.com"));
  });
});
