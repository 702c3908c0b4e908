// One client connection that speaks HTTP/2: streams in, each an exchange of its own. RFC 9113 on the side of the client. @hot

import { type Fault, type FaultDefinition, Timer, type TimerOwner } from "../../base/index.ts";
import { type ClientEvents, type ClientFacts, FIELD, FLOW, type RequestHead, type Toll } from "../../http/index.ts";
import { type ListenedConnection, readClientFacts } from "../../http1/index.ts";
import type { Socket, SocketError } from "../../transport/index.ts";
import * as CODE from "../error-codes.ts";
import * as H2 from "../faults.ts";
import { RequestReader, TrailerReader } from "../messages/index.ts";
import type { Http2ServerContext } from "../server-context.ts";
import { CLOSED, Http2Connection, LEAVING, OPEN } from "./connection.ts";
import * as FRAME from "./frames.ts";
import { ServerStream } from "./server-stream.ts";
import { ServerSweep } from "./server-sweep.ts";
import type { Http2Stream } from "./stream.ts";
import { StreamTunnel } from "./stream-tunnel.ts";

/** Of one stream: enough for a fast upload, and what a stalled upstream makes us hold. */
const STREAM_WINDOW = 256 * 1024;
/** Of one connection: a client's own streams may wait for each other, other clients' never do. */
const CONNECTION_WINDOW = 1024 * 1024;
/** A client that has seen GOAWAY answers the ping behind it; one that does not by then has had its time. */
const GOODBYE_MS = 2000;
/** How long and how much we read from a client that we have said goodbye to: a reset would lose it our last words. */
const LINGER_MS = 2000;
const LINGER_BYTES = 256 * 1024;
/** A client that has ended its sending may still read. */
const HALF_CLOSE_GRACE_MS = 1000;
const GOODBYE = new Uint8Array(8).fill(0x67);

const IDLE_TIMER = 0;
const BLOCK_TIMER = 1;

/** Of the allowances, for connections from where others had to be ended. */
const SUSPECT_SHARE = 1 / 8;

const STAYS = 0;
/** GOAWAY has gone out; requests that cross it are served. */
const ANNOUNCED = 1;
/** What comes from here on is ignored, as the client knows. */
const FINAL = 2;

export class Http2ServerConnection extends Http2Connection implements ListenedConnection, TimerOwner {
  readonly facts: ClientFacts;
  bytesIn = 0;
  readonly #context: Http2ServerContext;
  readonly #timer: Timer;
  #blockTimer: Timer | null = null;
  readonly #sweep: ServerSweep;
  readonly #requests = new RequestReader();
  readonly #trailers = new TrailerReader();
  /** As the client was told: a reload does not make it break a bound that it keeps. */
  readonly #mostStreams: number;
  /** Requests of the chunk that is being read. */
  readonly #arrived: ServerStream[] = [];
  #prefaceAt = 0;
  #hasGreeting = false;
  #lastId = 0;
  #farewell = STAYS;
  #clientEnded = false;
  #lingered = 0;
  #leftAtFin = 0;
  #goneFor: FaultDefinition = FLOW.CLIENT_GONE;

