// One try to get an answer from an upstream. An exchange has one, or several after each other (retry) or beside each other
// (hedge, mirror); each can be cancelled by itself. Which of them wins is forward.ts's to decide. @hot

import { type Fault, Timer } from "../base/index.ts";
import {
  type ClientFacts,
  FIELD,
  type FieldName,
  type Fields,
  ResponseHead,
  UNKNOWN_LENGTH,
  type UpstreamRequest,
  type UpstreamStream,
} from "../http/index.ts";
import { isWebSocketAccepted } from "../websocket/index.ts";
import type { Exchange } from "./exchange.ts";
import { BAD_SWITCH } from "./faults.ts";
import type { UpstreamClaim, UpstreamPort } from "./policy.ts";
import type { BodyReader } from "./request-body.ts";
import { CONTINUE } from "./results.ts";

/** RFC 9110 10.1.1: a client may send its body without 100 after a while; so do we, when the upstream says nothing. */
const CONTINUE_WAIT_MS = 1000;

/** Reading more than this costs more than the connection is worth. */
const MAX_DISCARDED_BYTES = 64 * 1024;

const PREPARING = 0;
const WAITING = 1;
const SENT = 2;
const OVER = 3;

export class Attempt implements UpstreamClaim, UpstreamRequest, BodyReader {
  readonly exchange: Exchange;
  readonly upstream: UpstreamPort;
  /** Its answer is thrown away: a mirror, or one whose answer another has taken the place of. */
  isShadow: boolean;
  readonly needsFresh: boolean;
  queueTicket = -1;
  /** Of the request as this attempt sends it: */
  authority = "";
  fields: Fields;
  method = "";
  target = "";
  bodyLength = 0;
  expectsContinue = false;
  readonly acceptsTrailers: boolean;
  upgrade: string | null = null;
  bodyCursor = 0;
  /** Until there is a stream that takes it. */
  bodyBlocked = true;
  bodyEnded = false;
  /** For the record: */
  endpoint = "";
  isReused = false;
  startedMs = 0;
  connectedMs = 0;
  firstByteMs = 0;
  status = 0;
  fault: Fault | null = null;
  #state = PREPARING;
  #stream: UpstreamStream | null = null;
  #step = 0;
  #corks = false;
  /** Bytes of the answer that are still read off, to no use. A mirror has no bound. */
  #discardable = Number.POSITIVE_INFINITY;

  constructor(exchange: Exchange, upstream: UpstreamPort, isShadow: boolean, needsFresh: boolean) {
    this.exchange = exchange;
    this.fields = exchange.head.fields;
    this.acceptsTrailers = exchange.head.acceptsTrailers;
    this.upstream = upstream;
    this.isShadow = isShadow;
    this.needsFresh = needsFresh;
  }

  get isOver(): boolean {
    return this.#state === OVER;
  }

  /** To cancel it now costs a connection. */
  get holdsConnection(): boolean {
    return this.#state === SENT && this.#stream?.isExclusive === true;
  }

  /** It has had a connection. */
  get wasSent(): boolean {
    return this.method !== "";
  }

  /** Sets a field for this attempt alone: an internal token, a remaining deadline, a span. Before it is sent. */
  setField(name: FieldName, value: string): void {
    if (this.fields === this.exchange.head.fields) this.fields = this.fields.copy();
    this.fields.set(name, value);
  }

