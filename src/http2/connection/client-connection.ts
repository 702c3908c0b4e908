// One connection to an upstream that speaks HTTP/2: many attempts at once, each a stream. RFC 9113 on the side of the upstream. @hot
// Which connection an attempt gets is the pool's (upstreams/); it hears of this one through MultiplexedOwner.

import { type Fault, type FaultDefinition, Timer, type TimerOwner } from "../../base/index.ts";
import { type ClientFacts, FLOW, type UpstreamEvents, type UpstreamStream } from "../../http/index.ts";
import { CONNECT_FAULTS, type ConnectionTarget, RESPONSE_BOUNDS, type SpeaksFor, type UpstreamBounds } from "../../http1/index.ts";
import type { SocketError, Transport } from "../../transport/index.ts";
import type { MultiplexedConnection, MultiplexedOwner } from "../connection-owner.ts";
import * as CODE from "../error-codes.ts";
import * as H2 from "../faults.ts";
import { ResponseReader, TrailerReader } from "../messages/index.ts";
import { ClientStream, MOST_STREAM_WINDOW } from "./client-stream.ts";
import { CLOSED, Http2Connection, LEAVING, OPEN } from "./connection.ts";
import * as FRAME from "./frames.ts";
import type { Http2Stream } from "./stream.ts";
import { PING_SWEEPS, PONG_SWEEPS, SWEEP_MS } from "./sweeps.ts";

/** Of one stream at first: what a client that reads nothing makes us hold. */
const STREAM_WINDOW = 64 * 1024;
/** Ids are 31 bits and odd. */
const LAST_ID = 0x7fffffff - 2;
const PING = new Uint8Array(8).fill(0x70);

/** Connecting at first, idle later. */
const LIFE_TIMER = 0;
const SWEEP_TIMER = 1;

export class Http2ClientConnection extends Http2Connection implements MultiplexedConnection, TimerOwner {
  readonly client: ClientFacts | null;
  readonly owner: MultiplexedOwner;
  readonly scheme: "http" | "https";
  hasServed = false;
  openStreams = 0;
  readonly #endpoint: string;
  readonly #needsAlpn: boolean;
  readonly #timer = new Timer(this, LIFE_TIMER);
  readonly #sweep = new Timer(this, SWEEP_TIMER);
  readonly #responses = new ResponseReader();
  readonly #trailers = new TrailerReader();
  #isReady = false;
  #isDraining = false;
  /** RFC 9113 6.8: no stream may be begun any more. */
  #hasGoaway = false;
  /** Why it was given up before it was ready. */
  #openFault: Fault | null = null;
  #nextId = 1;
  /** The stream whose batch is on. */
  #batch: ClientStream | null = null;
  #bytesIn = 0;
  #sweptBytes = 0;
  #silence = 0;
  #sweepsSincePing = -1;

