// A tunnel that carries a WebSocket: passes bytes both ways, holds the client to what it may send, and ends it so that both ends are
// told by a Close between two frames of theirs, rather than see a connection break. Whatever wire the client came by. @hot
//
// Leave (a drain): the client is told 1001 first. What it has sent by then, and its own Close, still go to the upstream, which so
// hears of the leave in the client's own words; only one that does not answer is spoken for.
// Fault (a bound, a breach): both are told at once, and nothing more of the client's passes. A frame is judged by its head, which is held
// back until it is whole: the upstream never sees the beginning of one that is refused.
//
// What comes behind a Close is thrown away: there is nothing behind it (RFC 6455 5.5.1). The connections end as they would without us:
// the upstream, being the server, ends first. After a fault it has CLOSE_ANSWER_MS for that, then the owner ends it.
//
// Idle means that no byte moves. A ping is enough: it is how an application says that it wants the connection kept though it has nothing
// to say; without that, quiet subscriptions would end. `untilMs` and bounds on connections hold whoever pings for ever.

import type { FaultDefinition, Timer, TimerWheel } from "../base/index.ts";
import type { ClientEvents } from "../http/index.ts";
import { ClientFrames } from "./client-frames.ts";
import { encodeClose } from "./close-frame.ts";
import { CREDENTIAL_EXPIRED, closeCodeOf, GOING_AWAY, IDLE } from "./faults.ts";
import { FrameCursor } from "./frame-cursor.ts";

/** An end that has been told answers at once; for a client that does not by then, the upstream is told in its place. */
export const CLOSE_ANSWER_MS = 1000;

/** First byte, length, extended length, mask. */
const HEAD_BYTES = 14;

/** Towards the client: takes the whole chunk; false asks for a pause. */
export interface ClientWriter {
  write(chunk: Uint8Array): boolean;
}

export class WebSocketTunnel {
  /** Why it ends, once that is settled. */
  fault: FaultDefinition | null = null;
  readonly #client: ClientWriter;
  readonly #exchange: ClientEvents;
  readonly #wheel: TimerWheel;
  readonly #timer: Timer;
  readonly #down = new FrameCursor();
  readonly #up = new FrameCursor();
  readonly #frames: ClientFrames;
  readonly #idleMs: number;
  readonly #untilMs: number;
  /** The head of a client's frame that has not come whole yet. */
  readonly #held = new Uint8Array(HEAD_BYTES);
  #heldBytes = 0;
  #movedMs: number;
  #wasPaused = false;
  #isLeaving = false;
  /** When the client's answer to our leaving is due; when it all ends after a fault. */
  #answerDueMs = Infinity;
  #tellsUpstream = false;
  #clientTold = false;
  #upstreamTold = false;

  /**
   * To be made once the 101 is on its way. `timer` is the owner's, for this tunnel alone from here on: the tunnel arms it, and the owner
   * calls check() when it fires and disarms it in the end. `idleTimeoutMs` is the listener's, for a route that says nothing of it.
   */
  constructor(client: ClientWriter, exchange: ClientEvents, wheel: TimerWheel, timer: Timer, idleTimeoutMs: number | null) {
    const limits = exchange.webSocket;
    const idleMs = limits === null || limits.idleMs === undefined ? idleTimeoutMs : limits.idleMs;
    this.#client = client;
    this.#exchange = exchange;
    this.#wheel = wheel;
    this.#timer = timer;
    this.#frames = new ClientFrames(limits, wheel.nowMs);
    this.#idleMs = idleMs ?? Infinity;
    this.#untilMs = limits?.untilMs ?? Infinity;
    this.#movedMs = wheel.nowMs;
    this.#arm();
  }

