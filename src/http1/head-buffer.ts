// Gathers a head that arrives in pieces until its empty line is there, so that it is parsed once and not once a piece.
// Looks at new bytes only: a head sent byte by byte costs linear work. It judges nothing but where the head ends.

import type { HeadBounds } from "./head-parser.ts";

const LF = 0x0a;
const CR = 0x0d;

export class HeadBuffer {
  bytes = new Uint8Array(0);
  length = 0;
  /** Bytes since the last LF; the head ends with a line that is a CR and nothing else. */
  #lineBytes = 0;
  #lastByte = 0;
  #sawLine = false;

  /**
   * Takes bytes from `chunk[at, to)`; returns the offset behind the head's end, or -1 when more is needed. Also stops, with
   * whatever it has, at a bare LF and once a bound is passed: then the parser says what is wrong.
   */
  append(chunk: Uint8Array, at: number, to: number, bounds: HeadBounds): number {
    const last = Math.min(to, at + bounds.headBytes + 1 - this.length);
    let end = -1;
    for (let i = at; i < last; i++) {
      const byte = chunk[i]!;
      if (byte === LF) {
        if (this.#lastByte !== CR || this.#lineBytes === 1) {
          end = i + 1;
          break;
        }
        this.#lineBytes = 0;
        this.#sawLine = true;
      } else {
        this.#lineBytes++;
      }
      this.#lastByte = byte;
    }
    // The start line has a bound of its own: one that does not end is refused as soon as it is over it.
    if (end < 0 && last - at + this.length > (this.#sawLine ? bounds.headBytes : Math.min(bounds.lineBytes + 1, bounds.headBytes)))
      end = last;
    this.#copy(chunk, at, end < 0 ? last : end);
    return end;
  }

  clear(): void {
    this.bytes = new Uint8Array(0);
    this.length = 0;
    this.#lineBytes = 0;
    this.#lastByte = 0;
    this.#sawLine = false;
  }

  #copy(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.length + to - from;
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(1024, needed, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(chunk.subarray(from, to), this.length);
    this.length = needed;
  }
}
