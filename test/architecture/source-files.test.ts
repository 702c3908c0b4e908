// The lexer that the other rules stand on: when it errs, they look at comments as if they were code.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { blankOut, listRegexLiterals } from "./source-files.ts";

describe("blanking out", () => {
  for (const [title, text, expected] of [
    ["comments", "a // b\nc /* d\n e */ f", "a     \nc     \n      f"],
    ["strings, also with comments in them", 'a(\'// b\', "\\"")', "a(      ,     )"],
    ["regular expressions, but no divisions", "a = /[/]`/g; b / c / d", "a =        ; b / c / d"],
    ["templates, but not their holes", `\`a\${b}c\``, "    b   "],
    ["templates in holes, and braces in both", `\`{\${c ? \`}\${d}\` : { e: 1 }}"}\` + f`, "    c ?     d   : { e: 1 }     + f"],
  ] as const) {
    it(`covers ${title}`, () => {
      assert.equal(blankOut(text, ["comment", "string", "regex"]), expected);
    });
  }

  it("keeps what was not named", () => {
    assert.equal(blankOut("a('b') // c", ["comment"]), "a('b')     ");
  });

  it("finds regular expressions behind comments and strings", () => {
    assert.deepEqual(listRegexLiterals("const a = '/b/'; // /c/\nreturn /d/;"), [31]);
  });
});
