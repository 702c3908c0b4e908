// Nanoseconds a frame, and a chunk, for following where the frames of a WebSocket end. The payload is never touched.

import { conclude, measure } from "./stage/measure.bench.ts";
import { frame } from "./stage/websocket-frames.ts";
import { WebSocketBoundary } from "./websocket-boundary.ts";

let sink = 0;

function follow(boundary: WebSocketBoundary, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length; ) at = boundary.advance(chunk, at);
  if (boundary.isBetween) sink++;
}

for (const [name, count, size] of [
  ["frames of 40 B, each", 400, 40],
  ["frames of 1 KiB, each", 60, 1024],
  ["frames of 64 KiB, each", 4, 65_536],
] as const) {
  const chunk = Buffer.concat(Array.from({ length: count }, () => frame(0x82, "x".repeat(size), true)));
  const boundary = new WebSocketBoundary();
  measure(name, () => follow(boundary, chunk), count);
}
const single = frame(0x81, "x".repeat(40));
const boundary = new WebSocketBoundary();
measure("a chunk of one frame", () => follow(boundary, single));
const endless = new WebSocketBoundary();
endless.advance(Uint8Array.of(0x82, 127, 0, 31, 255, 255, 255, 255, 255, 255), 0);
const middle = new Uint8Array(65_536);
measure("a chunk inside a long frame", () => follow(endless, middle));
conclude(sink);
