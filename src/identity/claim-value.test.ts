import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { toFieldText } from "./claim-value.ts";

describe("a claim as the value of a header", () => {
  for (const [claim, text] of [
    ["alice", "alice"],
    ["auth0|5f7c8ec7c33c6c004bbafe82", "auth0|5f7c8ec7c33c6c004bbafe82"],
    ["spiffe://example.org/ns/a/sa/b", "spiffe://example.org/ns/a/sa/b"],
    ["alice@example.com", "alice@example.com"],
    ["Ann Lee", "Ann Lee"],
    [" Ann", "%20Ann"],
    ["Ann ", "Ann%20"],
    ["a\r\nX-User-Roles: admin", "a%0D%0AX-User-Roles:%20admin"],
    ["a\0b", "a%00b"],
    ["a,admin", "a%2Cadmin"],
    ["100%", "100%25"],
    ["%2C", "%252C"],
    ['say "hi"', "say%20%22hi%22"],
    ["a\\b", "a%5Cb"],
    ["Zoë", "Zo%C3%AB"],
    ["\u{1f600}", "%F0%9F%98%80"],
    ["\ud800", null],
    [["a", "\ud800"], null],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
    [2 ** 53, null],
    ["", ""],
    [7, "7"],
    [1.5, "1.5"],
    [true, "true"],
    [["a", "b"], "a,b"],
    [["a,admin", "b"], "a%2Cadmin,b"],
    [["a", 1, false], "a,1,false"],
    [[], ""],
    [null, null],
    [{}, null],
    [[{}], null],
    [["a", ["b"]], null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
  ] as const) {
    it(`${JSON.stringify(claim)} is ${JSON.stringify(text)}`, () => assert.equal(toFieldText(claim), text));
  }

  it("is visible ASCII that begins and ends with no space, whatever the claim", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.array(fc.string({ unit: "binary" }))), (claim) => {
        assert.match(toFieldText(claim) ?? "", /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/);
      }),
    );
  });

  it("gives back each element of a list by parting at commas and decoding", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (list) => {
        assert.deepEqual((toFieldText(list) ?? "").split(",").map(decodeURIComponent), list);
      }),
    );
  });
});
