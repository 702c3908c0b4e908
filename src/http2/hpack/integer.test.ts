import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { integerFrame, MAX_INTEGER_BYTES, readInteger, writeInteger } from "./integer.ts";

/** Reads an integer whose prefix was all ones, from `bytes`; -1, or the value, all of the bytes read. */
function read(mask: number, ...bytes: readonly number[]): number {
  const value = readInteger(Uint8Array.from(bytes), 0, bytes.length, mask);
  if (value >= 0) assert.equal(integerFrame.end, bytes.length);
  return value;
}

function written(flags: number, mask: number, value: number): number[] {
  const bytes = new Uint8Array(16);
  return [...bytes.subarray(0, writeInteger(bytes, 0, flags, mask, value))];
}

describe("an integer", () => {
  it("is written as RFC 7541 C.1 has it, and read again", () => {
    assert.deepEqual(written(0, 0x1f, 10), [10]);
    assert.deepEqual(written(0, 0x1f, 1337), [0x1f, 0x9a, 0x0a]);
    assert.deepEqual(written(0, 0xff, 42), [42]);
    assert.equal(read(0x1f, 0x9a, 0x0a), 1337);
  });

  it("leaves the bits beside its prefix alone", () => {
    assert.deepEqual(written(0x80, 0x7f, 3), [0x83]);
    assert.deepEqual(written(0x80, 0x7f, 127), [0xff, 0]);
    assert.deepEqual(written(0x10, 0x0f, 15), [0x1f, 0]);
  });

  it("takes groups of zeros that were not needed, up to five bytes", () => {
    assert.equal(read(0x1f, 0x80, 0x00), 31);
    assert.equal(read(0x1f, 0x81, 0x80, 0x80, 0x80, 0x00), 32);
    assert.equal(read(0x1f, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00), -1);
  });

  it("is 2^28 at most", () => {
    assert.equal(read(0x7f, 0x81, 0xff, 0xff, 0x7f), 2 ** 28);
    assert.equal(read(0x7f, 0x82, 0xff, 0xff, 0x7f), -1);
    assert.equal(read(0x7f, 0xff, 0xff, 0xff, 0xff, 0x7f), -1);
    assert.equal(read(0x7f, 0x80, 0x80, 0x80, 0x80, 0x01), -1);
    assert.equal(read(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), -1);
  });

  it("that is cut anywhere is none", () => {
    const whole = written(0, 0x1f, 2 ** 28);
    for (let length = 1; length < whole.length; length++) assert.equal(read(0x1f, ...whole.slice(1, length)), -1);
    assert.equal(read(0x1f, ...whole.slice(1)), 2 ** 28);
  });

  it("of any size comes back as it was written, in the room that is kept for it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 28 }), fc.constantFrom(0x0f, 0x1f, 0x3f, 0x7f), (value, mask) => {
        const bytes = written(0, mask, value);
        assert.ok(bytes.length <= MAX_INTEGER_BYTES);
        if (value < mask) assert.deepEqual(bytes, [value]);
        else assert.equal(read(mask, ...bytes.slice(1)), value);
      }),
    );
  });
});
