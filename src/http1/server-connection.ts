// One client connection: requests in, one after the other, responses out. RFC 9112 on the side of the client. @hot
// It knows bytes and frames; what a request means is the exchange's, which it reaches through http/sides.ts alone.
//
// States, by what the next byte from the client is:
//   HEAD    of a request's head, or nothing yet            → BODY | WAIT | LINGER
//   BODY    of the request's body                          → WAIT | TUNNEL | LINGER
//   WAIT    of a pipelined request, left where it is       → HEAD | TUNNEL | LINGER
//   TUNNEL  of whatever 101 switched to                    → LINGER
//   LINGER  read and thrown away: the response is on its way, and closing with unread bytes would reset it (RFC 9112 9.6)
//   CLOSED

import { type FaultDefinition, Timer, type TimerWheel } from "../base/index.ts";
import {
  type ClientEvents,
  type ClientFacts,
  type ClientSide,
  type Fields,
  FLOW,
  type RequestAcceptor,
  type ResponseHead,
} from "../http/index.ts";
import type { Socket, SocketError, SocketHandler } from "../transport/index.ts";
import { CHUNK_DATA, CHUNK_END, CHUNK_MORE, ChunkedDecoder } from "./chunked-decoder.ts";
import * as H1 from "./faults.ts";
import { HeadBuffer } from "./head-buffer.ts";
import { FAULT, HeadParser, NEED_MORE } from "./head-parser.ts";
import { readRequestHead, requestFrame } from "./request-head.ts";
import { CONTINUE_TEXT, chunkHead, encodeInterim, encodeResponseHead, LAST_CHUNK, lastChunk } from "./response-writer.ts";
import type { ServerBounds } from "./server-bounds.ts";

const HEAD = 0;
const BODY = 1;
const WAIT = 2;
const TUNNEL = 3;
const LINGER = 4;
const CLOSED = 5;

/** How the response body is cut. */
const UNSENT = 0;
const BODILESS = 1;
const LENGTH = 2;
const CHUNKED = 3;
const UNTIL_CLOSE = 4;

/** A client that has shut its sending side may still read: this long, then it counts as gone. */
const HALF_CLOSE_GRACE_MS = 1000;
/** How long and how much we read from a client that we have said goodbye to. */
const LINGER_MS = 2000;
const LINGER_BYTES = 256 * 1024;
/** Rates are judged over windows of this length. */
const RATE_WINDOW_MS = 5000;
const READ_TIMER = 0;
const WRITE_TIMER = 1;
const CR = 0x0d;
const LF = 0x0a;

const parser = new HeadParser("request");

/** What a listener's connections share. */
export interface ServerContext {
  readonly listener: string;
  readonly scheme: "http" | "https";
  readonly bounds: ServerBounds;
  readonly wheel: TimerWheel;
  readonly acceptor: RequestAcceptor;
  /** True once the listener drains: every response says close. */
  readonly draining: boolean;
  onConnectionClosed(connection: ServerConnection): void;
}

export class ServerConnection implements SocketHandler, ClientSide {
  readonly facts: ClientFacts;
  readonly #socket: Socket;
  readonly #context: ServerContext;
  readonly #readTimer: Timer;
  readonly #writeTimer: Timer;
  #state = HEAD;
  #exchange: ClientEvents | null = null;
  /** Bytes received and not yet used: `input[inputAt …]`. */
  #input: Uint8Array | null = null;
  #inputAt = 0;
  #pumping = false;
  #headBuffer: HeadBuffer | null = null;
  /** One CRLF before a request line is forgiven (RFC 9112 2.2): 0 not seen, 1 its CR seen, 2 seen. */
  #stray = 0;
  /** Of the request: */
  #keepAlive = false;
  #version = 11;
  #isHeadMethod = false;
  #acceptsTrailers = false;
  #continueOwed = false;
  #bodyPaused = true;
  #bodyRemaining = 0;
  #decoder: ChunkedDecoder | null = null;
  #bytesIn = 0;
  #windowBytesIn = 0;
  #clientEnded = false;
  /** Of the response: */
  #mode = UNSENT;
  #responseRemaining = 0;
  #outputBlocked = false;
  #corked = false;
  #bytesOut = 0;
  #windowSent = 0;
  #lingered = 0;

