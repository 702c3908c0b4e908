import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compilePointer, readPointer } from "./pointer.ts";

// The document and pointers of RFC 6901 5, with text and numbers at their ends.
const DOCUMENT = { foo: ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8 };

function read(value: unknown, pointer: string, maxLength = 100): string | null {
  return readPointer(value, compilePointer(pointer), maxLength);
}

describe("a JSON pointer", () => {
  it("finds what RFC 6901 says it does", () => {
    const found = ["/foo/0", "/foo/1", "/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", '/k"l', "/ ", "/m~0n"].map((each) =>
      read(DOCUMENT, each),
    );
    assert.deepEqual(found, ["bar", "baz", "0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    assert.equal(read("whole", ""), "whole");
    assert.equal(read({ "~1": "x" }, "/~01"), "x");
  });

  it("finds nothing that is neither text nor number, nothing inherited, and no index that is not one", () => {
    const value = { list: ["a"], nothing: null, yes: true, map: {}, text: "abc" };
    for (const pointer of [
      "",
      "/list",
      "/nothing",
      "/yes",
      "/map",
      "/none",
      "/text/0",
      "/text/length",
      "/list/length",
      "/list/00",
      "/list/-",
      "/list/1",
      "/map/constructor",
      "/__proto__/x",
      "/toString",
    ]) {
      assert.equal(read(value, pointer), null, pointer);
    }
  });

  it("cuts what is too long, never inside a character", () => {
    assert.equal(read("abcdef", "", 6), "abcdef");
    assert.equal(read("abcdefg", "", 6), "abcde…");
    assert.equal(read("abcd😀fg", "", 6), "abcd…");
    assert.equal(read("a\ud800", "", 6), "a\ufffd");
  });
});