  constructor(socket: Socket, context: Http2ServerContext) {
    // hot-exception: once a connection, connection.bench.ts
    super(() => socket, context.wheel, {
      streamWindow: STREAM_WINDOW,
      connectionWindow: CONNECTION_WINDOW,
      headBytes: context.bounds.headBytes,
      toServer: false,
      allowanceShare: context.isSuspect(socket.remoteAddress) ? SUSPECT_SHARE : 1,
    });
    this.#context = context;
    this.#mostStreams = context.bounds.streams;
    this.facts = readClientFacts(socket, context.listener, 20);
    this.#timer = new Timer(this, IDLE_TIMER);
    this.#sweep = new ServerSweep(this, context);
    context.wheel.armFromTouch(this.#timer, context.bounds.headTimeoutMs);
    this.greet([FRAME.MAX_CONCURRENT_STREAMS, this.#mostStreams, FRAME.ENABLE_CONNECT_PROTOCOL, 1, FRAME.NO_RFC7540_PRIORITIES, 1]);
  }

  /** Bytes that the kernel has taken. */
  get bytesLeft(): number {
    return this.output.bytesOut - this.socket.queuedBytes;
  }

  // ── from the listener ──────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Says GOAWAY, serves what had been sent by then (a ping's answer tells), and ends with the last answer: no request is lost, so
   * an idle connection needs no time to come by one.
   */
  drain(): void {
    if (this.state !== OPEN || this.#farewell !== STAYS) return;
    this.#farewell = ANNOUNCED;
    this.output.goaway(FRAME.MAX_WINDOW, CODE.NO_ERROR);
    this.output.ping(0, GOODBYE, 0);
    this.wheel.touch();
    this.wheel.armFromTouch(this.#timer, GOODBYE_MS);
    // hot-exception: once a connection, connection.bench.ts
    for (const stream of this.streams.values()) (stream as ServerStream).leaveTunnel();
  }

  destroy(): void {
    this.#goneFor = FLOW.STOPPED;
    this.socket.reset();
  }

  // ── from the socket ────────────────────────────────────────────────────────────────────────────────────────────────

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    this.wheel.touch();
    this.bytesIn += chunk.length;
    if (this.state === LEAVING) {
      this.#lingered += chunk.length;
      if (this.#lingered > LINGER_BYTES) this.socket.close();
      return;
    }
    let at = 0;
    while (this.#prefaceAt < FRAME.PREFACE.length && at < chunk.length) {
      if (chunk[at++] === FRAME.PREFACE[this.#prefaceAt++]) continue;
      this.fail(H2.BAD_PREFACE);
      return;
    }
    this.read(chunk, at);
    if (this.#arrived.length > 0) this.#beginArrived();
  }

  onEnd(): void {
    this.wheel.touch();
    this.#clientEnded = true;
    if (this.state === LEAVING) {
      if (this.socket.queuedBytes === 0) this.socket.close();
      return;
    }
    // hot-exception: once a connection, connection.bench.ts
    for (const each of [...this.streams.values()]) {
      if (each.remoteEnded) continue;
      this.resetStream(each, CODE.CANCEL);
      (each as ServerStream).lose(H2.TRUNCATED);
    }
    if (this.streams.size === 0) this.#leave();
    else this.wheel.armFromTouch(this.#timer, HALF_CLOSE_GRACE_MS);
  }

  onClose(error: SocketError | null): void {
    this.wheel.touch();
    this.state = CLOSED;
    this.facts.isGone = true;
    this.#disarm();
    this.#context.onConnectionClosed(this, error);
    this.#loseAll(this.#goneFor);
  }

  onTimer(timer: Timer): void {
    if (timer.kind === BLOCK_TIMER) this.fail(H2.HEAD_TIMEOUT.with("a header block"));
    else if (this.state === LEAVING) this.#endLinger();
    else if (this.#clientEnded) this.socket.close();
    else if (this.#farewell === ANNOUNCED) this.#sayLast();
    else if (!this.#hasGreeting) this.fail(H2.HEAD_TIMEOUT.with("the preface"));
    // Nothing has come for the idle time.
    else this.drain();
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected onPong(): void {
    if (this.#farewell === ANNOUNCED) this.#sayLast();
    this.#sweep.onPong();
  }

  #sayLast(): void {
    this.#farewell = FINAL;
    this.output.goaway(this.#lastId, CODE.NO_ERROR);
    this.wheel.disarm(this.#timer);
    if (this.streams.size === 0) this.#leave();
  }

  /** Everything has been said: our FIN, and time for the client to read it. */
  #leave(): void {
    this.state = LEAVING;
    this.#disarm();
    this.output.flush();
    this.socket.end();
    this.#leftAtFin = this.bytesLeft;
    if (this.#clientEnded && this.socket.queuedBytes === 0) this.socket.close();
    else this.wheel.armFromTouch(this.#timer, LINGER_MS);
  }

  /** Of the last answer some may still wait in the socket, and its reader be slow: as long as he reads, he has the time for it. */
  #endLinger(): void {
    const left = this.bytesLeft;
    const least = Math.max(1, ((this.#context.bounds.minBodyBytesPerSecond ?? 0) * LINGER_MS) / 1000);
    const isRead = left - this.#leftAtFin >= least;
    this.#leftAtFin = left;
    if (isRead && this.socket.queuedBytes > 0) this.wheel.armFromTouch(this.#timer, LINGER_MS);
    else this.socket.close();
  }

  protected onFailure(fault: Fault): void {
    this.#context.onConnectionFault(this, fault);
    this.output.goaway(this.#lastId, H2.codeOf(fault.kind));
    this.state = LEAVING;
    this.#loseAll(fault);
    // A client that does not read would not read this either.
    if (this.output.isBlocked) this.socket.reset();
    else this.#leave();
  }

  #loseAll(fault: Fault): void {
    // hot-exception: once a connection, connection.bench.ts
    for (const each of [...this.streams.values()]) {
      this.closeStream(each, true);
      (each as ServerStream).lose(fault);
    }
  }

  #disarm(): void {
    this.wheel.disarm(this.#timer);
    if (this.#blockTimer !== null) this.wheel.disarm(this.#blockTimer);
    this.#sweep.stop();
  }

  // ── streams ────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected isIdle(id: number): boolean {
    return id > this.#lastId || (id & 1) === 0;
  }

  protected override onBlockStart(): void {
    this.#blockTimer ??= new Timer(this, BLOCK_TIMER);
    this.wheel.armFromTouch(this.#blockTimer, this.#context.bounds.headTimeoutMs);
  }

  protected onHeaderBlock(id: number, ends: boolean, block: Uint8Array, from: number, to: number): boolean {
    if (this.#blockTimer !== null) this.wheel.disarm(this.#blockTimer);
    const stream = this.streams.get(id);
    if (stream !== undefined) return this.#takeTrailers(stream as ServerStream, ends, block, from, to);
    if ((id & 1) === 0) return this.fail(H2.BAD_STREAM.with(`HEADERS for stream ${id}`));
    const requests = this.#requests;
    requests.begin(this.#context.bounds);
    if (!this.decode(block, from, to, requests)) return false;
    if (id <= this.#lastId) return this.#judgeLate(id, ends);
    this.#lastId = id;
    if (this.#farewell === FINAL) {
      this.closedStreams.add(id, this.streamWindow);
      return true;
    }
    // Answers without a body close their streams, read or not: a client that reads none is to ask no more.
    if (this.streams.size >= this.#mostStreams || this.output.isFull) {
      this.output.reset(id, CODE.REFUSED_STREAM);
      this.closedStreams.add(id, this.streamWindow);
      return this.budgets.refusals.take(this.wheel.nowMs) || this.fail(H2.STREAM_FLOOD);
    }
    this.#open(id, ends, requests.finish(this.#context.scheme, ends));
    return this.state === OPEN;
  }

  #open(id: number, ends: boolean, head: RequestHead | FaultDefinition): void {
    const stream = new ServerStream(this, this.facts);
    if (this.streams.size === 0) {
      this.wheel.disarm(this.#timer);
      if (this.#farewell === ANNOUNCED) this.wheel.armFromTouch(this.#timer, GOODBYE_MS);
      this.#sweep.start();
    }
    this.addStream(id, stream);
    stream.remoteEnded = ends;
    const { acceptor } = this.#context;
    if ("kind" in head) {
      if (head.status === 400 && !this.budgets.errors.take(this.wheel.nowMs)) {
        this.fail(H2.ERROR_FLOOD);
        return;
      }
      stream.beginRefused(head, acceptor.refuse(head, stream));
      return;
    }
    if (!ends)
      stream.isConversation = head.upgrade !== null || head.fields.get(FIELD.CONTENT_TYPE)?.startsWith("application/grpc") === true;
    stream.begin(head, acceptor.accept(head, stream));
    this.#arrived.push(stream);
  }

  /**
   * Requests are begun when all that came with them has been read: what is reset in the same breath costs no upstream anything
   * (CVE-2023-44487).
   */
  #beginArrived(): void {
    const arrived = this.#arrived;
    for (let i = 0; i < arrived.length; i++) arrived[i]!.exchange?.onRequestReady();
    arrived.length = 0;
  }

  /** A block for a stream that is over. */
  #judgeLate(id: number, ends: boolean): boolean {
    if (this.closedStreams.wasResetByUs(id)) {
      return this.closedStreams.takeCrossing(id, 0, ends) || this.budgets.empty.take(this.wheel.nowMs) || this.fail(H2.EMPTY_DATA_FLOOD);
    }
    return this.fail((this.closedStreams.hasEnded(id) ? H2.STREAM_CLOSED : H2.BAD_STREAM).with(`HEADERS for stream ${id}`));
  }

  #takeTrailers(stream: ServerStream, ends: boolean, block: Uint8Array, from: number, to: number): boolean {
    const trailers = this.#trailers;
    trailers.begin(this.#context.bounds);
    if (!this.decode(block, from, to, trailers)) return false;
    if (stream.remoteEnded) {
      this.onBadStream(stream, CODE.STREAM_CLOSED);
      return this.state === OPEN;
    }
    const fields = trailers.finish("request");
    // RFC 9113 8.5: a tunnel has DATA and nothing else.
    if (!ends || "kind" in fields || stream.isTunnel) this.onMalformed(stream);
    else stream.receiveEnd(fields.received > 0 ? fields : null);
    return this.state === OPEN;
  }

  /** The message is malformed: RFC 9113 8.1.1. */
  onMalformed(stream: ServerStream): void {
    this.onBadStream(stream, CODE.PROTOCOL_ERROR);
  }

  protected onBadStream(stream: Http2Stream, code: number): void {
    this.resetStream(stream, code);
    (stream as ServerStream).lose(H2.STREAM_ERROR.with(CODE.errorName(code)));
    if (!this.budgets.errors.take(this.wheel.nowMs)) this.fail(H2.ERROR_FLOOD);
  }

  protected onReset(stream: Http2Stream, code: number): boolean {
    const isPremature = !stream.localEnded;
    const { exchange } = stream as ServerStream;
    const isCostly = exchange?.holdsConnection === true && !(stream as ServerStream).isTunnel;
    this.closeStream(stream, false);
    (stream as ServerStream).lose(H2.STREAM_RESET.with(CODE.errorName(code)));
    if (isPremature && !this.budgets.resets.take(this.wheel.nowMs)) return this.fail(H2.RESET_FLOOD);
    return !isCostly || this.budgets.churn.take(this.wheel.nowMs) || this.fail(H2.CHURN_FLOOD);
  }

  /** An answer that the client brought about has cost an upstream what a reset of the client's would have cost it. */
  takeToll(toll: Toll): void {
    if (toll !== "request" && toll !== "connection") return;
    if (!this.budgets.resets.take(this.wheel.nowMs)) this.fail(H2.RESET_FLOOD);
    else if (toll === "connection" && !this.budgets.churn.take(this.wheel.nowMs)) this.fail(H2.CHURN_FLOOD);
  }

  /** Too slow, in whichever direction: the stream goes, the others stay. */
  giveUp(stream: ServerStream, fault: FaultDefinition): void {
    this.resetStream(stream, H2.codeOf(fault.kind));
    stream.lose(fault);
  }

  createTunnel(stream: ServerStream, exchange: ClientEvents): StreamTunnel {
    const tunnel = new StreamTunnel(stream, exchange, this.wheel, this.#context.bounds.idleTimeoutMs);
    if (this.#farewell !== STAYS) tunnel.webSocket.leave();
    return tunnel;
  }

  failWith(fault: Fault): void {
    this.fail(fault);
  }

  protected onStreamClosed(stream: Http2Stream): void {
    // What costs us nothing, such as 404, pays for nothing.
    if (stream.localEnded && (stream as ServerStream).toll === "answer") {
      this.budgets.resets.give(1);
      this.budgets.churn.give(1);
    }
    if (this.streams.size > 0 || this.state !== OPEN) return;
    this.#sweep.stop();
    if (this.#farewell === FINAL || this.#clientEnded) this.#leave();
    else if (this.#farewell === STAYS) this.#armIdle();
  }

  #armIdle(): void {
    const { idleTimeoutMs } = this.#context.bounds;
    if (idleTimeoutMs !== null) this.wheel.armFromTouch(this.#timer, idleTimeoutMs);
  }

  // ── what else the client says ──────────────────────────────────────────────────────────────────────────────────────

  protected onPeerSettings(isFirst: boolean): void {
    if (!isFirst) return;
    this.#hasGreeting = true;
    if (this.streams.size > 0 || this.#farewell !== STAYS) return;
    this.wheel.disarm(this.#timer);
    this.#armIdle();
  }

  protected onSettingsAck(): void {}

  /** RFC 9113 6.8: a client opens no streams for us to open, and ends its own as it likes. */
  protected onGoaway(): void {}

  /** A client may say it of a stream that it is about to open, or is waiting for; the field of the request is what goes upstream. */
  protected onPriorityUpdate(bytes: Uint8Array, from: number): boolean {
    const id = FRAME.readUint32(bytes, from) & 0x7fffffff;
    return (id & 1) === 1 || this.fail(H2.BAD_FRAME.with("PRIORITY_UPDATE"));
  }
}
