import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { encodeHealthRequest, readHealthStatus } from "./grpc-health.ts";

function framed(...message: readonly number[]): Uint8Array {
  return Uint8Array.from([0, 0, 0, 0, message.length, ...message]);
}

describe("the question of grpc.health.v1", () => {
  it("has the service's name in its first field, and nothing for the whole server", () => {
    assert.deepEqual([...encodeHealthRequest("")], [0, 0, 0, 0, 0]);
    assert.deepEqual([...encodeHealthRequest("a.B")], [0, 0, 0, 0, 5, 0x0a, 3, 0x61, 0x2e, 0x42]);
  });

  it("counts bytes of UTF-8, and writes their number as a varint", () => {
    const bytes = encodeHealthRequest("é".repeat(100));
    assert.deepEqual([...bytes.subarray(0, 8)], [0, 0, 0, 0, 203, 0x0a, 0xc8, 0x01]);
    assert.equal(Buffer.from(bytes.subarray(8)).toString("utf8"), "é".repeat(100));
  });
});

describe("the answer of grpc.health.v1", () => {
  it("names its status", () => {
    assert.equal(readHealthStatus(framed(0x08, 1)), "SERVING");
    assert.equal(readHealthStatus(framed(0x08, 2)), "NOT_SERVING");
    assert.equal(readHealthStatus(framed(0x08, 3)), "SERVICE_UNKNOWN");
    assert.equal(readHealthStatus(framed(0x08, 0x96, 0x01)), "status 150");
    assert.equal(readHealthStatus(framed()), "UNKNOWN", "a default is not written");
    assert.equal(readHealthStatus(framed(0x08, 2, 0x08, 1)), "SERVING", "the last one counts");
  });

  it("may have fields that we don't know, of any wire type", () => {
    const others = [
      [0x10, 0x80, 0x01],
      [0x11, 1, 2, 3, 4, 5, 6, 7, 8],
      [0x12, 2, 0x08, 2],
      [0x15, 1, 2, 3, 4],
    ];
    for (const other of others) {
      assert.equal(readHealthStatus(framed(...other, 0x08, 1)), "SERVING");
      assert.equal(readHealthStatus(framed(0x08, 1, ...other)), "SERVING");
    }
  });

  it("is refused where it is cut, compressed, of another length or no message at all", () => {
    const whole = framed(0x08, 1, 0x12, 2, 0x61, 0x62);
    assert.equal(readHealthStatus(whole), "SERVING");
    for (let end = 0; end < whole.length; end++) assert.equal(readHealthStatus(whole.subarray(0, end)), null, String(end));
    for (const bad of [
      [0x08],
      [0x08, 0x80],
      [0x12, 9, 1],
      [0x13, 1],
      [0x0f],
      [0x11, 1],
      [0x15, 1],
      [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
    ]) {
      assert.equal(readHealthStatus(framed(...bad)), null, String(bad));
    }
    assert.equal(readHealthStatus(Uint8Array.from([1, 0, 0, 0, 2, 8, 1])), null);
    assert.equal(readHealthStatus(Uint8Array.from([...framed(0x08, 1), ...framed(0x08, 1)])), null);
  });

  it("never throws, whatever comes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void readHealthStatus(framed(...bytes))));
  });
});
