// One stream, the part that both sides of the gateway share: what came in waits until its reader takes it, what goes out waits for
// windows; RFC 9113 5.1 and 5.2. Windows are granted for what the reader has taken, never for what has arrived. @hot

import { Buffer } from "node:buffer";
import { keepPiece } from "../../base/index.ts";
import type { Fields } from "../../http/index.ts";
import type { Http2Connection } from "./connection.ts";
import { type Sender, TURN, type TurnResult } from "./frame-output.ts";
import { MAX_WINDOW } from "./frames.ts";

const UNTOLD = -1;
/** Of what waits for its reader. */
const SMALL_BYTES = 256;
const MAX_SMALL_PIECES = 64;

export abstract class Http2Stream implements Sender {
  id = 0;
  sendWindow = 0;
  isWaiting = false;
  /** The far side has ended its half; it has been delivered only when nothing waits in here. */
  remoteEnded = false;
  localEnded = false;
  closed = false;
  /** The reader wants no more for now. */
  paused = true;
  /** Since the stream began; sweeps look how they grow, where they watch (else -1). */
  bytesIn = 0;
  bytesOut = 0;
  sweptIn = -1;
  sweptOut = -1;
  protected readonly connection: Http2Connection;
  /** How much of what it has not taken its reader may have waiting. */
  #window: number;
  /** What the far side may still send. */
  #recvWindow: number;
  /** Received, and not yet taken by the reader: what waits in here, and what he was handed and is not done with. */
  #unread = 0;
  /** Of that: what waits in here. */
  #inboxBytes = 0;
  /** How many pieces at the end of the inbox are small. */
  #smallPieces = 0;
  /** Taken, and not yet granted again. */
  #granting = 0;
  #inbox: Uint8Array[] | null = null;
  #trailersIn: Fields | null = null;
  #endOwed = false;
  /** Content that is still to come by what Content-Length said. */
  #expected = UNTOLD;
  #outbox: Uint8Array[] | null = null;
  /** Bytes of `#outbox[0]` that have left. */
  #outboxAt = 0;
  #endWaits = false;
  #trailersOut: Fields | null = null;

  constructor(connection: Http2Connection) {
    this.connection = connection;
    this.#window = connection.streamWindow;
    this.#recvWindow = this.#window;
  }

  // ── from the far side ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Content for the reader; false asks for a pause. */
  protected abstract deliver(chunk: Uint8Array): boolean;
  protected abstract deliverEnd(trailers: Fields | null): void;
  /** The content is not as long as was said. */
  protected abstract onWrongLength(): void;
  /** What was written has all left. */
  abstract onSent(): void;
  /** Both halves are open no more, or the local one is and the far side must be told to stop. */
  protected abstract onLocalEnd(): void;

  /** What the content's length will be; -1 when it is not told. */
  protected expect(length: number): void {
    this.#expected = length;
  }

  /** What the far side may still send. */
  get windowLeft(): number {
    return Math.max(0, this.#recvWindow);
  }

  /** Counts what a DATA frame takes of the window, padding included. False: more than was granted. */
  charge(length: number): boolean {
    this.#recvWindow -= length;
    return this.#recvWindow >= 0;
  }

  receive(chunk: Uint8Array): void {
    const { length } = chunk;
    this.bytesIn += length;
    this.#unread += length;
    if (this.#expected !== UNTOLD) {
      this.#expected -= length;
      if (this.#expected < 0) {
        this.onWrongLength();
        return;
      }
    }
    if (this.#inbox !== null || this.paused) this.#keep(chunk);
    else this.#hand(chunk);
  }

  /** Small pieces are put together: each costs a hundred bytes besides its content, and the window counts only that. */
  #keep(chunk: Uint8Array): void {
    this.#inbox ??= [];
    this.#inbox.push(keepPiece(chunk));
    this.#inboxBytes += chunk.length;
    if (chunk.length >= SMALL_BYTES) {
      this.#smallPieces = 0;
    } else if (++this.#smallPieces === MAX_SMALL_PIECES) {
      this.#smallPieces = 0;
      const pieces = this.#inbox.splice(this.#inbox.length - MAX_SMALL_PIECES, MAX_SMALL_PIECES);
      this.#inbox.push(Buffer.concat(pieces));
    }
  }

  receiveEnd(trailers: Fields | null): void {
    if (this.#expected > 0) {
      this.onWrongLength();
      return;
    }
    this.remoteEnded = true;
    if (this.#inbox === null && !this.paused) {
      this.#finishRemote(trailers);
    } else {
      this.#endOwed = true;
      this.#trailersIn = trailers;
    }
  }

  #finishRemote(trailers: Fields | null): void {
    // The stream closes before the reader hears of it: what he does then may open the next one.
    if (this.localEnded) this.connection.closeStream(this, false);
    this.deliverEnd(trailers);
  }

