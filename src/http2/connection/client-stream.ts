// One request to an upstream and its answer: the stream towards an attempt. RFC 9113 8.1. @hot
//
// Times: the head of the answer within `firstByte` of the end of the request, then a sign of life within `betweenBytes`. A stream has
// a timer only once it has to wait: most answers are complete with the read that brings their head.

import { type Fault, Timer, type TimerOwner } from "../../base/index.ts";
import { type Fields, FLOW, type ResponseHead, type UpstreamEvents, type UpstreamRequest, type UpstreamStream } from "../../http/index.ts";
import * as CODE from "../error-codes.ts";
import * as H2 from "../faults.ts";
import { asksForWebSocket, toSwitchFields, writeRequest } from "../messages/index.ts";
import type { Http2ClientConnection } from "./client-connection.ts";
import { Http2Stream } from "./stream.ts";

/**
 * What a client that reads may make us hold of its answer. Each begins with less (client-connection.ts): a hundred requests for large
 * answers that nobody reads cost their client a few kilobytes, to read costs him as much as it costs us.
 */
export const MOST_STREAM_WINDOW = 512 * 1024;
/** RFC 9110 15.2 allows any number; nothing real sends more than a few. */
const MAX_INTERIM = 16;

export class ClientStream extends Http2Stream implements UpstreamStream, TimerOwner {
  readonly isReused: boolean;
  method = "";
  /** Bytes of the answer have come. */
  hasHead = false;
  readonly #client: Http2ClientConnection;
  #events: UpstreamEvents | null;
  #interims = 0;
  /** The request, where it asks for a WebSocket and has not been answered. */
  #upgrade: UpstreamRequest | null = null;
  #timer: Timer | null = null;
  #isInBatch = false;

  constructor(client: Http2ClientConnection, events: UpstreamEvents, isReused: boolean) {
    super(client);
    this.#client = client;
    this.#events = events;
    this.isReused = isReused;
    this.paused = false;
  }

  protected override get mostWindow(): number {
    return MOST_STREAM_WINDOW;
  }

  get isExclusive(): boolean {
    return false;
  }

  // ── request out ────────────────────────────────────────────────────────────────────────────────────────────────────

