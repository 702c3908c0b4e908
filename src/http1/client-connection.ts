// One upstream connection: lent to one attempt at a time, request out, response in. RFC 9112 on the side of the upstream. @hot
// Whose turn it is, and which connection to take, is the pool's (upstreams/); it hears of this one through ConnectionOwner.
//
// States, by what the next byte from the upstream is:
//   CONNECTING  nothing yet                                  → IDLE | CLOSED
//   IDLE        unasked for: the connection is dropped       → HEAD | CLOSED
//   HEAD        of a response's head                         → BODY | TUNNEL | IDLE | CLOSED
//   BODY        of a response's body                         → IDLE | CLOSED
//   TUNNEL      of whatever 101 switched to                  → CLOSED

import { cutPiece, type Fault, joinBytes, Timer } from "../base/index.ts";
import { type ClientFacts, type Fields, FLOW, type UpstreamEvents, type UpstreamRequest, type UpstreamStream } from "../http/index.ts";
import type { Socket, SocketError, SocketHandler, Transport } from "../transport/index.ts";
import { CHUNK_DATA, CHUNK_END, CHUNK_MORE, ChunkedDecoder } from "./chunked-decoder.ts";
import { CONNECT_FAULTS, type ConnectionOwner, type ConnectionTarget, RESPONSE_BOUNDS, type SpeaksFor } from "./connection-owner.ts";
import * as H1 from "./faults.ts";
import { HeadIntake } from "./head-intake.ts";
import { DONE, FAULT, HeadParser } from "./head-parser.ts";
import { describeOther } from "./other-protocol.ts";
import { encodeRequestHead } from "./request-writer.ts";
import { readResponseHead, responseFrame } from "./response-head.ts";
import { chunkHead, LAST_CHUNK, lastChunk } from "./response-writer.ts";

const CONNECTING = 0;
const IDLE = 1;
const HEAD = 2;
const BODY = 3;
const TUNNEL = 4;
const CLOSED = 5;

/** RFC 9110 15.2 allows any number; nothing real sends more than a few. */
const MAX_INTERIM = 16;

const parser = new HeadParser("response");

export class ClientConnection implements SocketHandler, UpstreamStream {
  /** The only client whose requests it may carry; null: anybody's. */
  readonly client: ClientFacts | null;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #timer: Timer;
  readonly #endpoint: string;
  #state = CONNECTING;
  #timedOut = false;
  #events: UpstreamEvents | null = null;
  #served = 0;
  #input: Uint8Array | null = null;
  #inputAt = 0;
  #pumping = false;
  readonly #intake = new HeadIntake(parser, H1.RESPONSE_BAD_HEAD, H1.RESPONSE_HEAD_TOO_LARGE, false);
  /** Of the request: */
  #method = "";
  #upgrade: string | null = null;
  #requestDone = false;
  /** It has a body where servers expect none: one that did not read it may answer it as a request, and nobody asked that. */
  #isBodyDoubtful = false;
  #chunkedRequest = false;
  #requestRemaining = 0;
  #outputBlocked = false;
  #corked = false;
  /** Of the response: */
  #sawBytes = false;
  #interims = 0;
  #keepAlive = false;
  #idleMs: number;
  #decoder: ChunkedDecoder | null = null;
  #bodyRemaining = 0;
  #untilClose = false;
  #paused = false;
  /** The upstream has sent FIN. */
  #ended = false;

