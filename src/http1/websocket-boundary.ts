// Where the frames of one direction of a WebSocket end (RFC 6455 5.2), followed across chunks however they are cut. @hot
// It reads lengths and opcodes alone: nothing is copied, unmasked or judged.

const START = 0;
const SECOND = 1;
const EXTENDED = 2;
const PAYLOAD = 3;

const OPCODE_CLOSE = 8;

export class WebSocketBoundary {
  /** A Close frame has gone by whole: what follows is no frame for anybody. */
  hasClosed = false;
  #phase = START;
  #opcode = 0;
  #maskBytes = 0;
  #lengthBytes = 0;
  /** Of mask and payload; while the length is read, what is known of it. One beyond 2^53 is inexact, and never comes to its end. */
  #remaining = 0;

  /** Between two frames, or before the first. */
  get isBetween(): boolean {
    return this.#phase === START;
  }

  /** Goes on from `at` to the end of the frame or of the chunk, whichever comes first, and returns where that is. */
  advance(chunk: Uint8Array, at: number): number {
    const end = chunk.length;
    let next = at;
    while (next < end) {
      if (this.#phase === PAYLOAD) {
        const take = Math.min(this.#remaining, end - next);
        this.#remaining -= take;
        next += take;
        if (this.#remaining === 0) return this.#finish(next);
      } else {
        const byte = chunk[next++]!;
        if (this.#phase === START) {
          this.#opcode = byte & 0x0f;
          this.#phase = SECOND;
        } else if (this.#phase === SECOND) {
          const length = byte & 0x7f;
          this.#maskBytes = byte >= 0x80 ? 4 : 0;
          if (length < 126) this.#startPayload(length);
          else {
            this.#lengthBytes = length === 126 ? 2 : 8;
            this.#remaining = 0;
            this.#phase = EXTENDED;
          }
        } else {
          this.#remaining = this.#remaining * 256 + byte;
          if (--this.#lengthBytes === 0) this.#startPayload(this.#remaining);
        }
        if (this.#phase === PAYLOAD && this.#remaining === 0) return this.#finish(next);
      }
    }
    return next;
  }

  #startPayload(length: number): void {
    this.#remaining = length + this.#maskBytes;
    this.#phase = PAYLOAD;
  }

  #finish(at: number): number {
    this.#phase = START;
    if (this.#opcode === OPCODE_CLOSE) this.hasClosed = true;
    return at;
  }
}
