// Nanoseconds a frame, and a chunk, for following where the frames of a WebSocket end. The payload is never touched.

import { frame } from "../../test/kit/websocket-frames.ts";
import { FrameCursor } from "./frame-cursor.ts";

const BATCH_MS = 20;
let sink = 0;

/** Prints `name  123 ns`: the best of nine batches of at least 20 ms. */
function measure(name: string, operation: () => void, operations = 1): void {
  let calls = 1;
  while (time(operation, calls) < BATCH_MS) calls *= 2;
  let bestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 9; round++) bestMs = Math.min(bestMs, time(operation, calls));
  console.log(`${name.padEnd(40)} ${((bestMs * 1e6) / (calls * operations)).toFixed(1).padStart(7)} ns`);
}

function time(operation: () => void, calls: number): number {
  const started = performance.now();
  for (let i = 0; i < calls; i++) operation();
  return performance.now() - started;
}

function follow(cursor: FrameCursor, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length; ) at = cursor.advance(chunk, at);
  if (cursor.isBetween) sink++;
}

for (const [name, count, size] of [
  ["frames of 40 B, each", 400, 40],
  ["frames of 1 KiB, each", 60, 1024],
  ["frames of 64 KiB, each", 4, 65_536],
] as const) {
  const chunk = Buffer.concat(Array.from({ length: count }, () => frame(0x82, "x".repeat(size), true)));
  const cursor = new FrameCursor();
  measure(name, () => follow(cursor, chunk), count);
}
const single = frame(0x81, "x".repeat(40));
const cursor = new FrameCursor();
measure("a chunk of one frame", () => follow(cursor, single));
const endless = new FrameCursor();
endless.advance(Uint8Array.of(0x82, 127, 0, 31, 255, 255, 255, 255, 255, 255), 0);
const middle = new Uint8Array(65_536);
measure("a chunk inside a long frame", () => follow(endless, middle));
console.log(`(checksum ${sink})`);
