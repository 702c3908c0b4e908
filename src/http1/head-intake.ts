// Takes heads off a stream of chunks: at once where the chunk holds the whole of it, from a buffer where it comes in pieces. @hot
// Both sides of the engine read this way. Whether the bytes behind a head are body or the next head is not known here.

import type { FaultDefinition } from "../base/index.ts";
import { HeadBuffer } from "./head-buffer.ts";
import { DONE, FAULT, type HeadBounds, type HeadParser, NEED_MORE } from "./head-parser.ts";

const CR = 0x0d;
const LF = 0x0a;

/** How far the CRLF has come that may stand before a start line. */
const STRAY_NONE = 0;
const STRAY_CR = 1;
const STRAY_SEEN = 2;

export class HeadIntake {
  readonly #parser: HeadParser;
  readonly #badLineEnd: FaultDefinition;
  readonly #tooLarge: FaultDefinition;
  /** On FAULT. */
  fault: FaultDefinition;
  /** On DONE: the first byte behind the head. */
  end = 0;
  #buffer: HeadBuffer | null = null;
  readonly #firstStray: number;
  #stray: number;

  /** `parser` may be shared: its results hold until anybody's next head. With `forgivesStray`, one CRLF may come first (RFC 9112 2.2). */
  constructor(parser: HeadParser, badLineEnd: FaultDefinition, tooLarge: FaultDefinition, forgivesStray: boolean) {
    this.#parser = parser;
    this.#badLineEnd = badLineEnd;
    this.#tooLarge = tooLarge;
    this.fault = badLineEnd;
    this.#firstStray = forgivesStray ? STRAY_NONE : STRAY_SEEN;
    this.#stray = this.#firstStray;
  }

  /** Nothing of a head has come yet. */
  get isEmpty(): boolean {
    return this.#buffer === null;
  }

  /** Reads `input` from `at`: DONE, FAULT, or NEED_MORE, when all of it is used up. */
  take(input: Uint8Array, at: number, bounds: HeadBounds): number {
    if (this.#buffer !== null) return this.#takeMore(this.#buffer, input, at, bounds);
    let from = at;
    if (this.#stray !== STRAY_SEEN && (this.#stray === STRAY_CR || input[at] === CR)) {
      from = this.#skipStray(input, at);
      if (from < 0) return this.#refuse(this.#badLineEnd);
      if (from >= input.length) return NEED_MORE;
    }
    const result = this.#parser.parse(input, from, input.length, bounds);
    if (result === NEED_MORE) {
      this.#buffer = new HeadBuffer();
      this.#buffer.append(input, from, input.length, bounds);
    } else if (result === FAULT) {
      this.fault = this.#parser.fault;
    } else {
      this.end = this.#parser.end;
    }
    return result;
  }

  /** For the next message on the connection. */
  reset(): void {
    this.#buffer = null;
    this.#stray = this.#firstStray;
  }

  #takeMore(buffer: HeadBuffer, input: Uint8Array, at: number, bounds: HeadBounds): number {
    this.end = buffer.append(input, at, input.length, bounds);
    if (this.end < 0) return NEED_MORE;
    this.#buffer = null;
    const result = this.#parser.parse(buffer.bytes, 0, buffer.length, bounds);
    if (result === DONE) return DONE;
    return this.#refuse(result === FAULT ? this.#parser.fault : this.#tooLarge);
  }

  /** Where the start line begins, which may be behind the input; -1 when a CR stands alone. */
  #skipStray(input: Uint8Array, at: number): number {
    const lineFeedAt = this.#stray === STRAY_CR ? at : at + 1;
    if (lineFeedAt >= input.length) {
      this.#stray = STRAY_CR;
      return input.length;
    }
    this.#stray = STRAY_SEEN;
    return input[lineFeedAt] === LF ? lineFeedAt + 1 : -1;
  }

  #refuse(fault: FaultDefinition): number {
    this.fault = fault;
    return FAULT;
  }
}
