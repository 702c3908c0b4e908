// One client connection: requests in, one after the other, responses out. RFC 9112 on the side of the client. @hot
// It knows bytes and frames; what a request means is the exchange's, which it reaches through http/sides.ts alone.

import { cutPiece, type Fault, type FaultDefinition, joinBytes, Timer } from "../base/index.ts";
import { type ClientEvents, type ClientFacts, type ClientSide, type Fields, FLOW, type ResponseHead } from "../http/index.ts";
import type { Socket, SocketError, SocketHandler } from "../transport/index.ts";
import { CHUNK_DATA, CHUNK_END, CHUNK_MORE, ChunkedDecoder } from "./chunked-decoder.ts";
import { readClientFacts } from "./client-facts.ts";
import { ClientOutput } from "./client-output.ts";
import * as H1 from "./faults.ts";
import { HeadIntake } from "./head-intake.ts";
import { DONE, FAULT, HeadParser } from "./head-parser.ts";
import { ReadRate } from "./read-rate.ts";
import { readRequestHead, requestFrame } from "./request-head.ts";
import { CONTINUE_TEXT, encodeInterim, encodeResponseHead } from "./response-writer.ts";
import {
  HALF_CLOSE_GRACE_MS,
  LINGER_BYTES,
  LINGER_MS,
  type ListenedConnection,
  PIPELINED_BYTES,
  type ServerContext,
} from "./server-context.ts";
import { BODY, CLOSED, HEAD, LINGER, TUNNEL, WAIT } from "./server-states.ts";
import { Tunnel } from "./tunnel.ts";

const parser = new HeadParser("request");

export class ServerConnection implements SocketHandler, ClientSide, ListenedConnection {
  readonly facts: ClientFacts;
  readonly #socket: Socket;
  readonly #context: ServerContext;
  readonly #readTimer: Timer;
  readonly #output: ClientOutput;
  readonly #readRate: ReadRate;
  readonly #intake = new HeadIntake(parser, H1.BAD_LINE_END, H1.HEAD_TOO_LARGE, true);
  #state = HEAD;
  #exchange: ClientEvents | null = null;
  /** Bytes received and not yet used: `input[inputAt …]`. */
  #input: Uint8Array | null = null;
  #inputAt = 0;
  #pumping = false;
  /** Of the request: */
  #keepAlive = false;
  #version = 11;
  #isHeadMethod = false;
  #acceptsTrailers = false;
  #continueOwed = false;
  #bodyPaused = true;
  #bodyRemaining = 0;
  #decoder: ChunkedDecoder | null = null;
  #clientEnded = false;
  #lingered = 0;
  #tunnel: Tunnel | null = null;
  /** Of a connection that drains, counted from the end of its last answer; -1 while it does not. */
  #drainIdleMs = -1;
  #idleSinceMs: number;
  /** What an exchange is told whose connection goes while it is under way. */
  #goneFor: FaultDefinition = FLOW.CLIENT_GONE;

