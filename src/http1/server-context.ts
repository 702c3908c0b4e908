// What the connections of one listener share, and what one of them may take of us.

import type { TimerWheel } from "../base/index.ts";
import type { ClientFacts, RequestAcceptor } from "../http/index.ts";
import type { SocketError } from "../transport/index.ts";
import type { HeadBounds } from "./head-parser.ts";

/** A client that has shut its sending side may still read: this long, then it counts as gone. */
export const HALF_CLOSE_GRACE_MS = 1000;
/** How long and how much we read from a client that we have said goodbye to. */
export const LINGER_MS = 2000;
export const LINGER_BYTES = 256 * 1024;
/** Of requests that wait for the one before them, until we stop reading. Small, since every piece is joined to those before it. */
export const PIPELINED_BYTES = 8 * 1024;

/** Null is `off`. */
export interface ServerBounds extends HeadBounds {
  /** From the first byte of a head (of the connection, for its first one) to its end. */
  readonly headTimeoutMs: number;
  /** Between two requests, and of a tunnel in which nothing moves. */
  readonly idleTimeoutMs: number | null;
  /** Of a request body while we are willing to read it, and of a response that waits for the client. */
  readonly minBodyBytesPerSecond: number | null;
}

/** A client connection as its listener sees it, whatever it speaks. */
export interface ListenedConnection {
  readonly facts: ClientFacts;
  /**
   * Ends once what is under way has been answered, and no request can be lost: one that has been idle for `idleMs`, the time before
   * this call included, is told goodbye.
   */
  drain(idleMs?: number): void;
  /** Ends the connection now, whatever is under way. */
  destroy(): void;
}

/** What a listener's connections share. */
export interface ServerContext {
  readonly listener: string;
  readonly scheme: "http" | "https";
  readonly bounds: ServerBounds;
  readonly wheel: TimerWheel;
  readonly acceptor: RequestAcceptor;
  /** True once the listener drains: every response says close. */
  readonly draining: boolean;
  /** A TLS handshake is done. */
  onHandshake(connection: ListenedConnection): void;
  onConnectionClosed(connection: ListenedConnection, error: SocketError | null): void;
}