  #hand(chunk: Uint8Array): void {
    const goesOn = this.deliver(chunk);
    // Whoever closed the stream meanwhile has given back what was unread.
    if (this.closed) return;
    if (goesOn) this.#consume();
    else this.paused = true;
  }

  /** The reader is done with all that it was handed. */
  #consume(): void {
    const taken = this.#unread - this.#inboxBytes;
    if (taken === 0) return;
    this.#unread = this.#inboxBytes;
    this.connection.grant(taken);
    this.#grant(taken);
  }

  /** What the window may grow to while its reader takes what comes. */
  protected get mostWindow(): number {
    return this.connection.streamWindow;
  }

  #grant(length: number): void {
    if (this.remoteEnded) return;
    this.#granting += length;
    if (this.#granting * 2 < this.#window) return;
    const growth = Math.min(this.#window, this.mostWindow - this.#window);
    const step = this.#granting + growth;
    this.#window += growth;
    this.connection.output.grantWindow(this.id, step);
    this.#recvWindow += step;
    this.#granting = 0;
  }

  /** Padding, which nobody reads. */
  skip(length: number): void {
    this.connection.grant(length);
    this.#grant(length);
  }

  resume(): void {
    if (!this.paused || this.closed) return;
    this.paused = false;
    this.#consume();
    while (this.#inbox !== null && !this.paused && !this.closed) {
      const chunk = this.#inbox.shift()!;
      this.#inboxBytes -= chunk.length;
      if (this.#inbox.length < this.#smallPieces) this.#smallPieces--;
      if (this.#inbox.length === 0) this.#inbox = null;
      this.#hand(chunk);
    }
    if (this.#endOwed && this.#inbox === null && !this.paused && !this.closed) {
      this.#endOwed = false;
      this.#finishRemote(this.#trailersIn);
    }
  }

  pause(): void {
    this.paused = true;
  }

  /** The stream is over: what it holds of the connection's window goes back. */
  release(): void {
    this.closed = true;
    this.#inbox = null;
    this.#inboxBytes = 0;
    this.#outbox = null;
    this.connection.grant(this.#unread);
    this.#unread = 0;
    this.connection.output.removeWaiting(this);
  }

  // ── to the far side ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Something waits to be sent. */
  get hasOutput(): boolean {
    return this.#outbox !== null;
  }

  /** Takes the whole chunk; false: stop until onSent. */
  protected sendContent(chunk: Uint8Array): boolean {
    const { length } = chunk;
    const output = this.connection.output;
    if (this.closed || this.localEnded) return true;
    // Who is told to stop is told to go on, too: not for nothing.
    if (length === 0) return !this.isWaiting;
    if (this.#outbox !== null) {
      this.#outbox.push(keepPiece(chunk));
      return false;
    }
    const sent = output.sendData(this, chunk, 0, length);
    this.bytesOut += sent;
    if (sent < length) {
      this.#outbox = [keepPiece(sent === 0 ? chunk : chunk.subarray(sent))];
      this.#outboxAt = 0;
      output.addWaiting(this);
      return false;
    }
    if (!output.isBlocked) return true;
    // Nothing of it waits here, but its writer is to hear when the socket takes more.
    output.addWaiting(this);
    return false;
  }

  protected finish(trailers: Fields | null): void {
    if (this.closed || this.localEnded) return;
    if (this.#outbox === null) {
      this.#endLocal(trailers);
      return;
    }
    this.#endWaits = true;
    this.#trailersOut = trailers;
  }

  #endLocal(trailers: Fields | null): void {
    this.localEnded = true;
    // Nothing is left that its writer would be told to go on with.
    this.connection.output.removeWaiting(this);
    if (trailers === null) this.connection.output.endStream(this.id);
    else this.connection.sendTrailers(this.id, trailers);
    this.#afterLocalEnd();
  }

  /** Our half has ended with the head that was just sent. */
  protected finishWithHead(): void {
    this.localEnded = true;
    this.#afterLocalEnd();
  }

  #afterLocalEnd(): void {
    if (this.remoteEnded && !this.#endOwed) this.connection.closeStream(this, false);
    else this.onLocalEnd();
  }

  /** The far side wants no more of ours, and has said all of its own. */
  stopSending(): void {
    this.localEnded = true;
    this.#outbox = null;
    this.connection.output.removeWaiting(this);
  }

  takeTurn(maxBytes: number): TurnResult {
    const outbox = this.#outbox;
    if (outbox === null) return TURN.DONE;
    let sent = 0;
    while (sent < maxBytes) {
      const chunk = outbox[0]!;
      const taken = this.connection.output.sendData(this, chunk, this.#outboxAt, maxBytes - sent);
      sent += taken;
      this.bytesOut += taken;
      this.#outboxAt += taken;
      if (this.#outboxAt < chunk.length) break;
      outbox.shift();
      this.#outboxAt = 0;
      if (outbox.length > 0) continue;
      this.#outbox = null;
      return TURN.DONE;
    }
    return sent > 0 ? TURN.MOVED : TURN.WAITS;
  }

  /** For onSent: ends our half where that waited. True: it did. */
  protected endIfOwed(): boolean {
    if (!this.#endWaits) return false;
    this.#endWaits = false;
    this.#endLocal(this.#trailersOut);
    return true;
  }

  /** WINDOW_UPDATE of this stream, or a change of the initial window; the caller pumps. False: beyond what a window holds. */
  growWindow(step: number): boolean {
    this.sendWindow += step;
    return this.sendWindow <= MAX_WINDOW;
  }
}