  constructor(socket: Socket, context: ServerContext) {
    this.#socket = socket;
    this.#context = context;
    this.facts = readClientFacts(socket, context.listener);
    context.wheel.touch();
    this.#readTimer = new Timer(this, 0);
    this.#output = new ClientOutput(socket, context.wheel, context.bounds.minBodyBytesPerSecond);
    this.#readRate = new ReadRate(context.wheel, this.#readTimer, context.bounds.minBodyBytesPerSecond);
    this.#idleSinceMs = context.wheel.nowMs;
    context.wheel.armFromTouch(this.#readTimer, context.bounds.headTimeoutMs);
  }

  /** Between requests, with nothing half-read: closing now loses nothing. */
  get isIdle(): boolean {
    return this.#state === HEAD && this.#input === null && this.#intake.isEmpty;
  }

  /**
   * Serves one more request, whose answer says that it was the last: a FIN may cross with a request and lose it, an answer can't.
   * So it ends without one only when none has come for `idleMs`. A WebSocket is told; other tunnels know no farewell.
   */
  drain(idleMs = 0): void {
    const wheel = this.#context.wheel;
    wheel.touch();
    this.#drainIdleMs = idleMs;
    if (this.#state === TUNNEL) this.#tunnel!.leave();
    else if (!this.isIdle) return;
    else if (wheel.nowMs - this.#idleSinceMs >= idleMs) this.#startLinger();
    else this.#armIdle();
  }

  get exchange(): ClientEvents | null {
    return this.#exchange;
  }

  destroy(): void {
    this.#goneFor = FLOW.STOPPED;
    this.#socket.reset();
  }

  // ── from the socket ────────────────────────────────────────────────────────────────────────────────────────────────

  onOpen(): void {}

  onSecure(): void {
    this.facts.tls = this.#socket.tls;
    this.#context.onHandshake(this);
  }

  onData(chunk: Uint8Array): void {
    this.#context.wheel.touch();
    this.#readRate.count(chunk.length);
    if (this.#state === LINGER) {
      this.#lingered += chunk.length;
      if (this.#lingered > LINGER_BYTES) this.#socket.close();
      return;
    }
    if (this.#input === null) {
      this.#input = chunk;
      this.#inputAt = 0;
    } else {
      // More of a pipelined request, up to PIPELINED_BYTES, or what was on its way when we paused.
      this.#input = joinBytes(this.#input, this.#inputAt, chunk);
      this.#inputAt = 0;
    }
    this.#pump();
  }

  onDrain(): void {
    if (!this.#output.isBlocked || this.#state === CLOSED) return;
    this.#context.wheel.touch();
    this.#output.onDrain();
    if (this.#exchange !== null) this.#exchange.onClientDrain();
    else if (this.#state === LINGER) this.#context.wheel.armFromTouch(this.#readTimer, LINGER_MS);
    else if (this.#state === HEAD) {
      this.#idleSinceMs = this.#context.wheel.nowMs;
      this.#armIdle();
      this.#socket.resume();
      this.#pump();
    }
  }

  onEnd(): void {
    this.#context.wheel.touch();
    this.#clientEnded = true;
    switch (this.#state) {
      case HEAD:
      case BODY:
      case TUNNEL:
        // Bytes may still be held back, here for the exchange: the end is judged behind them.
        if (this.#input === null) this.#finishEnded();
        return;
      case WAIT:
        this.#context.wheel.armFromTouch(this.#readTimer, HALF_CLOSE_GRACE_MS);
        return;
      case LINGER:
        // A client that still reads the response gets the rest of it; the socket then closes by itself.
        if (this.#socket.queuedBytes === 0) this.#socket.close();
    }
  }

  onClose(error: SocketError | null): void {
    this.#context.wheel.touch();
    this.#letGo();
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#context.onConnectionClosed(this, error);
    if (exchange !== null) exchange.onClientGone(this.#output.isTooSlow ? H1.READ_TOO_SLOW : this.#goneFor);
  }

  onTimer(): void {
    if (this.#state === HEAD) this.#onHeadTimeout();
    else if (this.#state === BODY) this.#checkReadRate();
    else if (this.#state === WAIT) this.#giveUp(FLOW.CLIENT_GONE);
    else if (this.#state === TUNNEL) {
      const fault = this.#tunnel!.check();
      if (fault !== null) this.#giveUp(fault);
    }
    // A last answer sent in one piece may turn out longer than the client takes only when it is uncorked: the write timer has it.
    else if (!this.#output.isBlocked) this.#socket.close();
  }

  // ── request in ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Uses up the input as far as state and back-pressure allow. Never entered twice: an answer given meanwhile just returns. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const hadInput = this.#input !== null;
    let goesOn = true;
    while (goesOn && this.#input !== null) {
      if (this.#state === HEAD) goesOn = this.#takeHead(this.#input);
      else if (this.#state === BODY) goesOn = this.#takeBody(this.#input);
      else if (this.#state === TUNNEL) goesOn = this.#takeTunnel(this.#input);
      else {
        // WAIT keeps a pipelined request where it is, and reads on a little: nobody hears of the end of a socket that is not
        // read. LINGER and CLOSED have no use for it.
        if (this.#state !== WAIT) this.#input = null;
        else if (this.#input.length - this.#inputAt > PIPELINED_BYTES) this.#socket.pause();
        goesOn = false;
      }
    }
    this.#pumping = false;
    if (this.#clientEnded && hadInput && this.#input === null) this.#finishEnded();
  }

  /** FIN came, and everything before it has been used up. */
  #finishEnded(): void {
    if (this.isIdle) this.#startLinger();
    else if (this.#state === HEAD) this.#refuse(H1.TRUNCATED);
    else if (this.#state === BODY) this.#exchange?.onRequestFault(H1.TRUNCATED);
    else if (this.#state === TUNNEL && this.#exchange !== null) this.#tunnel!.endFromClient();
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
    if (this.#output.isBlocked) {
      // A client that sends requests and reads no answers gets no further ones.
      this.#socket.pause();
      return false;
    }
    const bounds = this.#context.bounds;
    const wasEmpty = this.#intake.isEmpty;
    const result = this.#intake.take(input, this.#inputAt, bounds);
    if (result === DONE) {
      this.#advance(input, this.#intake.end);
      return this.#startExchange();
    }
    this.#input = null;
    if (result === FAULT) this.#refuse(this.#intake.fault);
    // A first head has its time from the accept on; on a kept connection the idle timer ends here.
    else if (wasEmpty && (this.#output.bytesOut > 0 || !this.#context.wheel.isArmed(this.#readTimer))) {
      this.#context.wheel.armFromTouch(this.#readTimer, bounds.headTimeoutMs);
    }
    return false;
  }

  #startExchange(): boolean {
    const head = readRequestHead(parser, this.#context.scheme);
    if ("kind" in head) {
      this.#refuse(head);
      return false;
    }
    this.#intake.reset();
    this.#keepAlive = requestFrame.keepAlive && !this.#context.draining;
    this.#version = head.version;
    this.#isHeadMethod = head.method === "HEAD";
    this.#acceptsTrailers = head.acceptsTrailers;
    this.#continueOwed = head.expectsContinue;
    this.#output.reset();
    this.#bodyPaused = true;
    this.#context.wheel.disarm(this.#readTimer);
    if (head.bodyLength === 0) {
      this.#state = WAIT;
      if (this.#clientEnded) this.#context.wheel.armFromTouch(this.#readTimer, HALF_CLOSE_GRACE_MS);
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
    this.#output.reset();
    this.#input = null;
    this.#intake.reset();
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
      if (!exchange.onRequestChunk(cutPiece(input, at, at + take))) this.pauseRequest();
      if (this.#bodyRemaining === 0 && this.#state === BODY) this.#endBody(null);
      return true;
    }
    const decoder = this.#decoder;
    const result = decoder.next(input, at, input.length);
    if (result === CHUNK_DATA) {
      this.#advance(input, decoder.position);
      if (!exchange.onRequestChunk(cutPiece(input, decoder.dataStart, decoder.dataEnd))) this.pauseRequest();
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
    const piece = cutPiece(input, this.#inputAt, input.length);
    this.#input = null;
    if (!this.#tunnel!.toUpstream(piece)) this.pauseRequest();
    return true;
  }

  resumeRequest(): void {
    if (!this.#bodyPaused || (this.#state !== BODY && this.#state !== TUNNEL)) return;
    this.#bodyPaused = false;
    if (this.#continueOwed) {
      this.#continueOwed = false;
      if (this.#output.isUnsent && this.#input === null) this.#output.sendText(CONTINUE_TEXT);
    }
    if (this.#state === BODY) this.#readRate.arm();
    this.#socket.resume();
    if (this.#input !== null) this.#pump();
    // It may have come before the tunnel did.
    else if (this.#clientEnded && this.#state === TUNNEL && !this.#pumping) this.#finishEnded();
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
    if (this.#version === 10 || !this.#output.isUnsent) return;
    this.#output.sendText(encodeInterim(status, fields));
  }

  sendHead(head: ResponseHead): void {
    if (head.status === 101) {
      this.#startTunnel(head);
      return;
    }
    // A client that was never told to send its body may or may not send it now: nobody could tell body from next request.
    // The same where the answer overtakes the body: the client is told so (RFC 9112 9.3) and may stop sending.
    if (this.#continueOwed || this.#state === BODY || this.#context.draining) this.#keepAlive = false;
    if (!this.#output.startBody(head, this.#version)) this.#keepAlive = false;
    this.#output.sendText(encodeResponseHead(head, this.#version, this.#keepAlive, this.#output.isChunked, this.#isHeadMethod));
  }

  write(chunk: Uint8Array): boolean {
    return this.#tunnel === null ? this.#output.write(chunk) : this.#tunnel.toClient(chunk);
  }

  end(trailers: Fields | null): void {
    if (this.#output.isWrongLength) {
      this.abort(null);
      return;
    }
    this.#output.endBody(this.#acceptsTrailers ? trailers : null);
    this.#exchange = null;
    if (this.#state === CLOSED) return;
    if (this.#state === BODY || this.#state === TUNNEL || !this.#keepAlive || (this.#clientEnded && this.#input === null)) {
      this.#startLinger();
      return;
    }
    this.#state = HEAD;
    this.#idleSinceMs = this.#context.wheel.nowMs;
    this.#armIdle();
    if (this.#input === null) return;
    this.#socket.resume();
    this.#pump();
  }

  abort(_fault: Fault | null): void {
    this.#exchange = null;
    // A client that is to read our Close would lose it by a reset.
    if (this.#state === TUNNEL && this.#tunnel!.isToldToClose) this.#startLinger();
    else {
      this.#letGo();
      this.#socket.reset();
    }
  }

  cork(): boolean {
    return this.#output.cork();
  }

  uncork(): void {
    this.#output.uncork();
  }

  #startTunnel(head: ResponseHead): void {
    this.#output.startTunnel();
    this.#keepAlive = false;
    this.#state = TUNNEL;
    this.#tunnel = new Tunnel(head, this.#context, this.#readTimer, this.#output, this.#exchange!);
    this.#output.sendText(encodeResponseHead(head, 11, true, false, false));
    if (this.#context.draining) this.#tunnel.leave();
  }

  #startLinger(): void {
    // A message may be long that a WebSocket was closed for: there the time alone counts.
    if (this.#tunnel?.isToldToClose) this.#lingered = Number.NEGATIVE_INFINITY;
    this.#state = LINGER;
    this.#input = null;
    this.#intake.reset();
    this.#socket.end();
    if (this.#clientEnded && this.#socket.queuedBytes === 0) {
      this.#socket.close();
      return;
    }
    // While the response still waits for the client, the write timer watches.
    if (this.#output.isBlocked) this.#context.wheel.disarm(this.#readTimer);
    else this.#context.wheel.armFromTouch(this.#readTimer, LINGER_MS);
    this.#socket.resume();
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #onHeadTimeout(): void {
    if (this.isIdle) this.#startLinger();
    else this.#refuse(H1.HEAD_TIMEOUT);
  }

  /** A client that still has an answer to read is not idle, nor is it late with a request that we would not look at. */
  #armIdle(): void {
    const wheel = this.#context.wheel;
    const idleMs = this.#drainIdleMs < 0 ? this.#context.bounds.idleTimeoutMs : this.#idleSinceMs + this.#drainIdleMs - wheel.nowMs;
    if (idleMs !== null && !this.#output.isBlocked) wheel.armFromTouch(this.#readTimer, idleMs);
    else wheel.disarm(this.#readTimer);
  }

  #checkReadRate(): void {
    if (this.#bodyPaused || this.#readRate.isKept()) return;
    this.#keepAlive = false;
    this.#bodyPaused = true;
    this.#exchange!.onRequestFault(H1.BODY_TOO_SLOW);
  }

  #giveUp(fault: FaultDefinition): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#letGo();
    this.#socket.close();
    if (exchange !== null) exchange.onClientGone(fault);
  }

  /** Whatever still comes of this connection is nobody's. */
  #letGo(): void {
    this.#state = CLOSED;
    this.facts.isGone = true;
    this.#input = null;
    this.#context.wheel.disarm(this.#readTimer);
    this.#output.stop();
  }
}
