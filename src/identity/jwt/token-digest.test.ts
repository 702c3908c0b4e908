import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { digestToken } from "./token-digest.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("latin1");

describe("the digest of a token", () => {
  it("is its SHA-256, however often it was asked for and whatever was asked for in between", () => {
    const texts = Array.from({ length: 2000 }, (_, i) => `head.claims-${i}.signature-${(i * 7919) % 2000}`);
    for (let round = 0; round < 3; round++) for (const text of texts) assert.equal(digestToken(text), sha256(text));
  });

  it("is another one for a text that only ends alike, and for the shortest ones", () => {
    for (const text of ["a.b.signature", "c.b.signature", "a.b.signature", "", "a", "", "ab", "abc", "abcd", "a.abcd"]) {
      assert.equal(digestToken(text), sha256(text), text);
    }
  });
});
