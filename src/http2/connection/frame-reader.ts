// Cuts what arrives into frames, however it was cut on the way: RFC 9113 4.1. Knows the form of a frame and nothing of its meaning. @hot
// DATA is handed on in the pieces in which it comes; every other frame whole.

import { DATA, FRAME_HEAD_BYTES, MAX_FRAME_BYTES, PADDED, readUint32 } from "./frames.ts";

/** Hears of frames in their order. False ends the reading: the connection is over. */
export interface FrameSink {
  /** A frame begins; `length` is that of its payload. */
  onFrameHead(type: number, flags: number, id: number, length: number): boolean;
  /** The whole payload, `bytes[from, to)`, of a frame that is not DATA. Valid during the call only. */
  onFrame(type: number, flags: number, id: number, bytes: Uint8Array, from: number, to: number): boolean;
  /** A piece of the content of a DATA frame, without its padding; never empty. */
  onDataPiece(bytes: Uint8Array, from: number, to: number): void;
  /** The DATA frame is complete. */
  onDataEnd(): boolean;
  /** The frame's padding is longer than it is itself. */
  onBadPadding(): void;
}

const HEAD = 0;
const PAYLOAD = 1;
const DATA_PAD_LENGTH = 2;
const DATA_CONTENT = 3;
const DATA_PADDING = 4;

export class FrameReader {
  #state = HEAD;
  readonly #head = new Uint8Array(FRAME_HEAD_BYTES);
  #headBytes = 0;
  #type = 0;
  #flags = 0;
  #id = 0;
  /** Bytes of payload, of content, or of padding that are still to come. */
  #left = 0;
  #padding = 0;
  /** A payload that came in several pieces. */
  #payload: Uint8Array | null = null;
  #payloadBytes = 0;

  /** Reads `bytes[from …]` to its end. False: the sink wants no more. */
  take(bytes: Uint8Array, from: number, sink: FrameSink): boolean {
    const end = bytes.length;
    let at = from;
    while (at < end) {
      switch (this.#state) {
        case HEAD:
          if (this.#headBytes === 0 && end - at >= FRAME_HEAD_BYTES) {
            if (!this.#start(bytes, at, sink)) return false;
            at += FRAME_HEAD_BYTES;
          } else {
            this.#head[this.#headBytes++] = bytes[at++]!;
            if (this.#headBytes < FRAME_HEAD_BYTES) break;
            this.#headBytes = 0;
            if (!this.#start(this.#head, 0, sink)) return false;
          }
          if (this.#left === 0 && !this.#finishEmpty(bytes, at, sink)) return false;
          break;
        case PAYLOAD: {
          const take = Math.min(this.#left, end - at);
          if (!this.#takePayload(bytes, at, take, sink)) return false;
          at += take;
          break;
        }
        case DATA_PAD_LENGTH:
          this.#padding = bytes[at++]!;
          this.#left--;
          if (this.#padding > this.#left) {
            sink.onBadPadding();
            return false;
          }
          this.#left -= this.#padding;
          this.#state = DATA_CONTENT;
          if (this.#left === 0 && !this.#endContent(sink)) return false;
          break;
        case DATA_CONTENT: {
          const take = Math.min(this.#left, end - at);
          this.#left -= take;
          sink.onDataPiece(bytes, at, at + take);
          at += take;
          if (this.#left === 0 && !this.#endContent(sink)) return false;
          break;
        }
        default: {
          const take = Math.min(this.#left, end - at);
          this.#left -= take;
          at += take;
          if (this.#left === 0 && !this.#endData(sink)) return false;
        }
      }
    }
    return true;
  }

  #start(bytes: Uint8Array, at: number, sink: FrameSink): boolean {
    this.#left = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    this.#type = bytes[at + 3]!;
    this.#flags = bytes[at + 4]!;
    // The reserved bit means nothing (RFC 9113 4.1).
    this.#id = readUint32(bytes, at + 5) & 0x7fffffff;
    if (!sink.onFrameHead(this.#type, this.#flags, this.#id, this.#left)) return false;
    this.#padding = 0;
    if (this.#type !== DATA) this.#state = PAYLOAD;
    else this.#state = (this.#flags & PADDED) !== 0 ? DATA_PAD_LENGTH : DATA_CONTENT;
    return true;
  }

  /** A frame without a payload is complete with its head. */
  #finishEmpty(bytes: Uint8Array, at: number, sink: FrameSink): boolean {
    if (this.#state === DATA_CONTENT) return this.#endData(sink);
    if (this.#state === DATA_PAD_LENGTH) {
      sink.onBadPadding();
      return false;
    }
    this.#state = HEAD;
    return sink.onFrame(this.#type, this.#flags, this.#id, bytes, at, at);
  }

  #takePayload(bytes: Uint8Array, at: number, take: number, sink: FrameSink): boolean {
    this.#left -= take;
    if (this.#left === 0 && this.#payload === null) {
      this.#state = HEAD;
      return sink.onFrame(this.#type, this.#flags, this.#id, bytes, at, at + take);
    }
    if (this.#payload === null) {
      // The sink has refused what is longer.
      this.#payload = new Uint8Array(Math.min(take + this.#left, MAX_FRAME_BYTES));
      this.#payloadBytes = 0;
    }
    const payload = this.#payload;
    for (let i = 0; i < take; i++) payload[this.#payloadBytes + i] = bytes[at + i]!;
    this.#payloadBytes += take;
    if (this.#left > 0) return true;
    this.#payload = null;
    this.#state = HEAD;
    return sink.onFrame(this.#type, this.#flags, this.#id, payload, 0, payload.length);
  }

  #endContent(sink: FrameSink): boolean {
    if (this.#padding === 0) return this.#endData(sink);
    this.#left = this.#padding;
    this.#state = DATA_PADDING;
    return true;
  }

  #endData(sink: FrameSink): boolean {
    this.#state = HEAD;
    return sink.onDataEnd();
  }
}
