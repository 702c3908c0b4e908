// Trailers as gRPC-Web has them: the last frame of the body, marked by the highest bit of its first byte.

import { Buffer } from "node:buffer";
import type { Fields } from "../../http/index.ts";

const TRAILER_FLAG = 0x80;
/** A byte of flags, four of length. */
const PREFIX_BYTES = 5;

/** Lines `name: value\r\n` with names in lower case. Values are latin1, as fields are everywhere. */
export function encodeTrailerFrame(trailers: Fields): Buffer {
  let lines = "";
  for (let i = 0; i < trailers.size; i++) {
    if (trailers.isKept(i)) lines += `${trailers.nameAt(i).toLowerCase()}: ${trailers.valueAt(i)}\r\n`;
  }
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + lines.length);
  frame[0] = TRAILER_FLAG;
  frame.writeUInt32BE(lines.length, 1);
  frame.write(lines, PREFIX_BYTES, "latin1");
  return frame;
}