  send(request: UpstreamRequest): void {
    this.method = request.method;
    if (asksForWebSocket(request)) this.#upgrade = request;
    if (!this.#client.begin(this)) return;
    const ends = request.bodyLength === 0 && this.#upgrade === null;
    writeRequest(this.connection.output.beginHeaders(), request, this.#client.scheme);
    this.connection.output.endHeaders(this.id, ends);
    if (!ends) return;
    this.finishWithHead();
    this.#armFirstByte();
  }

  get isUpgrade(): boolean {
    return this.#upgrade !== null;
  }

  cork(): void {}

  uncork(): void {}

  write(chunk: Uint8Array): boolean {
    const goesOn = this.sendContent(chunk);
    // An upstream that takes nothing of a body is as silent as one that sends nothing.
    if (!goesOn && !this.hasHead) this.#arm(this.#client.bounds.betweenBytesMs);
    return goesOn;
  }

  endRequest(trailers: Fields | null): void {
    this.finish(trailers);
    if (!this.hasHead && this.localEnded && this.id !== 0) this.#armFirstByte();
  }

  onSent(): void {
    const hadTimer = !this.hasHead;
    if (this.endIfOwed()) {
      if (!this.hasHead) this.#armFirstByte();
      return;
    }
    if (hadTimer) this.#disarm();
    this.#events?.onUpstreamDrain();
  }

  /** The request has ended and the answer has not: nothing to do but wait. */
  protected onLocalEnd(): void {}

  resumeResponse(): void {
    if (this.#events === null || !this.paused) return;
    this.resume();
    if (this.#isInBatch) this.endBatch();
    else this.#armBetweenBytes();
  }

  cancel(): void {
    this.#events = null;
    this.#disarm();
    this.#client.drop(this);
  }

  // ── response in ────────────────────────────────────────────────────────────────────────────────────────────────────

  #startBatch(): void {
    if (this.#isInBatch) return;
    this.#isInBatch = true;
    this.#client.follow(this);
    this.#events?.onBatchStart();
  }

  /** What was read is dealt with: whatever it caused towards the client leaves together. */
  endBatch(): void {
    if (!this.#isInBatch) return;
    this.#isInBatch = false;
    const events = this.#events;
    if (events === null) return;
    this.#armBetweenBytes();
    events.onBatchEnd();
  }

  takeHead(head: ResponseHead, ends: boolean): void {
    const events = this.#events;
    if (events === null) return;
    this.#startBatch();
    if (head.status < 200) {
      if (++this.#interims > MAX_INTERIM) this.fail(H2.RESPONSE_TOO_MANY_INTERIM);
      else events.onInterim(head.status, head.fields);
      return;
    }
    this.hasHead = true;
    this.#disarm();
    const upgrade = this.#upgrade;
    if (upgrade !== null && head.status === 200 && !ends) {
      this.paused = !events.onSwitch("websocket", toSwitchFields(head.fields, upgrade));
      return;
    }
    this.#upgrade = null;
    if (!ends) this.expect(head.bodyLength);
    this.paused = !events.onResponseHead(head) && !ends;
    if (ends) this.receiveEnd(null);
  }

  protected deliver(chunk: Uint8Array): boolean {
    const events = this.#events;
    if (events === null) return true;
    if (!this.hasHead) {
      this.fail(H2.RESPONSE_BAD_HEAD.with("content before the head"));
      return true;
    }
    this.#startBatch();
    return events.onResponseChunk(chunk);
  }

  protected deliverEnd(trailers: Fields | null): void {
    if (!this.hasHead) {
      this.fail(H2.RESPONSE_BAD_HEAD.with("an end before the head"));
      return;
    }
    const events = this.#events;
    this.#events = null;
    this.#disarm();
    // The answer has overtaken the request: whatever of that is left is asked for by nobody.
    if (!this.localEnded) this.connection.resetStream(this, CODE.CANCEL);
    const isInBatch = this.#isInBatch;
    this.#isInBatch = false;
    if (events === null) return;
    events.onResponseEnd(trailers);
    if (isInBatch) events.onBatchEnd();
  }

  protected onWrongLength(): void {
    this.fail(H2.RESPONSE_BAD_LENGTH);
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The answer can't be believed, or does not come: the stream is reset. */
  fail(fault: Fault): void {
    this.connection.resetStream(this, CODE.CANCEL);
    this.lose(fault);
  }

  /** The stream is gone already. */
  lose(fault: Fault): void {
    const events = this.#events;
    this.#events = null;
    this.#disarm();
    if (events === null) return;
    const isInBatch = this.#isInBatch;
    this.#isInBatch = false;
    events.onUpstreamFault(this.#client.located(fault));
    if (isInBatch) events.onBatchEnd();
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #arm(afterMs: number | null): void {
    if (afterMs === null) {
      this.#disarm();
      return;
    }
    this.#timer ??= new Timer(this, 0);
    this.#client.owner.wheel.armFromTouch(this.#timer, afterMs);
  }

  #armFirstByte(): void {
    this.#arm(this.#client.bounds.firstByteMs);
  }

  /** At the end of each batch: while we are willing to read the rest. */
  #armBetweenBytes(): void {
    if (this.paused) this.#disarm();
    else if (this.hasHead && !this.isUpgrade && !this.closed) this.#arm(this.#client.bounds.betweenBytesMs);
  }

  #disarm(): void {
    if (this.#timer !== null) this.#client.owner.wheel.disarm(this.#timer);
  }

  onTimer(): void {
    this.fail(!this.hasHead && this.localEnded ? FLOW.FIRST_BYTE_TIMEOUT : FLOW.BETWEEN_BYTES_TIMEOUT);
  }
}