  /** The gateway, or this part of it, stops: tells the client, at once or when the frame on its way has ended. */
  leave(): void {
    if (this.#isLeaving || this.fault !== null || this.#down.hasClosed || this.#up.hasClosed) return;
    this.#isLeaving = true;
    this.#answerDueMs = this.#wheel.nowMs + CLOSE_ANSWER_MS;
    this.#arm();
    if (this.#down.isBetween) this.#tellClient();
  }

  /** The timer has fired. A fault: the owner ends it now, for this reason. */
  check(): FaultDefinition | null {
    const { nowMs } = this.#wheel;
    if (nowMs >= this.#answerDueMs) {
      if (this.fault !== null) return this.fault;
      // The upstream is told in the client's place, behind the frame on its way.
      this.#answerDueMs = Infinity;
      this.#tellsUpstream = true;
      if (this.#up.isBetween && !this.#up.hasClosed) this.#tellUpstream();
    }
    if (this.fault !== null) this.#arm();
    else if (nowMs >= this.#untilMs) this.#fail(CREDENTIAL_EXPIRED, false);
    else if (nowMs >= this.#movedMs + this.#idleMs) this.#fail(IDLE, false);
    else this.#arm();
    return null;
  }

  /** Bytes from the upstream. False asks for a pause. */
  toClient(chunk: Uint8Array): boolean {
    if (this.#clientTold) return true;
    this.#movedMs = this.#wheel.nowMs;
    const down = this.#down;
    const isEnding = this.#isLeaving || this.fault !== null;
    for (let at = 0; at < chunk.length; ) {
      at = down.advance(chunk, at);
      if (!isEnding || !down.isBetween || down.hasClosed || this.#up.hasClosed) continue;
      this.#client.write(chunk.subarray(0, at));
      return this.#tellClient();
    }
    return this.#client.write(chunk);
  }

  /** Bytes from the client. False asks for a pause. */
  toUpstream(chunk: Uint8Array): boolean {
    const goesOn = this.#takeFromClient(chunk);
    this.#wasPaused = !goesOn;
    return goesOn;
  }

  /** The client has sent its last byte. */
  endFromClient(): void {
    this.#upstreamTold = true;
    this.#exchange.onRequestEnd(null);
  }

  #takeFromClient(chunk: Uint8Array): boolean {
    const up = this.#up;
    if (this.#upstreamTold || up.hasClosed) return true;
    this.#movedMs = this.#wheel.nowMs;
    this.#frames.fill(this.#movedMs, this.#wasPaused);
    let headAt = 0;
    for (let at = 0; at < chunk.length; ) {
      if (up.isBetween) headAt = at;
      at = up.advance(chunk, at);
      if (up.isBehindHead) {
        const fault = this.#frames.judge(up);
        if (fault !== null) {
          this.#heldBytes = 0;
          this.#pass(chunk, headAt);
          this.#fail(fault, true);
          return true;
        }
        this.#passHeld();
      }
      if (!up.isBetween) continue;
      if (this.#tellsUpstream && !up.hasClosed) {
        this.#pass(chunk, at);
        return this.#tellUpstream();
      }
      if (up.hasClosed) return this.#pass(chunk, at);
    }
    if (!up.isInHead) return this.#pass(chunk, chunk.length);
    this.#held.set(chunk.subarray(headAt), this.#heldBytes);
    this.#heldBytes += chunk.length - headAt;
    return this.#pass(chunk, headAt);
  }

  /** The chunk up to `end`. */
  #pass(chunk: Uint8Array, end: number): boolean {
    if (end === 0) return true;
    return this.#exchange.onRequestChunk(end === chunk.length ? chunk : chunk.subarray(0, end));
  }

  #passHeld(): void {
    if (this.#heldBytes === 0) return;
    const held = this.#held.slice(0, this.#heldBytes);
    this.#heldBytes = 0;
    this.#exchange.onRequestChunk(held);
  }

  /** Settles why it ends. `isHeadRefused`: the frame whose head the cursor is behind does not pass. */
  #fail(fault: FaultDefinition, isHeadRefused: boolean): void {
    const up = this.#up;
    this.fault = fault;
    this.#answerDueMs = this.#wheel.nowMs + CLOSE_ANSWER_MS;
    // Before anybody is told: what follows from that may be the end of the exchange, and the timer its owner's again.
    this.#arm();
    this.#exchange.onTunnelFault(fault);
    if (!this.#clientTold && this.#down.isBetween && !this.#down.hasClosed && !up.hasClosed) this.#tellClient();
    this.#tellsUpstream = true;
    // The upstream has seen nothing of a frame whose head is held back.
    if (isHeadRefused || up.isInHead || (up.isBetween && !up.hasClosed)) this.#tellUpstream();
  }

  #tellClient(): boolean {
    this.#clientTold = true;
    return this.#client.write(this.#encodeClose(false));
  }

  #tellUpstream(): boolean {
    if (this.#upstreamTold) return true;
    this.#upstreamTold = true;
    return this.#exchange.onRequestChunk(this.#encodeClose(true));
  }

  /** The reason is the fault's code, so that whoever looks at the client's end need not ask for the gateway's log. */
  #encodeClose(isMasked: boolean): Uint8Array {
    const fault = this.fault;
    return fault === null ? encodeClose(GOING_AWAY, "", isMasked) : encodeClose(closeCodeOf(fault.kind), fault.kind.code, isMasked);
  }

  #arm(): void {
    const dueMs = this.fault === null ? Math.min(this.#answerDueMs, this.#untilMs, this.#movedMs + this.#idleMs) : this.#answerDueMs;
    if (dueMs === Infinity) this.#wheel.disarm(this.#timer);
    else this.#wheel.armFromTouch(this.#timer, dueMs - this.#wheel.nowMs);
  }
}