  constructor(owner: ConnectionOwner, transport: Transport, target: ConnectionTarget, endpoint: string, speaksFor: SpeaksFor | null) {
    this.client = speaksFor === null ? null : speaksFor.client;
    this.#owner = owner;
    this.#endpoint = endpoint;
    this.#idleMs = owner.bounds.idleMs;
    this.#timer = new Timer(this, 0);
    owner.wheel.armFromTouch(this.#timer, owner.bounds.connectMs);
    this.#socket = transport.connect(target.address, this, target.tls, speaksFor === null ? null : speaksFor.header);
  }

  get isExclusive(): boolean {
    return true;
  }

  get isReused(): boolean {
    return this.#served > 0;
  }

  get isIdle(): boolean {
    return this.#state === IDLE;
  }

  /** Gives the idle connection to an attempt, which calls send() next. */
  lend(events: UpstreamEvents): void {
    this.#state = HEAD;
    this.#events = events;
    this.#requestDone = false;
    this.#sawBytes = false;
    this.#interims = 0;
    this.#paused = false;
  }

  close(): void {
    this.#detach();
    this.#socket.close();
  }

  // ── request out ────────────────────────────────────────────────────────────────────────────────────────────────────

  send(request: UpstreamRequest): void {
    this.#method = request.method;
    this.#upgrade = request.upgrade;
    const length = request.bodyLength;
    this.#chunkedRequest = length < 0;
    this.#requestRemaining = length;
    this.#isBodyDoubtful = length !== 0 && isBodyUnexpected(request.method);
    this.#socket.writeText(encodeRequestHead(request));
    if (length === 0) this.#finishRequest();
    // The idle timer must not run on while a slow client uploads.
    else this.#owner.wheel.disarm(this.#timer);
  }

  write(chunk: Uint8Array): boolean {
    const length = chunk.length;
    if (length === 0 || this.#state === CLOSED) return true;
    let goesOn: boolean;
    if (this.#chunkedRequest && this.#state !== TUNNEL) {
      const corks = !this.#corked;
      if (corks) this.#socket.cork();
      this.#socket.writeText(chunkHead(length));
      this.#socket.write(chunk);
      goesOn = this.#socket.writeText("\r\n");
      if (corks) {
        this.#socket.uncork();
        goesOn = this.#socket.queuedBytes === 0;
      }
    } else {
      this.#requestRemaining -= length;
      goesOn = this.#socket.write(chunk);
    }
    if (goesOn) return true;
    if (!this.#outputBlocked) {
      this.#outputBlocked = true;
      const betweenMs = this.#owner.bounds.betweenBytesMs;
      if (betweenMs !== null && this.#state === HEAD) this.#owner.wheel.armFromTouch(this.#timer, betweenMs);
    }
    return false;
  }

  endRequest(trailers: Fields | null): void {
    if (this.#state === TUNNEL) {
      this.#socket.end();
      return;
    }
    if (this.#chunkedRequest) this.#socket.writeText(trailers === null ? LAST_CHUNK : lastChunk(trailers));
    this.#finishRequest();
  }

  cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
  }

  uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  resumeResponse(): void {
    if (!this.#paused || this.#state === CLOSED) return;
    this.#paused = false;
    this.#armBetweenBytes();
    this.#socket.resume();
    this.#batch();
  }

  cancel(): void {
    this.close();
  }

  #finishRequest(): void {
    this.#requestDone = true;
    const firstByteMs = this.#owner.bounds.firstByteMs;
    if (this.#state !== HEAD) return;
    if (firstByteMs !== null) this.#owner.wheel.armFromTouch(this.#timer, firstByteMs);
    else this.#owner.wheel.disarm(this.#timer);
  }

  // ── from the socket ────────────────────────────────────────────────────────────────────────────────────────────────

  onOpen(): void {
    this.#owner.wheel.touch();
    this.#state = IDLE;
    this.#armIdle();
    this.#owner.onIdle(this);
  }

  onData(chunk: Uint8Array): void {
    this.#owner.wheel.touch();
    if (this.#events === null) {
      // Nobody asked: whatever this is must not become the next request's response.
      this.close();
      return;
    }
    this.#sawBytes = true;
    if (this.#input === null) {
      this.#input = chunk;
      this.#inputAt = 0;
    } else {
      this.#input = joinBytes(this.#input, this.#inputAt, chunk);
      this.#inputAt = 0;
    }
    if (!this.#paused) this.#batch();
  }

  onDrain(): void {
    if (!this.#outputBlocked) return;
    this.#owner.wheel.touch();
    this.#outputBlocked = false;
    if (this.#events === null) return;
    if (!this.#requestDone && this.#state === HEAD) this.#owner.wheel.disarm(this.#timer);
    this.#events.onUpstreamDrain();
  }

  onEnd(): void {
    this.#owner.wheel.touch();
    switch (this.#state) {
      case BODY:
      case TUNNEL:
        // Bytes may still be held back for the client: the end is judged behind them.
        this.#ended = true;
        if (this.#input === null) this.#finishEnded();
        return;
      case HEAD:
        this.#fail(this.#sawBytes ? H1.RESPONSE_TRUNCATED.with(this.#endpoint) : FLOW.UPSTREAM_RESET.with(`${this.#endpoint}: FIN`));
        return;
      default:
        this.close();
    }
  }

  onClose(error: SocketError | null): void {
    this.#owner.wheel.touch();
    const wasConnecting = this.#state === CONNECTING;
    const events = this.#detach();
    if (wasConnecting) {
      const kind = error === null ? FLOW.CONNECT_FAILED : (CONNECT_FAULTS[error] ?? FLOW.CONNECT_FAILED);
      const detail = `${this.#endpoint}: ${this.#socket.errorDetail || error || "closed"}`;
      this.#owner.onClosed(this, this.#timedOut ? FLOW.CONNECT_TIMEOUT.with(this.#endpoint) : kind.with(detail));
      return;
    }
    this.#owner.onClosed(this, null);
    if (events === null) return;
    const detail = `${this.#endpoint}: ${error ?? "closed"}`;
    events.onUpstreamFault(this.#sawBytes ? H1.RESPONSE_TRUNCATED.with(detail) : FLOW.UPSTREAM_RESET.with(detail));
  }

  onTimer(): void {
    switch (this.#state) {
      case CONNECTING:
        this.#timedOut = true;
        this.#socket.close();
        return;
      case HEAD:
        this.#fail((this.#requestDone ? FLOW.FIRST_BYTE_TIMEOUT : FLOW.BETWEEN_BYTES_TIMEOUT).with(this.#endpoint));
        return;
      case BODY:
        this.#fail(FLOW.BETWEEN_BYTES_TIMEOUT.with(this.#endpoint));
        return;
      case IDLE:
        this.close();
    }
  }

  // ── response in ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Works through the input; what it causes towards the client leaves in one piece. */
  #batch(): void {
    const events = this.#events;
    if (events === null || this.#pumping) return;
    events.onBatchStart();
    this.#pumping = true;
    // `events` may be done, and the connection lent on, before the loop ends: bytes behind a response belong to nobody.
    while (this.#input !== null && this.#events === events && !this.#paused) {
      if (this.#state === HEAD) this.#takeHead(this.#input, events);
      else if (this.#state === BODY) this.#takeBody(this.#input, events);
      else if (this.#state === TUNNEL) this.#takeTunnel(this.#input, events);
      else break;
    }
    this.#pumping = false;
    if (this.#ended && this.#input === null && this.#events === events) this.#finishEnded();
    events.onBatchEnd();
  }

  /** FIN came, and everything before it has been delivered: only a body without a length, or a tunnel, may end so. */
  #finishEnded(): void {
    this.#keepAlive = false;
    if (this.#state === TUNNEL || this.#untilClose) this.#complete(null);
    else this.#fail(H1.RESPONSE_TRUNCATED.with(this.#endpoint));
  }

  #advance(input: Uint8Array, at: number): void {
    if (at < input.length) {
      this.#inputAt = at;
    } else {
      this.#input = null;
      this.#inputAt = 0;
    }
  }

  #takeHead(input: Uint8Array, events: UpstreamEvents): void {
    const at = this.#inputAt;
    const result = this.#intake.take(input, at, RESPONSE_BOUNDS);
    if (result === DONE) {
      this.#advance(input, this.#intake.end);
      this.#intake.reset();
      this.#startResponse(events);
      return;
    }
    this.#input = null;
    if (result !== FAULT) return;
    const { fault } = this.#intake;
    const isNoHead = fault.kind === H1.RESPONSE_BAD_STATUS_LINE.kind;
    this.#fail(fault.with(isNoHead ? this.#endpoint + describeOther(input, at) : this.#endpoint));
  }

  #startResponse(events: UpstreamEvents): void {
    const head = readResponseHead(parser, this.#method);
    if ("kind" in head) {
      this.#fail(head.with(this.#endpoint));
      return;
    }
    if (head.status === 101) {
      this.#startTunnel(events, head.fields, responseFrame.upgrade);
      return;
    }
    if (head.status < 200) {
      if (++this.#interims > MAX_INTERIM) this.#fail(H1.RESPONSE_TOO_MANY_INTERIM.with(this.#endpoint));
      else events.onInterim(head.status, head.fields);
      return;
    }
    this.#state = BODY;
    this.#keepAlive = responseFrame.keepAlive;
    // The upstream says when it will close: leave a second before that, or the next request runs into it.
    if (responseFrame.keepAliveSeconds >= 0) {
      this.#idleMs = Math.min(this.#owner.bounds.idleMs, responseFrame.keepAliveSeconds * 1000 - 1000);
    }
    this.#untilClose = responseFrame.untilClose;
    this.#decoder = responseFrame.isChunked ? new ChunkedDecoder(H1.RESPONSE_BAD_CHUNK, H1.RESPONSE_BAD_CHUNK) : null;
    this.#bodyRemaining = this.#untilClose ? Number.POSITIVE_INFINITY : head.bodyLength;
    if (!events.onResponseHead(head) && head.bodyLength !== 0) this.#pause();
    else this.#armBetweenBytes();
    if (head.bodyLength === 0 && this.#events === events) this.#complete(null);
  }

  #startTunnel(events: UpstreamEvents, fields: Fields, upgrade: string): void {
    const asked = this.#upgrade;
    if (asked === null || upgrade.toLowerCase() !== asked.toLowerCase()) {
      this.#fail(H1.RESPONSE_UNASKED_UPGRADE.with(this.#endpoint));
      return;
    }
    this.#state = TUNNEL;
    this.#keepAlive = false;
    this.#owner.wheel.disarm(this.#timer);
    if (!events.onSwitch(upgrade, fields) && this.#events === events) this.#pause();
  }

  #takeBody(input: Uint8Array, events: UpstreamEvents): void {
    const at = this.#inputAt;
    if (this.#decoder !== null) {
      this.#takeChunked(this.#decoder, input, at, events);
      return;
    }
    const take = Math.min(this.#bodyRemaining, input.length - at);
    this.#bodyRemaining -= take;
    this.#advance(input, at + take);
    const goesOn = events.onResponseChunk(cutPiece(input, at, at + take));
    if (this.#events !== events) return;
    if (this.#bodyRemaining === 0) this.#complete(null);
    else if (!goesOn) this.#pause();
    else this.#armBetweenBytes();
  }

  #takeChunked(decoder: ChunkedDecoder, input: Uint8Array, at: number, events: UpstreamEvents): void {
    const result = decoder.next(input, at, input.length);
    if (result === CHUNK_DATA) {
      this.#advance(input, decoder.position);
      const goesOn = events.onResponseChunk(cutPiece(input, decoder.dataStart, decoder.dataEnd));
      if (this.#events !== events) return;
      // A long chunk may come in any number of pieces: each one counts as a sign of life.
      if (!goesOn) this.#pause();
      else this.#armBetweenBytes();
    } else if (result === CHUNK_MORE) {
      this.#input = null;
      this.#armBetweenBytes();
    } else if (result === CHUNK_END) {
      this.#advance(input, decoder.position);
      this.#complete(decoder.trailers.received > 0 ? decoder.trailers : null);
    } else {
      this.#fail(decoder.fault.with(this.#endpoint));
    }
  }

  #takeTunnel(input: Uint8Array, events: UpstreamEvents): void {
    const at = this.#inputAt;
    this.#input = null;
    if (!events.onResponseChunk(cutPiece(input, at, input.length)) && this.#events === events) this.#pause();
  }

  #pause(): void {
    this.#paused = true;
    this.#owner.wheel.disarm(this.#timer);
    this.#socket.pause();
  }

  #armBetweenBytes(): void {
    const betweenMs = this.#owner.bounds.betweenBytesMs;
    if (this.#state !== BODY) return;
    if (betweenMs !== null) this.#owner.wheel.armFromTouch(this.#timer, betweenMs);
    else this.#owner.wheel.disarm(this.#timer);
  }

  #armIdle(): void {
    this.#owner.wheel.armFromTouch(this.#timer, this.#idleMs);
  }

  /** Request and response have ended for both sides: whatever the upstream says next answers the next request. */
  get #isSettled(): boolean {
    return this.#requestDone && !this.#outputBlocked && !this.#isBodyDoubtful && this.#input === null && !this.#ended;
  }

  /** The response is complete: the connection goes back, if nothing about it is in doubt, before the next request is thought of. */
  #complete(trailers: Fields | null): void {
    const events = this.#events!;
    this.#decoder = null;
    if (this.#keepAlive && this.#isSettled && this.#idleMs > 0 && !this.#socket.closed) {
      this.#events = null;
      this.#state = IDLE;
      this.#served++;
      this.#armIdle();
      this.#owner.onIdle(this);
    } else {
      // Early answers, HTTP/1.0, `close`, FIN, doubtful bodies, and bytes behind the response.
      this.close();
    }
    events.onResponseEnd(trailers);
  }

  #fail(fault: Fault): void {
    const events = this.#detach();
    this.#socket.close();
    if (events !== null) events.onUpstreamFault(fault);
  }

  #detach(): UpstreamEvents | null {
    const events = this.#events;
    this.#events = null;
    this.#state = CLOSED;
    this.#input = null;
    this.#intake.reset();
    this.#decoder = null;
    this.#owner.wheel.disarm(this.#timer);
    return events;
  }
}

/** RFC 9110 9.3.1, 9.3.2, 9.3.5, 9.3.7: content means nothing or next to nothing with these, so some servers never read it. */
function isBodyUnexpected(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "DELETE" || method === "OPTIONS";
}