  constructor(owner: MultiplexedOwner, transport: Transport, target: ConnectionTarget, endpoint: string, speaksFor: SpeaksFor | null) {
    const preamble = speaksFor === null ? null : speaksFor.header;
    // Streams never wait for each other: whatever their windows allow the connection's allows, or one client that stops reading would
    // stop the others.
    const connectionWindow = Math.min(FRAME.MAX_WINDOW, Math.max(FRAME.DEFAULT_WINDOW, owner.streams * MOST_STREAM_WINDOW));
    const terms = {
      streamWindow: STREAM_WINDOW,
      connectionWindow,
      headBytes: RESPONSE_BOUNDS.headBytes,
      toServer: true,
      allowanceShare: 1,
    };
    // hot-exception: once a connection, connection.bench.ts
    super((handler) => transport.connect(target.address, handler, target.tls, preamble), owner.wheel, terms);
    this.client = speaksFor === null ? null : speaksFor.client;
    this.owner = owner;
    this.scheme = target.tls === null ? "http" : "https";
    this.#endpoint = endpoint;
    this.#needsAlpn = target.tls !== null;
    owner.wheel.armFromTouch(this.#timer, owner.bounds.connectMs);
  }

  get bounds(): UpstreamBounds {
    return this.owner.bounds;
  }

  get freeStreams(): number {
    // An upstream that reads nothing is asked no more: heads of requests that their clients give up would gather without end.
    if (!this.#isReady || this.#isDraining || this.state !== OPEN || this.output.isFull) return 0;
    return Math.max(0, Math.min(this.owner.streams, this.peer.maxStreams) - this.openStreams);
  }

  // ── for the pool and its attempts ──────────────────────────────────────────────────────────────────────────────────

  open(events: UpstreamEvents): UpstreamStream {
    if (this.openStreams === 0) this.wheel.disarm(this.#timer);
    this.openStreams++;
    return new ClientStream(this, events, this.hasServed);
  }

  close(): void {
    if (this.state !== OPEN) return;
    this.#isDraining = true;
    if (this.openStreams === 0) this.#leave();
  }

  /** The stream's request is about to be sent. False: it can't be, and its attempt will hear why. */
  begin(stream: ClientStream): boolean {
    if (this.state === OPEN && !this.#hasGoaway && (!stream.isUpgrade || this.peer.takesExtendedConnect)) {
      this.addStream(this.#nextId, stream);
      this.#nextId += 2;
      if (this.#nextId > LAST_ID) this.#drain();
      return true;
    }
    let fault: FaultDefinition = H2.UPSTREAM_NO_WEBSOCKET;
    if (this.state !== OPEN) fault = FLOW.UPSTREAM_RESET;
    else if (this.#hasGoaway) fault = H2.RESPONSE_REFUSED;
    // Whatever else of it comes meanwhile goes nowhere.
    stream.stopSending();
    // Its attempt is still in the middle of sending.
    // hot-exception: only where nothing can be sent, connection.bench.ts
    queueMicrotask(() => {
      this.closeStream(stream, false);
      stream.lose(fault);
    });
    return false;
  }

  /** Its attempt does not want it any more. */
  drop(stream: ClientStream): void {
    this.resetStream(stream, CODE.CANCEL);
  }

  /** A batch has begun; the one of another stream ends. */
  follow(stream: ClientStream): void {
    const before = this.#batch;
    this.#batch = stream;
    if (before !== null && before !== stream) before.endBatch();
  }

  /** Says where it happened, for the operator. */
  located(fault: Fault): Fault {
    const detail = fault.detail === "" ? this.#endpoint : `${this.#endpoint}: ${fault.detail}`;
    return { kind: fault.kind, detail, told: null };
  }

  // ── from the socket ────────────────────────────────────────────────────────────────────────────────────────────────

  onOpen(): void {
    this.wheel.touch();
    const alpn = this.socket.tls === null ? "" : this.socket.tls.alpn;
    if (this.#needsAlpn && alpn !== "h2") {
      this.#giveUp(H2.UPSTREAM_NOT_HTTP2.with(`chose ${alpn === "" ? "no protocol" : alpn} in the handshake`));
      return;
    }
    this.output.preface(FRAME.PREFACE);
    this.greet([FRAME.ENABLE_PUSH, 0]);
  }

  onData(chunk: Uint8Array): void {
    this.wheel.touch();
    this.#bytesIn += chunk.length;
    if (this.state === OPEN) this.read(chunk, 0);
    const batch = this.#batch;
    this.#batch = null;
    if (batch !== null) batch.endBatch();
  }

  override onDrain(): void {
    super.onDrain();
    if (this.freeStreams > 0) this.owner.onStreamsFree(this);
  }

  onEnd(): void {
    this.wheel.touch();
    if (this.state === OPEN && this.#isReady) this.#loseAll("FIN");
    this.state = LEAVING;
    this.socket.close();
  }

  onClose(error: SocketError | null): void {
    this.wheel.touch();
    const wasOpen = this.state === OPEN;
    this.state = CLOSED;
    this.wheel.disarm(this.#timer);
    this.wheel.disarm(this.#sweep);
    if (!this.#isReady) {
      const kind = error === null ? FLOW.CONNECT_FAILED : (CONNECT_FAULTS[error] ?? FLOW.CONNECT_FAILED);
      const detail = this.socket.errorDetail || error || "closed before its settings came";
      this.owner.onClosed(this, this.located(this.#openFault ?? kind.with(detail)));
      return;
    }
    if (wasOpen) this.#loseAll(error ?? "closed");
    this.owner.onClosed(this, null);
  }

  onTimer(timer: Timer): void {
    if (timer.kind === SWEEP_TIMER) this.#look();
    else if (!this.#isReady) this.#giveUp(FLOW.CONNECT_TIMEOUT);
    else if (this.openStreams === 0) {
      // Idle for long enough.
      this.#drain();
      this.#leave();
    }
  }

  /** An upstream that says nothing for a minute while it owes answers is asked whether it is there. */
  #look(): void {
    const isSilent = this.#bytesIn === this.#sweptBytes;
    this.#sweptBytes = this.#bytesIn;
    if (!isSilent || this.openStreams === 0) {
      this.#silence = 0;
      this.#sweepsSincePing = -1;
    } else if (this.#sweepsSincePing >= 0) {
      if (++this.#sweepsSincePing >= PONG_SWEEPS) {
        this.#endWith(H2.UPSTREAM_PING_LATE, CODE.NO_ERROR);
        return;
      }
    } else if (++this.#silence >= PING_SWEEPS) {
      this.#silence = 0;
      this.#sweepsSincePing = 0;
      this.output.ping(0, PING, 0);
    }
    this.wheel.armFromTouch(this.#sweep, SWEEP_MS);
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** It never became ready. */
  #giveUp(fault: Fault): void {
    this.#openFault = fault;
    this.state = LEAVING;
    this.socket.close();
  }

  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.owner.onDraining(this);
  }

  #leave(): void {
    this.output.goaway(0, CODE.NO_ERROR);
    this.output.flush();
    this.state = LEAVING;
    this.socket.close();
  }

  #endWith(fault: Fault, code: number): void {
    this.output.goaway(0, code);
    this.output.flush();
    this.state = LEAVING;
    this.#loseEach(fault, fault);
    this.socket.close();
  }

  /** The connection has gone under its streams. */
  #loseAll(detail: string): void {
    this.state = LEAVING;
    this.#loseEach(FLOW.UPSTREAM_RESET.with(detail), H2.RESPONSE_TRUNCATED.with(detail));
  }

  #loseEach(fault: Fault, behindHead: Fault): void {
    // hot-exception: once a connection, connection.bench.ts
    for (const each of [...this.streams.values()]) {
      const stream = each as ClientStream;
      // The answer is whole, only its reader is slow: what we hold of it needs no connection.
      if (stream.remoteEnded) {
        stream.stopSending();
        continue;
      }
      this.closeStream(stream, false);
      stream.lose(stream.hasHead ? behindHead : fault);
    }
  }

  protected onFailure(fault: Fault): void {
    const code = H2.codeOf(fault.kind);
    const detail = `${fault.kind.title} ${fault.detail}`;
    if (!this.#isReady) this.#giveUp(H2.UPSTREAM_NOT_HTTP2.with(detail));
    else if (code === CODE.ENHANCE_YOUR_CALM) this.#endWith(H2.RESPONSE_FLOOD.with(detail), code);
    else this.#endWith(H2.RESPONSE_BAD_FRAME.with(detail), code);
  }

  protected onGoaway(lastId: number, code: number): void {
    this.#hasGoaway = true;
    this.#drain();
    // hot-exception: once a connection, connection.bench.ts
    for (const each of [...this.streams.values()]) {
      const stream = each as ClientStream;
      if (stream.id <= lastId || stream.remoteEnded) continue;
      this.closeStream(stream, true);
      // What has begun to be answered was not left alone, whatever is said now.
      stream.lose((stream.hasHead ? H2.RESPONSE_RESET : H2.RESPONSE_REFUSED).with(`GOAWAY ${CODE.errorName(code)}`));
    }
    if (this.openStreams === 0 && this.state === OPEN) this.#leave();
  }

  // ── streams ────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected isIdle(id: number): boolean {
    return (id & 1) === 0 || id >= this.#nextId;
  }

  protected onHeaderBlock(id: number, ends: boolean, block: Uint8Array, from: number, to: number): boolean {
    const stream = this.streams.get(id) as ClientStream | undefined;
    if (stream?.hasHead) return this.#takeTrailers(stream, ends, block, from, to);
    const responses = this.#responses;
    responses.begin(RESPONSE_BOUNDS);
    if (!this.decode(block, from, to, responses)) return false;
    if (stream === undefined) return this.#judgeLate(id);
    const head = responses.finish(stream.method, ends);
    if ("kind" in head) stream.fail(head);
    else if (head.status < 200 && ends) stream.fail(H2.RESPONSE_BAD_HEAD.with("an interim response that ends the stream"));
    else {
      if (head.status >= 200) this.hasServed = true;
      stream.takeHead(head, ends);
    }
    return this.state === OPEN;
  }

  #takeTrailers(stream: ClientStream, ends: boolean, block: Uint8Array, from: number, to: number): boolean {
    const trailers = this.#trailers;
    trailers.begin(RESPONSE_BOUNDS);
    if (!this.decode(block, from, to, trailers)) return false;
    if (stream.remoteEnded) return this.fail(H2.STREAM_CLOSED.with(`HEADERS for stream ${stream.id}`));
    const fields = trailers.finish("response");
    if ("kind" in fields) stream.fail(fields);
    else if (!ends) stream.fail(H2.RESPONSE_BAD_HEAD.with("trailers that do not end the stream"));
    else stream.receiveEnd(fields.received > 0 ? fields : null);
    return this.state === OPEN;
  }

  /** Of a stream that is over: what we reset may have been on its way. */
  #judgeLate(id: number): boolean {
    if (this.isIdle(id)) return this.fail(H2.BAD_STREAM.with(`HEADERS for stream ${id}`));
    return this.closedStreams.hasEnded(id) ? this.fail(H2.STREAM_CLOSED.with(`HEADERS for stream ${id}`)) : true;
  }

  protected onBadStream(stream: Http2Stream, code: number): void {
    this.resetStream(stream, code);
    (stream as ClientStream).lose(H2.RESPONSE_BAD_FRAME.with(CODE.errorName(code)));
  }

  protected onReset(stream: Http2Stream, code: number): boolean {
    // The answer is whole, only its reader is slow; what of the request is not sent was not wanted (RFC 9113 8.1).
    if (stream.remoteEnded) {
      stream.stopSending();
      return true;
    }
    // Who was refused and asks for a fresh connection gets another than this one.
    this.hasServed = true;
    this.closeStream(stream, false);
    const kind = (stream as ClientStream).hasHead && code === CODE.REFUSED_STREAM ? H2.RESPONSE_RESET : toFault(code);
    (stream as ClientStream).lose(kind.with(CODE.errorName(code)));
    return true;
  }

  protected onStreamClosed(): void {
    this.openStreams--;
    if (this.state !== OPEN) return;
    if (this.#isDraining) {
      if (this.openStreams === 0) this.#leave();
      return;
    }
    if (this.openStreams === 0) this.#armIdle();
    this.owner.onStreamsFree(this);
  }

  #armIdle(): void {
    this.wheel.armFromTouch(this.#timer, this.owner.bounds.idleMs);
  }

  // ── what else the upstream says ────────────────────────────────────────────────────────────────────────────────────

  protected onPeerSettings(isFirst: boolean): void {
    if (!isFirst) {
      if (this.freeStreams > 0) this.owner.onStreamsFree(this);
      return;
    }
    this.#isReady = true;
    this.#armIdle();
    this.wheel.armFromTouch(this.#sweep, SWEEP_MS);
    this.owner.onReady(this);
  }

  protected onSettingsAck(): void {}

  protected onPong(): void {
    this.#sweepsSincePing = -1;
  }

  /** RFC 9218 7.1: only clients say it. */
  protected onPriorityUpdate(): boolean {
    return this.fail(H2.BAD_FRAME.with("PRIORITY_UPDATE"));
  }
}

function toFault(code: number): FaultDefinition {
  switch (code) {
    case CODE.REFUSED_STREAM:
      return H2.RESPONSE_REFUSED;
    case CODE.CANCEL:
      return H2.RESPONSE_CANCELLED;
    case CODE.ENHANCE_YOUR_CALM:
      return H2.RESPONSE_CALM;
    case CODE.HTTP_1_1_REQUIRED:
      return H2.RESPONSE_HTTP1_REQUIRED;
    default:
      return H2.RESPONSE_RESET;
  }
}
