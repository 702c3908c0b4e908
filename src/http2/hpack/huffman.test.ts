import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodedBound, decodeHuffman, huffmanLength, writeHuffman } from "./huffman.ts";

const BYTES = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 4 + 1);
  const end = writeHuffman(bytes, 0, text);
  assert.equal(end, huffmanLength(text), "the length is known before");
  return bytes.slice(0, end);
}

/** The text of `bytes`, or null. Nothing beyond the bound may be written. */
function decode(bytes: Uint8Array): string | null {
  const target = Buffer.alloc(decodedBound(bytes.length) + 8, 0xee);
  const length = decodeHuffman(bytes, 0, bytes.length, target);
  assert.ok(
    target.subarray(decodedBound(bytes.length)).every((byte) => byte === 0xee),
    "stays in its room",
  );
  return length < 0 ? null : target.toString("latin1", 0, length);
}

function hex(text: string): Uint8Array {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

describe("the Huffman code", () => {
  it("is that of RFC 7541 C.4 and C.6", () => {
    for (const [text, bytes] of [
      ["www.example.com", "f1e3 c2e5 f23a 6ba0 ab90 f4ff"],
      ["no-cache", "a8eb 1064 9cbf"],
      ["custom-key", "25a8 49e9 5ba9 7d7f"],
      ["custom-value", "25a8 49e9 5bb8 e8b4 bf"],
      ["302", "6402"],
      ["private", "aec3 771a 4b"],
      ["Mon, 21 Oct 2013 20:13:21 GMT", "d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff"],
      ["https://www.example.com", "9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3"],
      ["307", "640e ff"],
      ["gzip", "9bd9 ab"],
      [
        "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
        "94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
      ],
    ] as const) {
      assert.deepEqual([...encode(text)], [...hex(bytes)]);
      assert.equal(decode(hex(bytes)), text);
    }
  });

  it("has the rarest symbols of appendix B at its ends", () => {
    assert.deepEqual([...encode("\u0000")], [0xff, 0xc7]);
    assert.deepEqual([...encode("\n")], [0xff, 0xff, 0xff, 0xf3]);
    assert.deepEqual([...encode("\r")], [0xff, 0xff, 0xff, 0xf7]);
    assert.deepEqual([...encode("\u0016")], [0xff, 0xff, 0xff, 0xfb]);
    assert.deepEqual([...encode("\u00f9")], [0xff, 0xff, 0xff, 0xef]);
  });

  it("gives back each byte, alone and beside each other", () => {
    for (const byte of BYTES) assert.equal(decode(encode(byte)), byte);
    for (const first of BYTES)
      assert.equal(decode(encode(BYTES.map((second) => first + second).join(""))), BYTES.map((second) => first + second).join(""));
  });

  it("gives back any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...BYTES), maxLength: 200 }), (text) => assert.equal(decode(encode(text)), text)),
    );
  });

  it("of nothing is nothing", () => assert.equal(decode(new Uint8Array(0)), ""));

  it("is padded by ones, seven at most", () => {
    // "0" is 00000, "a" 00011, "&" 11111000.
    assert.equal(decode(hex("07")), "0");
    assert.equal(decode(hex("1f")), "a");
    assert.equal(decode(hex("f8")), "&");
    for (const bad of ["00", "06", "05", "03", "1e", "1c", "f8ff", "07ff", "f8ffff", "ff", "ffff", "ffffff", "fffffffe", "fe"]) {
      assert.equal(decode(hex(bad)), null, bad);
    }
  });

  it("never holds EOS, in part as padding or whole", () => {
    for (const bad of ["ffffffff", "ffffffffff", "3fffffff", "f8ffffffff", "07ffffffff", "ffffffff07", "fffffffc"])
      assert.equal(decode(hex(bad)), null, bad);
  });

  it("cut at any byte is either wrong or the text up to there", () => {
    const text = "no-cache, \u0000\u00ff{private}";
    const bytes = encode(text);
    for (let length = 0; length < bytes.length; length++) {
      const decoded = decode(bytes.subarray(0, length));
      if (decoded !== null) assert.ok(text.startsWith(decoded) && decoded.length < text.length);
    }
  });
});
