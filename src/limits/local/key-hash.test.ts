import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { KeyHash } from "./key-hash.ts";

/** HalfSipHash-1-3 with 64 bits of result, as its authors write it, on bytes. */
function halfSipHash(bytes: Uint8Array, k0: number, k1: number): [lo: number, hi: number] {
  const v = [k0, k1 ^ 0xee, 0x6c796765 ^ k0, 0x74656462 ^ k1].map((word) => word >>> 0);
  const turn = (word: number, bits: number) => ((word << bits) | (word >>> (32 - bits))) >>> 0;
  const add = (to: number, from: number) => {
    v[to] = (v[to]! + v[from]!) >>> 0;
  };
  const mix = (to: number, from: number, bits: number) => {
    v[to] = (turn(v[to]!, bits) ^ v[from]!) >>> 0;
  };
  const round = () => {
    add(0, 1);
    mix(1, 0, 5);
    v[0] = turn(v[0]!, 16);
    add(2, 3);
    mix(3, 2, 8);
    add(0, 3);
    mix(3, 0, 7);
    add(2, 1);
    mix(1, 2, 13);
    v[2] = turn(v[2]!, 16);
  };
  const absorb = (word: number) => {
    v[3] = (v[3]! ^ word) >>> 0;
    round();
    v[0] = (v[0]! ^ word) >>> 0;
  };
  const whole = bytes.length - (bytes.length % 4);
  for (let at = 0; at < whole; at += 4) absorb(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  absorb((bytes.length << 24) | (bytes[whole] ?? 0) | ((bytes[whole + 1] ?? 0) << 8));
  v[2] = (v[2]! ^ 0xee) >>> 0;
  for (let i = 0; i < 3; i++) round();
  const lo = v[1]! ^ v[3]!;
  v[1] = (v[1]! ^ 0xdd) >>> 0;
  for (let i = 0; i < 3; i++) round();
  return [lo, v[1]! ^ v[3]!];
}

describe("the hash of a key", () => {
  it("is HalfSipHash-1-3 of its UTF-16", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { maxLength: 40 }), fc.maxSafeNat(), (units, seed) => {
        const text = String.fromCharCode(...units);
        const hash = new KeyHash(seed);
        hash.hash(text);
        const expected = halfSipHash(new Uint8Array(Buffer.from(text, "utf16le")), seed | 0, Math.floor(seed / 2 ** 32) | 0);
        assert.deepEqual([hash.lo, hash.hi], expected);
      }),
    );
  });

  it("is another one under another seed, and spreads keys that differ little", () => {
    const [one, other] = [new KeyHash(1), new KeyHash(2 ** 40)];
    const seen = new Set<string>();
    const lows = new Uint32Array(16);
    for (let n = 0; n < 16_000; n++) {
      for (const hash of [one, other]) {
        hash.hash(`10.0.${n >> 8}.${n & 255}`);
        seen.add(`${hash.lo} ${hash.hi}`);
      }
      lows[other.lo & 15]!++;
    }
    assert.equal(seen.size, 32_000);
    for (const count of lows) assert.ok(count > 800 && count < 1200, `${count}`);
  });
});
