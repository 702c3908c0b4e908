import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RecordTail } from "./record-tail.ts";

const record = (type: number, length: number): Buffer =>
  Buffer.concat([Buffer.of(type, 3, 3, length >> 8, length & 255), Buffer.alloc(length, 21)]);
const DATA = record(23, 1_000);
const GOODBYE_13 = record(23, 19);
const GOODBYE_12 = record(21, 26);

function tailOf(chunks: readonly Uint8Array[], delivered: number): RecordTail {
  const tail = new RecordTail();
  for (const chunk of chunks) tail.onData(chunk);
  tail.delivered = delivered;
  return tail;
}

describe("the last record of a stream", () => {
  it("is a goodbye of TLS 1.3 when it is as long as an alert and came to no data", () => {
    assert.equal(tailOf([DATA, GOODBYE_13], 0).isGoodbye("TLSv1.3"), true);
    assert.equal(tailOf([Buffer.concat([DATA, GOODBYE_13])], 983).isGoodbye("TLSv1.3"), true);
    assert.equal(tailOf([Buffer.concat([record(23, 300), GOODBYE_13])], 0).isGoodbye("TLSv1.3"), true, "behind a ticket");
  });

  it("is no goodbye when it came to two bytes of data, alone or behind others", () => {
    assert.equal(tailOf([GOODBYE_13], 2).isGoodbye("TLSv1.3"), false);
    assert.equal(tailOf([Buffer.concat([DATA, GOODBYE_13])], 985).isGoodbye("TLSv1.3"), false);
  });

  it("is no goodbye when it is longer, or of a handshake", () => {
    assert.equal(tailOf([DATA], 983).isGoodbye("TLSv1.3"), false);
    assert.equal(tailOf([record(22, 19)], 0).isGoodbye("TLSv1.3"), false);
    assert.equal(new RecordTail().isGoodbye("TLSv1.3"), false);
  });

  it("is told by its type in TLS 1.2", () => {
    assert.equal(tailOf([DATA, GOODBYE_12], 0).isGoodbye("TLSv1.2"), true);
    assert.equal(tailOf([GOODBYE_12, DATA], 0).isGoodbye("TLSv1.2"), false);
    assert.equal(tailOf([record(23, 26)], 0).isGoodbye("TLSv1.2"), false);
  });

  it("is the same however the bytes are cut, and none before its last byte", () => {
    const bytes = Buffer.concat([DATA, record(23, 17), GOODBYE_13]);
    for (let cut = 0; cut < bytes.length; cut += 1) {
      assert.equal(tailOf([bytes.subarray(0, cut), bytes.subarray(cut)], 0).isGoodbye("TLSv1.3"), true, `cut at ${cut}`);
      assert.equal(tailOf([bytes.subarray(0, cut)], 0).isGoodbye("TLSv1.3"), false, `ends at ${cut}`);
    }
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    assert.equal(tailOf(single, 0).isGoodbye("TLSv1.3"), true);
  });
});