  constructor(socket: Socket, context: ServerContext) {
    this.#socket = socket;
    this.#context = context;
    this.facts = { listener: context.listener, address: socket.remoteAddress, port: socket.remotePort, localPort: socket.localPort };
    context.wheel.touch();
    this.#readTimer = new Timer(this, READ_TIMER);
    this.#writeTimer = new Timer(this, WRITE_TIMER);
    context.wheel.armFromTouch(this.#readTimer, context.bounds.headTimeoutMs);
  }

  /** Between requests, with nothing half-read: closing now loses nothing. */
  get isIdle(): boolean {
    return this.#state === HEAD && this.#input === null && this.#headBuffer === null;
  }

  /** Tells the client, by response or by FIN, that this connection serves no further request. */
  drain(): void {
    this.#keepAlive = false;
    if (this.isIdle) this.#startLinger();
  }

  /** Ends the connection now, whatever is under way. */
  destroy(): void {
    this.#socket.reset();
  }

  // ── from the socket ────────────────────────────────────────────────────────────────────────────────────────────────

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    this.#context.wheel.touch();
    this.#bytesIn += chunk.length;
    if (this.#state === LINGER) {
      this.#lingered += chunk.length;
      if (this.#lingered > LINGER_BYTES) this.#socket.close();
      return;
    }
    if (this.#input === null) {
      this.#input = chunk;
      this.#inputAt = 0;
    } else {
      // Delivered although we had paused: rare, and at most one or two chunks.
      const rest = this.#input.subarray(this.#inputAt);
      const joined = new Uint8Array(rest.length + chunk.length);
      joined.set(rest);
      joined.set(chunk, rest.length);
      this.#input = joined;
      this.#inputAt = 0;
    }
    this.#pump();
  }

  onDrain(): void {
    if (!this.#outputBlocked || this.#state === CLOSED) return;
    this.#context.wheel.touch();
    this.#outputBlocked = false;
    this.#context.wheel.disarm(this.#writeTimer);
    if (this.#exchange !== null) this.#exchange.onClientDrain();
    else if (this.#state === LINGER) this.#context.wheel.armFromTouch(this.#readTimer, LINGER_MS);
    else if (this.#state === HEAD) {
      this.#socket.resume();
      this.#pump();
    }
  }

  onEnd(): void {
    this.#context.wheel.touch();
    this.#clientEnded = true;
    switch (this.#state) {
      case HEAD:
        if (this.isIdle) this.#startLinger();
        else if (!this.#outputBlocked) this.#refuse(H1.TRUNCATED);
        return;
      case BODY:
        if (this.#exchange !== null) this.#exchange.onRequestFault(H1.TRUNCATED);
        return;
      case WAIT:
        this.#context.wheel.armFromTouch(this.#readTimer, HALF_CLOSE_GRACE_MS);
        return;
      case TUNNEL:
        if (this.#exchange !== null) this.#exchange.onRequestEnd(null);
        return;
      case LINGER:
        this.#socket.close();
    }
  }

  onClose(_error: SocketError | null): void {
    this.#context.wheel.touch();
    this.#state = CLOSED;
    this.#context.wheel.disarm(this.#readTimer);
    this.#context.wheel.disarm(this.#writeTimer);
    this.#input = null;
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#context.onConnectionClosed(this);
    if (exchange !== null) exchange.onClientGone(FLOW.CLIENT_GONE);
  }

  onTimer(timer: Timer): void {
    if (timer.kind === WRITE_TIMER) this.#checkWriteRate();
    else if (this.#state === HEAD) this.#onHeadTimeout();
    else if (this.#state === BODY) this.#checkReadRate();
    else if (this.#state === WAIT) this.#giveUp();
    else if (this.#state === TUNNEL) this.#checkTunnel();
    else this.#socket.close();
  }

  // ── request in ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Uses up the input as far as state and back-pressure allow. Never entered twice: an answer given meanwhile just returns. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    let goesOn = true;
    while (goesOn && this.#input !== null) {
      if (this.#state === HEAD) goesOn = this.#takeHead(this.#input);
      else if (this.#state === BODY) goesOn = this.#takeBody(this.#input);
      else if (this.#state === TUNNEL) goesOn = this.#takeTunnel(this.#input);
      else {
        // WAIT keeps a pipelined request where it is; LINGER and CLOSED have no use for it.
        if (this.#state !== WAIT) this.#input = null;
        else this.#socket.pause();
        goesOn = false;
      }
    }
    this.#pumping = false;
  }

  #advance(input: Uint8Array, at: number): void {
    if (at < input.length) {
      this.#inputAt = at;
    } else {
      this.#input = null;
      this.#inputAt = 0;
    }
  }

  #takeHead(input: Uint8Array): boolean {
    if (this.#outputBlocked) {
      // A client that sends requests and reads no answers gets no further ones.
      this.#socket.pause();
      return false;
    }
    const bounds = this.#context.bounds;
    let at = this.#inputAt;
    let result: number;
    if (this.#headBuffer === null) {
      at = this.#skipStray(input, at);
      if (at < 0) return false;
      if (at >= input.length) {
        this.#input = null;
        return false;
      }
      result = parser.parse(input, at, input.length, bounds);
      if (result === NEED_MORE) {
        // A first head has its time from the accept on; on a kept connection the idle timer ends here.
        if (this.#bytesOut > 0 || !this.#context.wheel.isArmed(this.#readTimer))
          this.#context.wheel.armFromTouch(this.#readTimer, bounds.headTimeoutMs);
        this.#headBuffer = new HeadBuffer();
        this.#headBuffer.append(input, at, input.length, bounds);
        this.#input = null;
        return false;
      }
      at = parser.end;
    } else {
      const end = this.#headBuffer.append(input, at, input.length, bounds);
      if (end < 0) {
        this.#input = null;
        return false;
      }
      result = parser.parse(this.#headBuffer.bytes, 0, this.#headBuffer.length, bounds);
      this.#headBuffer = null;
      at = end;
      if (result === NEED_MORE) {
        this.#refuse(H1.HEAD_TOO_LARGE);
        return false;
      }
    }
    if (result === FAULT) {
      this.#refuse(parser.fault);
      return false;
    }
    this.#advance(input, at);
    return this.#startExchange();
  }

  /** Where the request line starts; -1 when the CRLF before it is still coming or is one too many. */
  #skipStray(input: Uint8Array, at: number): number {
    if (this.#stray === 1) {
      if (input[at] !== LF) {
        this.#refuse(H1.BAD_LINE_END);
        return -1;
      }
      this.#stray = 2;
      return at + 1;
    }
    if (this.#stray !== 0 || input[at] !== CR) return at;
    if (at + 1 < input.length) {
      this.#stray = 2;
      return input[at + 1] === LF ? at + 2 : at;
    }
    this.#stray = 1;
    this.#input = null;
    return -1;
  }

  #startExchange(): boolean {
    const head = readRequestHead(parser, this.#context.scheme);
    if ("kind" in head) {
      this.#refuse(head);
      return false;
    }
    this.#stray = 0;
    this.#keepAlive = requestFrame.keepAlive && !this.#context.draining;
    this.#version = head.version;
    this.#isHeadMethod = head.method === "HEAD";
    this.#acceptsTrailers = head.acceptsTrailers;
    this.#continueOwed = head.expectsContinue;
    this.#mode = UNSENT;
    this.#bodyPaused = true;
    this.#context.wheel.disarm(this.#readTimer);
    if (head.bodyLength === 0) {
      this.#state = WAIT;
    } else {
      this.#state = BODY;
      this.#bodyRemaining = head.bodyLength;
      this.#decoder = head.bodyLength < 0 ? new ChunkedDecoder(H1.BAD_CHUNK, H1.BAD_TRAILER) : null;
    }
    const exchange = this.#context.acceptor.accept(head, this);
    this.#exchange = exchange;
    exchange.onRequestReady();
    return true;
  }

  /** Answers a request that is no request, and ends the connection: what follows can't be told apart from it. */
  #refuse(fault: FaultDefinition): void {
    this.#state = WAIT;
    this.#keepAlive = false;
    this.#version = 11;
    this.#isHeadMethod = false;
    this.#acceptsTrailers = false;
    this.#continueOwed = false;
    this.#mode = UNSENT;
    this.#input = null;
    this.#headBuffer = null;
    this.#context.wheel.disarm(this.#readTimer);
    const exchange = this.#context.acceptor.refuse(fault, this);
    this.#exchange = exchange;
    exchange.onRequestReady();
  }

  #takeBody(input: Uint8Array): boolean {
    if (this.#bodyPaused) {
      this.#socket.pause();
      return false;
    }
    const exchange = this.#exchange!;
    const at = this.#inputAt;
    if (this.#decoder === null) {
      const take = Math.min(this.#bodyRemaining, input.length - at);
      this.#bodyRemaining -= take;
      this.#advance(input, at + take);
      if (!exchange.onRequestChunk(take === input.length ? input : input.subarray(at, at + take))) this.pauseRequest();
      if (this.#bodyRemaining === 0 && this.#state === BODY) this.#endBody(null);
      return true;
    }
    const decoder = this.#decoder;
    const result = decoder.next(input, at, input.length);
    if (result === CHUNK_DATA) {
      this.#advance(input, decoder.position);
      if (!exchange.onRequestChunk(input.subarray(decoder.dataStart, decoder.dataEnd))) this.pauseRequest();
    } else if (result === CHUNK_MORE) {
      this.#input = null;
    } else if (result === CHUNK_END) {
      this.#advance(input, decoder.position);
      this.#endBody(decoder.trailers.received > 0 ? decoder.trailers : null);
    } else {
      this.#keepAlive = false;
      this.#input = null;
      this.#state = WAIT;
      exchange.onRequestFault(decoder.fault);
      return false;
    }
    return true;
  }

  #endBody(trailers: Fields | null): void {
    this.#state = WAIT;
    this.#decoder = null;
    this.#context.wheel.disarm(this.#readTimer);
    if (this.#clientEnded) this.#context.wheel.armFromTouch(this.#readTimer, HALF_CLOSE_GRACE_MS);
    this.#socket.resume();
    this.#exchange!.onRequestEnd(trailers);
  }

  #takeTunnel(input: Uint8Array): boolean {
    if (this.#bodyPaused) {
      this.#socket.pause();
      return false;
    }
    const at = this.#inputAt;
    this.#input = null;
    if (!this.#exchange!.onRequestChunk(at === 0 ? input : input.subarray(at))) this.pauseRequest();
    return true;
  }

  resumeRequest(): void {
    if (!this.#bodyPaused || (this.#state !== BODY && this.#state !== TUNNEL)) return;
    this.#bodyPaused = false;
    if (this.#continueOwed) {
      this.#continueOwed = false;
      if (this.#mode === UNSENT && this.#input === null) this.#socket.writeText(CONTINUE_TEXT);
    }
    if (this.#state === BODY) this.#armReadRate();
    this.#socket.resume();
    this.#pump();
  }

  pauseRequest(): void {
    if (this.#state !== BODY && this.#state !== TUNNEL) return;
    this.#bodyPaused = true;
    if (this.#state === BODY) this.#context.wheel.disarm(this.#readTimer);
    this.#socket.pause();
  }

  // ── response out ───────────────────────────────────────────────────────────────────────────────────────────────────

  closeAfterResponse(): void {
    this.#keepAlive = false;
  }

  sendInterim(status: number, fields: Fields): void {
    // RFC 9110 15.2: HTTP/1.0 knows no interim responses.
    if (this.#version === 10 || this.#mode !== UNSENT) return;
    this.#sendText(encodeInterim(status, fields));
  }

  sendHead(head: ResponseHead): void {
    if (head.status === 101) {
      this.#startTunnel(head);
      return;
    }
    // A client that was never told to send its body may or may not send it now: nobody could tell body from next request.
    if (this.#continueOwed || this.#context.draining) this.#keepAlive = false;
    if (head.bodyLength === 0) {
      this.#mode = BODILESS;
    } else if (head.bodyLength > 0) {
      this.#mode = LENGTH;
      this.#responseRemaining = head.bodyLength;
    } else if (this.#version === 11) {
      this.#mode = CHUNKED;
    } else {
      this.#mode = UNTIL_CLOSE;
      this.#keepAlive = false;
    }
    this.#sendText(encodeResponseHead(head, this.#version, this.#keepAlive, this.#mode === CHUNKED, this.#isHeadMethod));
  }

  write(chunk: Uint8Array): boolean {
    const length = chunk.length;
    if (length === 0 || this.#state === CLOSED) return !this.#outputBlocked;
    if (this.#mode === CHUNKED) {
      const corks = !this.#corked;
      if (corks) this.#socket.cork();
      const size = chunkHead(length);
      this.#socket.writeText(size);
      this.#socket.write(chunk);
      let goesOn = this.#socket.writeText("\r\n");
      this.#bytesOut += size.length + length + 2;
      if (corks) {
        this.#socket.uncork();
        goesOn = this.#socket.queuedBytes === 0;
      }
      return this.#afterWrite(goesOn);
    }
    if (this.#mode === LENGTH) {
      this.#responseRemaining -= length;
      if (this.#responseRemaining < 0) {
        this.abort();
        return true;
      }
    }
    this.#bytesOut += length;
    return this.#afterWrite(this.#socket.write(chunk));
  }

  end(trailers: Fields | null): void {
    if (this.#mode === LENGTH && this.#responseRemaining !== 0) {
      this.abort();
      return;
    }
    if (this.#mode === CHUNKED) this.#sendText(trailers === null || !this.#acceptsTrailers ? LAST_CHUNK : lastChunk(trailers));
    this.#exchange = null;
    if (this.#state === CLOSED) return;
    if (this.#state === BODY || this.#state === TUNNEL || !this.#keepAlive || this.#clientEnded) {
      this.#startLinger();
      return;
    }
    this.#state = HEAD;
    const idleMs = this.#context.bounds.idleTimeoutMs;
    if (idleMs !== null) this.#context.wheel.armFromTouch(this.#readTimer, idleMs);
    if (this.#input === null) return;
    this.#socket.resume();
    this.#pump();
  }

  abort(): void {
    this.#exchange = null;
    if (this.#state !== CLOSED) this.#socket.reset();
  }

  cork(): boolean {
    if (this.#corked) return false;
    this.#corked = true;
    this.#socket.cork();
    return true;
  }

  uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
    if (this.#socket.queuedBytes > 0) this.#afterWrite(false);
  }

  #sendText(text: string): void {
    this.#bytesOut += text.length;
    this.#afterWrite(this.#socket.writeText(text));
  }

  /** Remembers back-pressure and starts to watch how fast the client reads. */
  #afterWrite(goesOn: boolean): boolean {
    if (goesOn) return true;
    if (!this.#outputBlocked && !this.#socket.closed) {
      this.#outputBlocked = true;
      this.#windowSent = this.#bytesOut - this.#socket.queuedBytes;
      this.#context.wheel.armFromTouch(this.#writeTimer, RATE_WINDOW_MS);
    }
    return false;
  }

  #startTunnel(head: ResponseHead): void {
    this.#mode = UNTIL_CLOSE;
    this.#keepAlive = false;
    this.#state = TUNNEL;
    this.#context.wheel.disarm(this.#readTimer);
    const idleMs = this.#context.bounds.idleTimeoutMs;
    if (idleMs !== null) this.#context.wheel.armFromTouch(this.#readTimer, idleMs);
    this.#windowBytesIn = this.#bytesIn + this.#bytesOut;
    this.#sendText(encodeResponseHead(head, 11, true, false, false));
  }

  #startLinger(): void {
    this.#state = LINGER;
    this.#input = null;
    this.#headBuffer = null;
    this.#socket.end();
    if (this.#clientEnded && this.#socket.queuedBytes === 0) {
      this.#socket.close();
      return;
    }
    // While the response still waits for the client, the write timer watches.
    if (this.#outputBlocked) this.#context.wheel.disarm(this.#readTimer);
    else this.#context.wheel.armFromTouch(this.#readTimer, LINGER_MS);
    this.#socket.resume();
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #onHeadTimeout(): void {
    if (this.isIdle) this.#startLinger();
    else this.#refuse(H1.HEAD_TIMEOUT);
  }

  #armReadRate(): void {
    if (this.#context.bounds.minBodyBytesPerSecond === null) return;
    this.#windowBytesIn = this.#bytesIn;
    this.#context.wheel.armFromTouch(this.#readTimer, RATE_WINDOW_MS);
  }

  #checkReadRate(): void {
    const rate = this.#context.bounds.minBodyBytesPerSecond;
    if (rate === null || this.#bodyPaused) return;
    if (this.#bytesIn - this.#windowBytesIn >= (rate * RATE_WINDOW_MS) / 1000) {
      this.#armReadRate();
      return;
    }
    this.#keepAlive = false;
    this.#bodyPaused = true;
    this.#exchange!.onRequestFault(H1.BODY_TOO_SLOW);
  }

  /** The client must read at least at the rate at which it must send; without a rate, make some progress. */
  #checkWriteRate(): void {
    const sent = this.#bytesOut - this.#socket.queuedBytes;
    const rate = this.#context.bounds.minBodyBytesPerSecond ?? 0;
    if (sent - this.#windowSent < Math.max(1, (rate * RATE_WINDOW_MS) / 1000)) {
      this.#socket.reset();
      return;
    }
    this.#windowSent = sent;
    this.#context.wheel.armFromTouch(this.#writeTimer, RATE_WINDOW_MS);
  }

  #giveUp(): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#socket.close();
    if (exchange !== null) exchange.onClientGone(FLOW.CLIENT_GONE);
  }

  #checkTunnel(): void {
    const moved = this.#bytesIn + this.#bytesOut;
    if (moved === this.#windowBytesIn) {
      this.#giveUp();
      return;
    }
    this.#windowBytesIn = moved;
    this.#context.wheel.armFromTouch(this.#readTimer, this.#context.bounds.idleTimeoutMs!);
  }
}
