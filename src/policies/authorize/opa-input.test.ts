import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readQuery, toSegments } from "./opa-input.ts";

describe("what policies see of a path", () => {
  for (const [path, segments] of [
    ["/", []],
    ["/a", ["a"]],
    ["/a/", ["a", ""]],
    ["/a/b%20c", ["a", "b c"]],
    ["/a%2Fb", ["a/b"]],
    ["/%C3%BC", ["ü"]],
    ["/%FF/%20", ["%FF", " "]],
  ] as const) {
    it(`${path} is ${JSON.stringify(segments)}`, () => assert.deepEqual(toSegments(path), segments));
  }
});

describe("what policies see of a query", () => {
  for (const [query, parameters] of [
    ["", {}],
    ["?", {}],
    ["?a=1", { a: ["1"] }],
    ["?a=1&b&a=2&a=1", { a: ["1", "2", "1"], b: [""] }],
    ["?a%20b=c+d%26", { "a b": ["c d&"] }],
    ["?constructor=x", { constructor: ["x"] }],
    ["?a=b=c", { a: ["b=c"] }],
  ] as const) {
    it(`${query} is ${JSON.stringify(parameters)}`, () => assert.deepEqual({ ...readQuery(query) }, parameters as object));
  }

  it("has a parameter __proto__ as any other", () => {
    assert.equal(JSON.stringify(readQuery("?__proto__=x")), '{"__proto__":["x"]}');
  });
});