  /** Runs the attempt's steps, then asks for a connection. Called again by a step that returned PENDING. */
  start(): void {
    if (this.#state !== PREPARING) return;
    const steps = this.exchange.plan.attempt;
    try {
      while (this.#step < steps.length) {
        const result = steps.at(this.#step++)(this);
        if (result !== CONTINUE || this.#state !== PREPARING) return;
      }
    } catch (error) {
      this.cancel();
      this.exchange.onBug(error);
      return;
    }
    this.#state = WAITING;
    this.upstream.open(this);
  }

  onStream(stream: UpstreamStream, endpoint: string, authority: string): void {
    const exchange = this.exchange;
    const head = exchange.head;
    this.#state = SENT;
    this.#stream = stream;
    this.endpoint = endpoint;
    this.isReused = stream.isReused;
    this.connectedMs = exchange.runtime.wheel.nowMs;
    this.method = head.method;
    this.target = head.path + head.query;
    const named = exchange.upstreamAuthority ?? head.authority;
    this.authority = named === "" ? authority : named;
    this.bodyLength = exchange.requestLength;
    this.upgrade = head.upgrade;
    const body = exchange.requestBody;
    if (body === null) {
      stream.send(this);
      return;
    }
    // The upstream is asked whether it wants the body, unless we have some of it already.
    this.expectsContinue = head.expectsContinue && body.received === 0 && !body.isComplete && !this.isShadow;
    stream.cork();
    stream.send(this);
    // hot-exception: only for a request that expects 100, round-trip.bench.ts
    if (this.expectsContinue) exchange.runtime.wheel.armFromTouch(new Timer(this, 0), CONTINUE_WAIT_MS);
    else this.unblockBody();
    stream.uncork();
  }

  get client(): ClientFacts {
    return this.exchange.client.facts;
  }

  get isRepeat(): boolean {
    return this.exchange.attempts[0] !== this;
  }

  hasTried(endpoint: string): boolean {
    const attempts = this.exchange.attempts;
    for (let i = 0; i < attempts.length; i++) {
      const other = attempts[i]!;
      if (other !== this && !other.isShadow && other.upstream === this.upstream && other.endpoint === endpoint) return true;
    }
    return false;
  }

  onOpenFault(fault: Fault, endpoint: string): void {
    this.endpoint = endpoint;
    this.onUpstreamFault(fault);
  }

  /** Not wanted any more; nothing of it reaches the exchange from here on. */
  cancel(): void {
    if (this.#state === OVER) return;
    const wasWaiting = this.#state === WAITING;
    const stream = this.#stream;
    this.#finish();
    if (wasWaiting) this.upstream.forget(this);
    else if (stream !== null) stream.cancel();
  }

  /**
   * Another answer takes the place of its own. The rest of a short one is read off, so that the connection can serve again: else
   * each error of an upstream that is put into another shape would cost a connection.
   */
  discardResponse(): void {
    if (this.#state !== SENT || this.status === 101 || (this.exchange.requestBody !== null && !this.bodyEnded)) {
      this.cancel();
      return;
    }
    this.isShadow = true;
    this.#discardable = MAX_DISCARDED_BYTES;
    this.resumeResponse();
  }

  resumeResponse(): void {
    if (this.#stream !== null) this.#stream.resumeResponse();
  }

  /** Said nothing for long enough. */
  onTimer(): void {
    this.unblockBody();
  }

  /** The upstream can take (more of) the body. */
  unblockBody(): void {
    if (this.#state !== SENT || !this.bodyBlocked) return;
    this.bodyBlocked = false;
    this.exchange.requestBody?.pump(this);
  }

  #finish(): void {
    this.#state = OVER;
    this.#stream = null;
    this.exchange.requestBody?.detach(this);
  }

  // ── the body, on its way up ────────────────────────────────────────────────────────────────────────────────────────

  onBodyChunk(chunk: Uint8Array): boolean {
    return this.#stream === null || this.#stream.write(chunk);
  }

  onBodyEnd(trailers: Fields | null): void {
    if (this.#stream !== null) this.#stream.endRequest(trailers);
  }

  onBodyLost(fault: Fault): void {
    this.fault = fault;
    this.cancel();
  }

  onUpstreamDrain(): void {
    this.unblockBody();
  }

  // ── the answer ─────────────────────────────────────────────────────────────────────────────────────────────────────

  onBatchStart(): void {
    this.#corks = !this.isShadow && this.exchange.client.cork();
  }

  onBatchEnd(): void {
    if (this.#corks) this.exchange.client.uncork();
  }

  onInterim(status: number, fields: Fields): void {
    if (status === 100) this.unblockBody();
    else if (!this.isShadow) this.exchange.onInterim(this, status, fields);
  }

  onSwitch(protocol: string, fields: Fields): boolean {
    // Over HTTP/2 a client has no key (RFC 8441): ours was sent, so it is for us to look.
    if (this.exchange.head.version === 20 && !isWebSocketAccepted(this.fields, fields)) {
      const stream = this.#stream;
      this.onUpstreamFault(BAD_SWITCH.with(this.endpoint));
      stream?.cancel();
      return false;
    }
    fields.add(FIELD.UPGRADE, protocol);
    return this.onResponseHead(new ResponseHead(101, fields, UNKNOWN_LENGTH, UNKNOWN_LENGTH));
  }

  onResponseHead(head: ResponseHead): boolean {
    this.status = head.status;
    this.firstByteMs = this.exchange.runtime.wheel.nowMs;
    if (this.isShadow) return true;
    // In there its answer may have been replaced: then what is left of it is to come and go.
    return this.exchange.onAttemptResponse(this, head) || this.isShadow;
  }

  onResponseChunk(chunk: Uint8Array): boolean {
    if (!this.isShadow) return this.exchange.writeResponse(chunk);
    this.#discardable -= chunk.length;
    if (this.#discardable < 0) this.cancel();
    return true;
  }

  onResponseEnd(trailers: Fields | null): void {
    const isOver = this.#state === OVER;
    this.#finish();
    if (!this.isShadow && !isOver) this.exchange.endResponse(this, trailers);
  }

  onUpstreamFault(fault: Fault): void {
    if (this.#state === OVER) return;
    this.fault = fault;
    this.#finish();
    if (!this.isShadow) this.exchange.onAttemptFault(this, fault);
  }
}
