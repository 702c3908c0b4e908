import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { trimBlank } from "./blank.ts";

describe("a text without the blanks at its ends", () => {
  it("has lost spaces and tabs there, and keeps those within", () => {
    for (const [text, trimmed] of [
      ["", ""],
      [" \t ", ""],
      ["a", "a"],
      ["\t a\t b \t", "a\t b"],
    ] as const) {
      assert.equal(trimBlank(text), trimmed);
    }
  });

  it("keeps what only languages take for white space", () => {
    for (const space of ["\u00a0", "\u0085", "\v", "\f", "\r", "\n", "\ufeff", "\u2003"]) assert.equal(trimBlank(space), space);
  });
});
