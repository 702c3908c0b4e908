// Parameters and tails read back from a matched path.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compileRouter, type PathPattern, paramOf, ROUTE_FOUND, segmentOf, tailOf } from "./index.ts";

function matched(pattern: string, path: string): PathPattern {
  const { router } = compileRouter([{ name: "r", hosts: [], paths: [pattern], methods: [], conditions: [], value: null }]);
  const match = router?.match("", path, "GET");
  assert.ok(match?.outcome === ROUTE_FOUND, `${pattern} matches ${path}`);
  return match.path;
}

describe("paramOf", () => {
  it("gives the segment with its escapes, and null for a name that the pattern lacks", () => {
    const path = "/a/x%20y/b/2";
    const pattern = matched("/a/:first/b/:second", path);
    assert.equal(paramOf(pattern, path, "first"), "x%20y");
    assert.equal(paramOf(pattern, path, "second"), "2");
    assert.equal(paramOf(pattern, path, "third"), null);
    assert.deepEqual(pattern.params, [
      { name: "first", segment: 1 },
      { name: "second", segment: 3 },
    ]);
  });
});

describe("tailOf", () => {
  it("gives what is left after the slash", () => {
    for (const [pattern, path, tail] of [
      ["/a/*", "/a/b/c", "b/c"],
      ["/a/*", "/a/", ""],
      ["/a/*", "/a", ""],
      ["/a/*", "/a//b/", "/b/"],
      ["/*", "/", ""],
      ["/*", "/a/b", "a/b"],
      ["/:x/*", "/a/b", "b"],
      ["/a/b", "/a/b", ""],
    ] as const) {
      assert.equal(tailOf(matched(pattern, path), path), tail, `${pattern} ${path}`);
    }
  });
});

describe("segmentOf", () => {
  it("is what splitting gives", () => {
    const path = fc.array(fc.constantFrom("a", "/", "bc", "//"), { maxLength: 8 }).map((parts) => `/${parts.join("")}`);
    fc.assert(
      fc.property(path, fc.nat(10), (text, index) => {
        assert.equal(segmentOf(text, index), text.slice(1).split("/")[index] ?? null);
      }),
    );
  });
});
