// One request of a client and its answer: the stream towards an exchange. RFC 9113 8.1. @hot

import type { Fault, FaultDefinition } from "../../base/index.ts";
import {
  type ClientEvents,
  type ClientFacts,
  type ClientSide,
  Fields,
  type RequestHead,
  type ResponseHead,
  type Toll,
} from "../../http/index.ts";
import * as CODE from "../error-codes.ts";
import { codeOf } from "../faults.ts";
import { writeInterim, writeResponse } from "../messages/index.ts";
import type { Http2ServerConnection } from "./server-connection.ts";
import { Http2Stream } from "./stream.ts";
import type { StreamTunnel } from "./stream-tunnel.ts";

const NO_RESET = -1;
const UNTOLD = -1;
const NO_FIELDS = new Fields("");

export class ServerStream extends Http2Stream implements ClientSide {
  readonly facts: ClientFacts;
  exchange: ClientEvents | null = null;
  /** Its body may come as slowly as it likes: both sides of a call speak when they have something to say. */
  isConversation = false;
  hasSentHead = false;
  /** Known once the exchange has ended by itself. */
  toll: Toll = "nothing";
  readonly #server: Http2ServerConnection;
  #isHeadMethod = false;
  #asksForWebSocket = false;
  #continueOwed = false;
  /** The request is malformed: whoever answers it answers nobody, the stream is reset with this. */
  #resetCode = NO_RESET;
  /** An answer without a body, until it is known whether trailers follow. */
  #head: ResponseHead | null = null;
  #tunnel: StreamTunnel | null = null;
  /** Of the response's body, by what its head has promised. */
  #owed = UNTOLD;

  constructor(server: Http2ServerConnection, facts: ClientFacts) {
    super(server);
    this.#server = server;
    this.facts = facts;
  }

  /** The head is complete; the exchange is told when it may begin. */
  begin(head: RequestHead, exchange: ClientEvents): void {
    this.#isHeadMethod = head.method === "HEAD";
    this.#asksForWebSocket = head.upgrade !== null;
    this.#continueOwed = head.expectsContinue;
    if (head.bodyLength >= 0 && head.upgrade === null) this.expect(head.bodyLength);
    this.exchange = exchange;
  }

  /** No head came of it; the exchange is there for the record, and for the answer where there is one. */
  beginRefused(fault: FaultDefinition, exchange: ClientEvents): void {
    if (fault.status === 400) this.#resetCode = codeOf(fault.kind);
    this.exchange = exchange;
    exchange.onRequestReady();
  }

  /** The exchange is over from the client's side, for whatever reason. */
  lose(fault: Fault): void {
    const { exchange } = this;
    this.exchange = null;
    if (exchange !== null) exchange.onClientGone(fault);
  }

  // ── request in ─────────────────────────────────────────────────────────────────────────────────────────────────────

  protected deliver(chunk: Uint8Array): boolean {
    if (this.exchange === null) return true;
    return this.#tunnel === null ? this.exchange.onRequestChunk(chunk) : this.#tunnel.webSocket.toUpstream(chunk);
  }

