import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { frame } from "../../test/kit/websocket-frames.ts";
import { FrameCursor } from "./frame-cursor.ts";

function follow(cursor: FrameCursor, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length; ) at = cursor.advance(chunk, at);
}

/** Where `stream` has boundaries, as seen when it comes in these pieces. */
function findBoundaries(stream: Uint8Array, cuts: readonly number[]): number[] {
  const cursor = new FrameCursor();
  const found: number[] = [];
  let offset = 0;
  for (const end of [...cuts, stream.length]) {
    const piece = stream.subarray(offset, end);
    for (let at = 0; at < piece.length; ) {
      at = cursor.advance(piece, at);
      if (cursor.isBetween) found.push(offset + at);
    }
    offset = end;
  }
  return found;
}

function boundariesOf(frames: readonly Uint8Array[]): number[] {
  let end = 0;
  return frames.map(({ length }) => {
    end += length;
    return end;
  });
}

const FRAMES = [
  frame(0x81, ""),
  frame(0x81, "", true),
  frame(0x82, "x"),
  frame(0x02, "y".repeat(125), true),
  frame(0x80, "z".repeat(126)),
  frame(0x89, "ping", true),
  frame(0x82, "w".repeat(300), true),
  frame(0x82, "v".repeat(65_536)),
];

test("frames of every form of length end where they end, cut at every byte", () => {
  const stream = Buffer.concat(FRAMES);
  const expected = boundariesOf(FRAMES);
  assert.deepEqual(findBoundaries(stream, []), expected);
  for (let at = 0; at < 1000; at++) assert.deepEqual(findBoundaries(stream, [at]), expected, `cut at ${at}`);
  assert.deepEqual(findBoundaries(stream, Array.from(stream.keys())), expected);
});

test("frames end where they end, whatever their lengths and cuts", () => {
  const anyFrame = fc
    .tuple(fc.constantFrom(0x81, 0x02, 0x80, 0x89, 0x8a), fc.constantFrom(0, 1, 125, 126, 127, 1000, 65_535, 65_536), fc.boolean())
    .map(([first, length, isMasked]) => frame(first, "p".repeat(length), isMasked));
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 8 }), (frames, cuts) => {
      const stream = Buffer.concat(frames);
      const sorted = cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b);
      assert.deepEqual(findBoundaries(stream, sorted), boundariesOf(frames));
    }),
    { numRuns: 300 },
  );
});

test("a Close is seen once it is whole", () => {
  const close = frame(0x88, "\u0003\u00e9bye", true);
  const cursor = new FrameCursor();
  follow(cursor, close);
  assert.ok(cursor.hasClosed);
  const partly = new FrameCursor();
  follow(partly, close.subarray(0, -1));
  assert.ok(!partly.hasClosed && !partly.isBetween);
  const other = new FrameCursor();
  follow(other, frame(0x89, "ping"));
  assert.ok(!other.hasClosed && other.isBetween);
});

test("a length that no frame can have never comes to its end", () => {
  const cursor = new FrameCursor();
  const endless = Uint8Array.of(0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255);
  follow(cursor, endless);
  follow(cursor, new Uint8Array(100_000));
  assert.ok(!cursor.isBetween);
});
