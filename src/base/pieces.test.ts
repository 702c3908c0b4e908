import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cutPiece, joinBytes, joinRanges, keepPiece } from "./pieces.ts";

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);
}

describe("a piece cut out of a chunk", () => {
  it("is the chunk itself when it is all of it", () => {
    const chunk = bytesOf(100);
    assert.equal(cutPiece(chunk, 0, 100), chunk);
  });

  it("holds just the bytes asked for, below, at and above each length where the way of cutting changes", () => {
    const chunk = bytesOf(40_000);
    for (const length of [0, 1, 511, 512, 513, 16_383, 16_384, 16_385, 39_990]) {
      for (const from of [0, 1, 10]) {
        const piece = cutPiece(chunk, from, from + length);
        assert.deepEqual([...piece], [...chunk.slice(from, from + length)], `${length} from ${from}`);
      }
    }
  });

  it("can be cut from a view that does not begin its buffer", () => {
    const view = bytesOf(3000).subarray(100, 2900);
    for (const length of [5, 600]) assert.deepEqual([...cutPiece(view, 50, 50 + length)], [...bytesOf(3000).slice(150, 150 + length)]);
  });
});

describe("bytes held back", () => {
  it("go before those that come, without what was used up", () => {
    assert.deepEqual([...joinBytes(Uint8Array.of(1, 2, 3), 1, Uint8Array.of(4))], [2, 3, 4]);
  });
});

describe("ranges of a chunk", () => {
  it("are joined in their order", () => {
    assert.deepEqual([...joinRanges(Uint8Array.of(0, 1, 2, 3, 4, 5), [1, 3, 4, 6], 4)], [1, 2, 4, 5]);
  });
});

describe("a piece that has to wait", () => {
  it("does not keep alive the much larger chunk that it was cut from", () => {
    const chunk = bytesOf(10_000);
    const piece = keepPiece(chunk.subarray(10, 20));
    assert.ok(piece.buffer.byteLength < 10_000);
    assert.deepEqual([...piece], [...bytesOf(20).slice(10)]);
    const most = chunk.subarray(0, 6000);
    assert.equal(keepPiece(most), most);
  });
});
