// A connection of which nobody knows yet what it speaks. Over TLS its handshake tells (ALPN). In the clear the first bytes do: who means
// HTTP/2 begins with a preface that no request of HTTP/1.1 begins with, and the first byte that is none of it makes a connection HTTP/1.1.

import { Buffer } from "node:buffer";
import { Timer, type TimerOwner, type TimerWheel } from "../base/index.ts";
import type { ClientFacts } from "../http/index.ts";
import type { ListenedConnection } from "../http1/index.ts";
import { PREFACE } from "../http2/index.ts";
import type { AcceptedSocket, SocketError, SocketHandler } from "../transport/index.ts";

export type ServedConnection = SocketHandler & ListenedConnection;

export interface UndecidedOwner {
  readonly wheel: TimerWheel;
  readonly bounds: { readonly headTimeoutMs: number };
  readonly scheme: "http" | "https";
  /** Whether a client that names no protocol in its handshake can be served: HTTP/2 over TLS is agreed on by name (RFC 9113 3.2). */
  readonly speaksHttp1: boolean;
  /** The connection that takes the place of the undecided one, in all counts too. Nothing has been delivered to it. */
  startHttp1(before: UndecidedConnection, socket: AcceptedSocket): ServedConnection & { onTimer(): void };
  startHttp2(before: UndecidedConnection, socket: AcceptedSocket): ServedConnection;
  /** A handshake is done; `facts` tell what it agreed on. */
  onHandshake(connection: UndecidedConnection): void;
  /** The same, but on no protocol, and the one that is meant then is not spoken here: the connection closes. */
  onNoProtocol(connection: UndecidedConnection): void;
  /** It went undecided. */
  onConnectionClosed(connection: UndecidedConnection, error: SocketError | null): void;
}

export class UndecidedConnection implements SocketHandler, ListenedConnection, TimerOwner {
  readonly facts: ClientFacts;
  readonly #socket: AcceptedSocket;
  readonly #owner: UndecidedOwner;
  readonly #timer = new Timer(this, 0);
  readonly #startedMs: number;
  /** How much of the preface has come. */
  #matched = 0;
  #isOver = false;

  constructor(socket: AcceptedSocket, facts: ClientFacts, owner: UndecidedOwner) {
    this.#socket = socket;
    this.facts = facts;
    this.#owner = owner;
    owner.wheel.touch();
    this.#startedMs = owner.wheel.nowMs;
    owner.wheel.armFromTouch(this.#timer, owner.bounds.headTimeoutMs);
  }

  /** A client that has said nothing for `idleMs` is let go; one that speaks before is served as on any listener that drains. */
  drain(idleMs = 0): void {
    if (this.#isOver || this.#matched > 0) return;
    const { wheel, bounds } = this.#owner;
    wheel.touch();
    const leftMs = this.#startedMs + Math.min(idleMs, bounds.headTimeoutMs) - wheel.nowMs;
    if (leftMs > 0) wheel.armFromTouch(this.#timer, leftMs);
    else this.onTimer();
  }

  destroy(): void {
    this.#socket.reset();
  }

  onOpen(): void {}

  onSecure(): void {
    const { tls } = this.#socket;
    const alpn = tls?.alpn ?? "";
    const speaksHttp1 = this.#owner.speaksHttp1 && (alpn === "" || alpn === "http/1.1");
    this.facts.tls = tls;
    if (alpn === "" && !speaksHttp1) this.#owner.onNoProtocol(this);
    else this.#owner.onHandshake(this);
    if (alpn === "h2") this.#startHttp2();
    else if (speaksHttp1) this.#startHttp1();
    // An authority that was shown its challenge's certificate came for the handshake alone.
    else this.#socket.close();
  }

  onData(chunk: Uint8Array): void {
    if (this.#isOver) return;
    const most = Math.min(chunk.length, PREFACE.length - this.#matched);
    let same = 0;
    while (same < most && chunk[same] === PREFACE[this.#matched + same]) same++;
    if (same < most) this.#startHttp1().onData(this.#joined(chunk));
    else if (this.#matched + same === PREFACE.length) this.#startHttp2().onData(this.#joined(chunk));
    else this.#matched += same;
  }

  onDrain(): void {}

  /** Whoever ends here means no HTTP/2. */
  onEnd(): void {
    if (this.#isOver) return;
    if (this.#owner.scheme === "https") this.#socket.close();
    else this.#startAsRead().onEnd();
  }

  /** Who is silent for so long meets the same end as on a listener of HTTP/1.1 alone. What has come is the beginning of a late request. */
  onTimer(): void {
    if (this.#owner.scheme === "https") this.#socket.close();
    else if (this.#matched > 0) this.#startAsRead();
    else this.#startHttp1().onTimer();
  }

  onClose(error: SocketError | null): void {
    if (this.#isOver) return;
    this.#end();
    this.facts.isGone = true;
    this.#owner.onConnectionClosed(this, error);
  }

  #startAsRead(): ServedConnection {
    const connection = this.#startHttp1();
    if (this.#matched > 0) connection.onData(Buffer.from(PREFACE.subarray(0, this.#matched)));
    return connection;
  }

  #startHttp1(): ServedConnection & { onTimer(): void } {
    this.#end();
    const connection = this.#owner.startHttp1(this, this.#socket);
    this.#socket.setHandler(connection);
    return connection;
  }

  #startHttp2(): ServedConnection {
    this.#end();
    const connection = this.#owner.startHttp2(this, this.#socket);
    this.#socket.setHandler(connection);
    return connection;
  }

  /** All that has come, in bytes of the receiver's own. */
  #joined(chunk: Uint8Array): Uint8Array {
    return this.#matched === 0 ? chunk : Buffer.concat([PREFACE.subarray(0, this.#matched), chunk]);
  }

  #end(): void {
    this.#isOver = true;
    this.#owner.wheel.disarm(this.#timer);
  }
}
