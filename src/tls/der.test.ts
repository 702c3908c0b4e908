import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DerFault, DerReader, readAscii, readBoolean, readIntegerHex, readOid, readTime, TAG } from "./der.ts";

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

function refuses(read: () => unknown): void {
  assert.throws(read, DerFault);
}

describe("the reader of DER", () => {
  it("reads values one behind the other, and what is in them", () => {
    const reader = new DerReader(bytes("30 03 02 01 05 04 00"));
    const inner = reader.enter(TAG.SEQUENCE);
    assert.deepEqual(Buffer.from(inner.read(TAG.INTEGER).content), Buffer.from([5]));
    inner.expectEnd();
    assert.equal(reader.readOptional(TAG.OID), null);
    assert.deepEqual(Buffer.from(reader.read(TAG.OCTET_STRING).whole), bytes("0400"));
    assert.equal(reader.isAtEnd, true);
    assert.equal(reader.nextTag, -1);
  });

  it("reads lengths of one to four bytes", () => {
    for (const length of [0, 127, 128, 255, 256, 65535, 65536, 70000]) {
      const size =
        length < 128
          ? [length]
          : length < 256
            ? [0x81, length]
            : length < 65536
              ? [0x82, length >> 8, length & 255]
              : [0x83, length >> 16, (length >> 8) & 255, length & 255];
      const whole = new Uint8Array([4, ...size, ...new Uint8Array(length)]);
      assert.equal(new DerReader(whole).read(TAG.OCTET_STRING).content.length, length);
    }
  });

  it("refuses lengths that are indefinite, padded, too wide or longer than what is there", () => {
    for (const hex of [
      "0480 0000",
      "048105 0000000000",
      "04820005 0000000000",
      "0481",
      "04850000000001 00",
      "0403 0000",
      "04847fffffff 00",
      "0484ffffffff 00",
      "04",
      "",
    ])
      refuses(() => new DerReader(bytes(hex)).readAny());
  });

  it("refuses tags of several bytes, another tag than expected, and what stands behind the last value", () => {
    refuses(() => new DerReader(bytes("1f810000")).readAny());
    refuses(() => new DerReader(bytes("0400")).read(TAG.INTEGER));
    refuses(() => new DerReader(bytes("0400")).expectEnd());
  });

  it("reads integers in their shortest form alone", () => {
    const good = { "00": "00", "05": "05", "7f": "7f", "0080": "80", "00ff01": "ff01", ff: "-ff", "0100": "0100" };
    for (const [hex, text] of Object.entries(good)) assert.equal(readIntegerHex(bytes(hex)), text);
    for (const hex of ["", "0005", "00007f", "ffff"]) refuses(() => readIntegerHex(bytes(hex)));
  });

  it("reads object identifiers, and refuses padding and an end in the middle", () => {
    assert.equal(readOid(bytes("551d11")), "2.5.29.17");
    assert.equal(readOid(bytes("2a864886f70d01010b")), "1.2.840.113549.1.1.11");
    assert.equal(readOid(bytes("8837")), "2.999");
    for (const hex of ["", "80", "558001", "5586", "55ffffffffffffffffff7f"]) refuses(() => readOid(bytes(hex)));
  });

  it("reads booleans that are 0 or 255", () => {
    assert.equal(readBoolean(bytes("ff")), true);
    assert.equal(readBoolean(bytes("00")), false);
    for (const hex of ["", "01", "ffff"]) refuses(() => readBoolean(bytes(hex)));
  });

  it("reads both forms of time, in UTC and whole", () => {
    const time = (tag: number, text: string) => readTime({ tag, content: Buffer.from(text), whole: new Uint8Array() });
    assert.equal(time(TAG.UTC_TIME, "491231235959Z"), Date.UTC(2049, 11, 31, 23, 59, 59));
    assert.equal(time(TAG.UTC_TIME, "500101000000Z"), Date.UTC(1950, 0, 1));
    assert.equal(time(TAG.GENERALIZED_TIME, "99991231235959Z"), Date.UTC(9999, 11, 31, 23, 59, 59));
    assert.equal(time(TAG.GENERALIZED_TIME, "20240229000000Z"), Date.UTC(2024, 1, 29));
    for (const text of [
      "2601010000Z",
      "260101000000",
      "260101000000+0100",
      "261301000000Z",
      "260230000000Z",
      "260101240000Z",
      "260101006000Z",
      "260101000060Z",
    ])
      refuses(() => time(TAG.UTC_TIME, text));
    for (const text of ["20230229000000Z", "20240101000000.5Z", "260101000000Z"]) refuses(() => time(TAG.GENERALIZED_TIME, text));
    refuses(() => time(TAG.INTEGER, "260101000000Z"));
  });

  it("takes printable ASCII for text and nothing else", () => {
    assert.equal(readAscii(Buffer.from("a.example ~")), "a.example ~");
    for (const text of ["a\0b", "a\nb", "\x7f", "é"]) refuses(() => readAscii(Buffer.from(text)));
  });

  it("ends on any bytes, with values or a fault, and never reads beyond them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (data) => {
        const padded = new Uint8Array(data.length + 20).fill(0x41);
        padded.set(data, 10);
        const reader = new DerReader(padded.subarray(10, 10 + data.length));
        let total = 0;
        try {
          while (!reader.isAtEnd) total += reader.readAny().whole.length;
          assert.equal(total, data.length);
        } catch (error) {
          assert.ok(error instanceof DerFault);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
