import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeBase64Url } from "./base64url.ts";

describe("base64url", () => {
  it("gives the bytes back that it was made of, at each length", () => {
    for (let length = 0; length < 64; length++) {
      const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 89 + length * 7) & 255));
      assert.deepEqual(decodeBase64Url(bytes.toString("base64url")), bytes);
    }
  });

  it("has one spelling for each bytes: of all texts of up to two letters, and of three with a fixed first, those that are made", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const texts = [...alphabet].flatMap((a) => [a, ...[...alphabet].flatMap((b) => [a + b, `Q${a}${b}`])]);
    for (const text of texts) {
      const bytes = Buffer.from(text, "base64url");
      const isOwn = text.length !== 1 && bytes.toString("base64url") === text;
      assert.equal(decodeBase64Url(text) !== null, isOwn, text);
    }
  });

  it("is of its alphabet alone, at any place", () => {
    for (const strange of ["=", "+", "/", " ", "\n", "\r", "\t", "\0", "%", ".", "é", "Ａ", "\u200b"]) {
      for (let at = 0; at <= 8; at++) assert.equal(decodeBase64Url(`${"QUJDREVG".slice(0, at)}${strange}${"QUJDREVG".slice(at)}`), null);
    }
  });
});
