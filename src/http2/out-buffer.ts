// Where frames are put together before they leave in one write: bytes that grow at the end, reused once they have left. @hot

import { Buffer } from "node:buffer";

const FIRST_BYTES = 16 * 1024;

export class OutBuffer {
  /** What is written stands in `bytes[0, length)`. Another array after ensure(). */
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  length = 0;

  /** Makes room for `more` bytes behind `length`; whoever writes then moves `length` itself. */
  ensure(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    let size = this.bytes.length * 2;
    while (size < needed) size *= 2;
    const bytes = Buffer.allocUnsafeSlow(size);
    this.bytes.copy(bytes, 0, 0, this.length);
    this.bytes = bytes;
  }

  push(chunk: Uint8Array): void {
    this.ensure(chunk.length);
    this.bytes.set(chunk, this.length);
    this.length += chunk.length;
  }
}
