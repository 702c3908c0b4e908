// What counts as a measured step in a bench file's output.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseStepLines } from "./step-lines.ts";

describe("parseStepLines", () => {
  it("takes name and nanoseconds, whatever the unit's spelling", () => {
    assert.deepEqual(
      parseStepLines("parse a head     412 ns\n  the same, 2 fields   10.5 ns/op\nround trip   10.70 µs   ×1.000 (1.000–1.000)\n"),
      [
        { name: "parse a head", ns: 412 },
        { name: "parse a head › the same, 2 fields", ns: 10.5 },
        { name: "round trip", ns: 10700 },
      ],
    );
  });
  it("leaves remarks out", () => {
    assert.deepEqual(parseStepLines("(2246527116)\nBun 1.4.5 · CPU per round trip\n\n"), []);
  });
});
