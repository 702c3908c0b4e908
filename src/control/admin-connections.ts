// The connections of the admin address. Few, and there is always room for one more: whoever holds connections without asking anything
// loses the oldest of them, so that nobody is locked out of a gateway that is being attacked.

import type { TimerWheel } from "../base/index.ts";
import type { ClientEvents, RequestAcceptor } from "../http/index.ts";
import { type ServerBounds, ServerConnection, type ServerContext } from "../http1/index.ts";
import { Exchange } from "../pipeline/index.ts";
import type { Socket, SocketHandler } from "../transport/index.ts";

const MAX_CONNECTIONS = 128;

/** For people and scrapers: small heads, bodies that mean nothing. */
const BOUNDS: ServerBounds = {
  lineBytes: 4096,
  headBytes: 16 * 1024,
  fieldCount: 100,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  minBodyBytesPerSecond: 256,
};

export class AdminConnections implements ServerContext {
  readonly listener = "admin";
  readonly scheme: "http" | "https";
  readonly bounds = BOUNDS;
  readonly wheel: TimerWheel;
  readonly acceptor: RequestAcceptor;
  draining = false;
  /** In the order in which they came. */
  readonly #open = new Set<ServerConnection>();
  #onEmpty: (() => void) | null = null;

  constructor(wheel: TimerWheel, acceptor: RequestAcceptor, isTls: boolean) {
    this.wheel = wheel;
    this.acceptor = acceptor;
    this.scheme = isTls ? "https" : "http";
  }

  get size(): number {
    return this.#open.size;
  }

  accept(socket: Socket): SocketHandler {
    if (this.#open.size >= MAX_CONNECTIONS && !this.#evict()) {
      socket.reset();
      return IGNORED;
    }
    const connection = new ServerConnection(socket, this);
    this.#open.add(connection);
    return connection;
  }

  /** Ends the oldest connection on which no page's answer is owed: idle, half a head, or one that guesses tokens. False when there is none such. */
  #evict(): boolean {
    for (const connection of this.#open) {
      if (connection.exchange !== null && isAdmitted(connection.exchange)) continue;
      // Its place is free at once, though its end is told later.
      this.#open.delete(connection);
      connection.destroy();
      return true;
    }
    return false;
  }

  onHandshake(): void {}

  onConnectionClosed(connection: ServerConnection): void {
    this.#open.delete(connection);
    if (this.#open.size === 0) this.#onEmpty?.();
  }

  /** Certificates are judged by other rules from now on: nobody goes on with what a handshake before them said. */
  expire(): void {
    for (const connection of [...this.#open]) {
      if (connection.exchange === null) connection.destroy();
      else connection.drain();
    }
  }

  /** Owed answers go out, and nothing is asked any more; resolves when the last connection has gone. */
  drain(): Promise<void> {
    this.draining = true;
    if (this.#open.size === 0) return Promise.resolve();
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const connection of [...this.#open]) connection.drain();
    return empty;
  }

  destroy(): void {
    for (const connection of [...this.#open]) connection.destroy();
  }
}

/** Whether the request got as far as a page. */
function isAdmitted(exchange: ClientEvents): boolean {
  return exchange instanceof Exchange && exchange.plan.route !== "";
}

/** Of a connection that was refused on the spot. */
const IGNORED: SocketHandler = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
