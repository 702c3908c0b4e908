// Where the frames of one direction of a WebSocket begin and end (RFC 6455 5.2), followed across chunks however they are cut. @hot
// It reads heads alone: no payload is copied, unmasked or looked at, and nothing is judged here.

const START = 0;
const SECOND = 1;
const EXTENDED = 2;
const MASK = 3;
const PAYLOAD = 4;

const OPCODE_CLOSE = 8;

export class FrameCursor {
  /** Of the last frame whose head is whole: FIN, RSV and opcode. */
  first = 0;
  isMasked = false;
  /** Of its payload. One beyond 2^53 is inexact, and never comes to its end. */
  length = 0;
  /** The last advance() ended behind a head: what it says can be judged before any of its payload is passed on. */
  isBehindHead = false;
  /** A Close frame has gone by whole: what follows is no frame for anybody. */
  hasClosed = false;
  #phase = START;
  /** Bytes of the extended length, or of the mask, that are still to come. */
  #headBytes = 0;
  #remaining = 0;

  /** Between two frames, or before the first. */
  get isBetween(): boolean {
    return this.#phase === START;
  }

  /** Inside of a head. */
  get isInHead(): boolean {
    return this.#phase > START && this.#phase < PAYLOAD;
  }

  /** Goes on from `at` to the end of the head, of the payload or of the chunk, whichever comes first, and returns where that is. */
  advance(chunk: Uint8Array, at: number): number {
    this.isBehindHead = false;
    const end = chunk.length;
    if (this.#phase === PAYLOAD) {
      const take = Math.min(this.#remaining, end - at);
      this.#remaining -= take;
      if (this.#remaining === 0) this.#finish();
      return at + take;
    }
    let next = at;
    while (next < end && !this.isBehindHead) this.#takeHeadByte(chunk[next++]!);
    return next;
  }

  #takeHeadByte(byte: number): void {
    if (this.#phase === START) {
      this.first = byte;
      this.#phase = SECOND;
      return;
    }
    if (this.#phase === SECOND) {
      const length = byte & 0x7f;
      this.isMasked = byte >= 0x80;
      if (length < 126) this.length = length;
      else {
        this.length = 0;
        this.#headBytes = length === 126 ? 2 : 8;
        this.#phase = EXTENDED;
        return;
      }
    } else if (this.#phase === EXTENDED) {
      this.length = this.length * 256 + byte;
      if (--this.#headBytes > 0) return;
    } else {
      if (--this.#headBytes === 0) this.#endHead();
      return;
    }
    if (this.isMasked) {
      this.#headBytes = 4;
      this.#phase = MASK;
    } else this.#endHead();
  }

  #endHead(): void {
    this.isBehindHead = true;
    this.#remaining = this.length;
    this.#phase = PAYLOAD;
    if (this.#remaining === 0) this.#finish();
  }

  #finish(): void {
    this.#phase = START;
    if ((this.first & 0x0f) === OPCODE_CLOSE) this.hasClosed = true;
  }
}
