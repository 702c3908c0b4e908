import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { loadEngine } from "./cedar-engine.ts";
import { toCedarValue, toRecord } from "./cedar-values.ts";

describe("a claim as a value of Cedar", () => {
  for (const [claim, value] of [
    ["a", "a"],
    ["", ""],
    [7, 7],
    [-7, -7],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [Number.MAX_SAFE_INTEGER + 1, undefined],
    [1.5, undefined],
    [Number.NaN, undefined],
    [true, true],
    [null, undefined],
    [undefined, undefined],
    [
      ["a", 1, null, 1.5, true],
      ["a", 1, true],
    ],
    [[], []],
    [[["a"]], [["a"]]],
  ] as const) {
    it(`${JSON.stringify(claim)} is ${JSON.stringify(value)}`, () => assert.deepEqual(toCedarValue(claim), value));
  }

  it("is a record without what Cedar can't hold, at any depth", () => {
    assert.deepEqual({ ...toRecord({ a: { b: 1.5, c: "d" }, n: null }) }, { a: Object.assign(Object.create(null), { c: "d" }) });
  });

  it("never names an entity or calls a function", () => {
    const entity = { type: "Role", id: "admin" };
    for (const claims of [
      { a: { __entity: entity } },
      { a: [{ __entity: entity }] },
      { a: { b: { __extn: { fn: "ip", arg: "1.1.1.1" } } } },
    ]) {
      assert.ok(!JSON.stringify(toRecord(claims)).includes("__"), JSON.stringify(toRecord(claims)));
    }
    assert.deepEqual(Object.keys(toRecord({ __entity: entity, __extn: 1, __expr: "x" })), []);
  });

  it("ends where a claim is too deep", () => {
    let deep: unknown = "end";
    for (let level = 0; level < 10_000; level++) deep = { deep };
    assert.ok(JSON.stringify(toRecord({ deep })).length < 200);
  });

  it("is taken by the engine, whatever the claims", () => {
    const engine = loadEngine();
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (claims) => {
        const entity = { uid: { type: "User", id: "a" }, attrs: { claims: toRecord(claims) }, parents: [] };
        const answer = engine.checkParseEntities({ entities: [entity] });
        assert.equal(answer.type, "success", JSON.stringify(answer));
      }),
      { numRuns: 300 },
    );
  });
});
