import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addVary, FIELD, Fields } from "./index.ts";

describe("Vary", () => {
  it("gets a name once, in one line, and none beside `*`", () => {
    const cases: readonly (readonly [readonly string[], string])[] = [
      [[], "Origin"],
      [[""], "Origin"],
      [["Accept"], "Accept, Origin"],
      [["Accept", "Cookie"], "Accept, Cookie, Origin"],
      [["accept,origin"], "accept,origin"],
      [["*"], "*"],
      [["Accept , *"], "Accept , *"],
      [["X-Origin, Origins"], "X-Origin, Origins, Origin"],
    ];
    for (const [before, after] of cases) {
      const fields = new Fields("");
      for (const value of before) fields.add(FIELD.VARY, value);
      addVary(fields, "Origin");
      addVary(fields, "Origin");
      assert.equal(fields.getCombined(FIELD.VARY), after);
    }
  });
});
