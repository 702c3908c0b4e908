import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Secret } from "../base/index.ts";
import { computeGeneration } from "./generation-id.ts";

describe("the generation id", () => {
  it("is the same on every machine and runtime", () => {
    const config = {
      name: "ä😀",
      port: 8080,
      off: null,
      list: [true, 0.5],
      key: new Secret("s3cret"),
      body: new TextEncoder().encode("hello"),
    };
    assert.equal(computeGeneration(config), "b478a21216f67dca");
  });

  it("does not depend on the order of keys, nor on keys that are undefined", () => {
    assert.equal(computeGeneration({ a: 1, b: { c: 2, d: 3 } }), computeGeneration({ b: { d: 3, e: undefined, c: 2 }, a: 1 }));
  });

  it("changes with every value, its kind and its place", () => {
    const values: readonly unknown[] = [
      {},
      null,
      0,
      "0",
      "",
      "1",
      1,
      true,
      false,
      [],
      [[]],
      [0],
      ["0"],
      [1, 2],
      [2, 1],
      ["1,2"],
      [12],
      { a: 1 },
      { b: 1 },
      { a: null },
      { a: [] },
      new Uint8Array(0),
      new Uint8Array(1),
      new Uint8Array([48]),
      new Secret(""),
      new Secret("0"),
      new Secret("***"),
      "***",
    ];
    const ids = values.map((value) => computeGeneration({ value }));
    assert.equal(new Set(ids).size, values.length);
  });

  it("changes with a secret, and with which secret stands where", () => {
    const of = (...texts: readonly string[]) => computeGeneration({ secrets: texts.map((text) => new Secret(text)) });
    const ids = [of("a", "b"), of("b", "a"), of("ab", ""), of("", "ab"), of("a"), of("a", "b", "")];
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(of("a", "b"), of("a", "b"));
  });

  it("tells configurations apart as their values are told apart", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const isSame = canonical(a) === canonical(b);
        assert.equal(computeGeneration({ a }) === computeGeneration({ a: b }), isSame);
        assert.equal(computeGeneration({ a }), computeGeneration({ a: reversed(a) }));
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it("is refused to what no configuration holds", () => {
    for (const value of [() => 1, new Map(), new Date(0), 1n, Symbol("s")]) {
      assert.throws(() => computeGeneration({ value }), /a configuration holds no/);
    }
  });
});

function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "0" : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}

/** The same with the keys of every map the other way round. */
function reversed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}