  protected deliverEnd(trailers: Fields | null): void {
    if (this.exchange === null) return;
    if (this.#tunnel === null) this.exchange.onRequestEnd(trailers);
    else this.#tunnel.webSocket.endFromClient();
  }

  protected onWrongLength(): void {
    this.#server.onMalformed(this);
  }

  resumeRequest(): void {
    if (this.#continueOwed) {
      this.#continueOwed = false;
      if (!this.hasSentHead && this.bytesIn === 0 && !this.remoteEnded) this.#interim(100, NO_FIELDS);
    }
    this.resume();
  }

  pauseRequest(): void {
    this.pause();
  }

  // ── response out ───────────────────────────────────────────────────────────────────────────────────────────────────

  sendInterim(status: number, fields: Fields): void {
    if (!this.hasSentHead) this.#interim(status, fields);
  }

  #interim(status: number, fields: Fields): void {
    if (this.closed || this.#resetCode !== NO_RESET) return;
    writeInterim(this.connection.output.beginHeaders(), status, fields);
    this.connection.output.endHeaders(this.id, false);
  }

  /** Other requests of the connection are none of this one's concern. */
  closeAfterResponse(): void {}

  sendHead(head: ResponseHead): void {
    this.hasSentHead = true;
    if (this.closed || this.#resetCode !== NO_RESET) return;
    if (head.status === 101) {
      this.#writeHead(head, false);
      this.#tunnel = this.#server.createTunnel(this, this.exchange!);
      return;
    }
    // RFC 8441 5: any 2xx would tell the client that its WebSocket is open, where over HTTP/1.1 only a 101 does.
    if (this.#asksForWebSocket && head.status >= 200 && head.status < 300) head.status = 502;
    this.#owed = head.bodyLength;
    if (head.bodyLength === 0) this.#head = head;
    else this.#writeHead(head, false);
  }

  #writeHead(head: ResponseHead, ends: boolean): void {
    writeResponse(this.connection.output.beginHeaders(), head, this.#isHeadMethod);
    this.connection.output.endHeaders(this.id, ends);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#resetCode !== NO_RESET) return true;
    if (this.#owed !== UNTOLD) {
      this.#owed -= chunk.length;
      // More than the head has promised is not sent; end() tells.
      if (this.#owed < 0) return true;
    }
    return this.#tunnel === null ? this.sendContent(chunk) : this.#tunnel.webSocket.toClient(chunk);
  }

  get isTunnel(): boolean {
    return this.#tunnel !== null;
  }

  sendInTunnel(chunk: Uint8Array): boolean {
    return this.sendContent(chunk);
  }

  /** The gateway, or this part of it, stops. */
  leaveTunnel(): void {
    if (this.exchange !== null) this.#tunnel?.webSocket.leave();
  }

  /** The tunnel's time is over. In order, since a client that is reset may not read the Close that it was sent. */
  endTunnel(fault: FaultDefinition): void {
    this.lose(fault);
    this.#tunnel?.stop();
    this.finish(null);
  }

  override release(): void {
    this.#tunnel?.stop();
    super.release();
  }

  end(trailers: Fields | null): void {
    this.#leaveExchange();
    this.#endAnswer(trailers);
    this.#server.takeToll(this.toll);
  }

  #leaveExchange(): void {
    if (this.exchange !== null) this.toll = this.exchange.toll;
    this.exchange = null;
  }

  #endAnswer(trailers: Fields | null): void {
    this.#tunnel?.stop();
    if (this.#resetCode !== NO_RESET || (this.#owed !== UNTOLD && this.#owed !== 0)) {
      this.connection.resetStream(this, this.#resetCode === NO_RESET ? CODE.INTERNAL_ERROR : this.#resetCode);
      return;
    }
    const head = this.#head;
    if (head === null || this.closed) {
      this.finish(trailers);
      return;
    }
    this.#head = null;
    this.#writeHead(head, trailers === null);
    if (trailers !== null) this.finish(trailers);
    else this.finishWithHead();
  }

  abort(fault: Fault | null): void {
    this.#leaveExchange();
    if (this.#tunnel !== null && this.#tunnel.webSocket.fault !== null) {
      this.#tunnel.stop();
      this.finish(null);
      return;
    }
    this.connection.resetStream(this, fault === null ? CODE.INTERNAL_ERROR : toClientCode(codeOf(fault.kind)));
    this.#server.takeToll(this.toll);
  }

  /** Whatever a turn causes leaves together as it is. */
  cork(): boolean {
    return false;
  }

  uncork(): void {}

  onSent(): void {
    if (!this.endIfOwed()) this.exchange?.onClientDrain();
  }

  /** The answer is complete and the request is not: RFC 9113 8.1 lets us ask the client to stop. */
  protected onLocalEnd(): void {
    if (this.remoteEnded) this.connection.closeStream(this, false);
    else if (this.#tunnel === null) this.stopClient();
    else {
      // As over TCP (RFC 8441 5) the client ends its half by itself, once it has read ours; only one that lingers is told to stop.
      this.#tunnel.awaitClient();
      this.resume();
    }
  }

  stopClient(): void {
    this.connection.resetStream(this, CODE.NO_ERROR);
  }
}

/** What a code of an upstream means to our client, once he has seen part of an answer: that nothing was processed is no longer true. */
function toClientCode(code: number): number {
  switch (code) {
    case CODE.CANCEL:
    case CODE.ENHANCE_YOUR_CALM:
    case CODE.HTTP_1_1_REQUIRED:
      return code;
    default:
      return CODE.INTERNAL_ERROR;
  }
}
