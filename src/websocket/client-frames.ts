// What a client may send in a WebSocket: frames as RFC 6455 has them, messages no longer and no more often than allowed. Judged by
// heads alone, before their payload is passed on. @hot
//
// A length is what the head declares: compressed messages (permessage-deflate) count compressed, and RSV bits are the two ends' own
// affair. The rate is a bucket of one second's messages. Pings and pongs take from it as messages do, since both cost the upstream as
// much; a Close does not. A message in many small frames is a flood that would count as one: each that is not the last costs as well
// unless it carries something.

import type { FaultDefinition } from "../base/index.ts";
import type { WebSocketLimits } from "../http/index.ts";
import { BAD_FRAME, MESSAGE_TOO_LARGE, TOO_MANY_MESSAGES } from "./faults.ts";
import type { FrameCursor } from "./frame-cursor.ts";

const FIN = 0x80;
const OPCODE = 0x0f;
const CONTINUATION = 0;
const BINARY = 2;
const CLOSE = 8;
const PONG = 10;
const CONTROL_BYTES = 125;

/** A frame that is not the last of its message and carries fewer counts as a message. */
const FRAGMENT_BYTES = 256;

export class ClientFrames {
  readonly #maxBytes: number;
  readonly #perMs: number;
  readonly #burst: number;
  #isInMessage = false;
  #messageBytes = 0;
  #tokens: number;
  #filledMs: number;

  constructor(limits: WebSocketLimits | null, nowMs: number) {
    this.#maxBytes = limits?.messageBytes ?? Infinity;
    this.#burst = limits?.messagesPerSecond ?? Infinity;
    this.#perMs = this.#burst / 1000;
    this.#tokens = this.#burst;
    this.#filledMs = nowMs;
  }

  /**
   * Time has passed. What a client was not read for (`wasPaused`) it may send at once afterwards: the bucket then fills beyond its brim,
   * and the rate over all the time is kept.
   */
  fill(nowMs: number, wasPaused: boolean): void {
    if (this.#burst === Infinity) return;
    const filled = this.#tokens + (nowMs - this.#filledMs) * this.#perMs;
    this.#filledMs = nowMs;
    this.#tokens = wasPaused ? filled : Math.max(this.#tokens, Math.min(filled, this.#burst));
  }

  /** The head that the cursor has just read. Null: it may pass. */
  judge(frame: FrameCursor): FaultDefinition | null {
    const opcode = frame.first & OPCODE;
    const isLast = frame.first >= FIN;
    const { length } = frame;
    // A length whose top bit is set is none (5.2), and none beyond 2^53 will ever come to its end.
    if (!frame.isMasked || length > Number.MAX_SAFE_INTEGER) return BAD_FRAME;
    if (opcode >= CLOSE) {
      if (opcode > PONG || !isLast || length > CONTROL_BYTES) return BAD_FRAME;
      return opcode === CLOSE ? null : this.#take(1);
    }
    if (opcode > BINARY || (opcode === CONTINUATION) !== this.#isInMessage) return BAD_FRAME;
    const isFirst = opcode !== CONTINUATION;
    this.#isInMessage = !isLast;
    this.#messageBytes = isFirst ? length : this.#messageBytes + length;
    if (this.#messageBytes > this.#maxBytes) return MESSAGE_TOO_LARGE;
    return this.#take((isFirst ? 1 : 0) + (!isLast && length < FRAGMENT_BYTES ? 1 : 0));
  }

  #take(count: number): FaultDefinition | null {
    if (this.#tokens < count) return TOO_MANY_MESSAGES;
    this.#tokens -= count;
    return null;
  }
}
