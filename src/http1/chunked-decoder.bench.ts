// Nanoseconds a chunk for taking the chunked coding apart, by the size of the chunks. The data is never touched.

import { conclude, measure } from "../../bench/measure.ts";
import { CHUNK_DATA, CHUNK_MORE, ChunkedDecoder } from "./chunked-decoder.ts";
import * as H1 from "./faults.ts";

let sink = 0;

function body(count: number, size: number, extension: string): Uint8Array {
  return Buffer.from(`${`${size.toString(16)}${extension}\r\n${"x".repeat(size)}\r\n`.repeat(count)}0\r\n\r\n`, "latin1");
}

function decode(bytes: Uint8Array): void {
  const decoder = new ChunkedDecoder(H1.BAD_CHUNK, H1.BAD_TRAILER);
  let result = CHUNK_MORE;
  let at = 0;
  do {
    result = decoder.next(bytes, at, bytes.length);
    at = decoder.position;
    sink += decoder.dataEnd - decoder.dataStart;
  } while (result === CHUNK_DATA);
  sink += result;
}

for (const [name, count, size, extension] of [
  ["chunks of 16 B", 256, 16, ""],
  ["chunks of 1 KiB", 64, 1024, ""],
  ["chunks of 16 KiB", 16, 16 * 1024, ""],
  ["chunks of 1 KiB with an extension of 20 B", 64, 1024, ';name="quoted value"'],
] as const) {
  const bytes = body(count, size, extension);
  measure(`${name}, each`, () => decode(bytes), count);
}
const single = body(1, 54, "");
measure("a body of one chunk, decoder included", () => decode(single));
const trailed = Buffer.from("5\r\nhello\r\n0\r\nX-Checksum: 0123456789abcdef\r\n\r\n", "latin1");
measure("a body of one chunk with a trailer", () => decode(trailed));
conclude(sink);
