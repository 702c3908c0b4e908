// What an upstream connection is told about itself, and whom it tells what becomes of it: the pool, as one connection sees it.

import type { Fault, FaultDefinition, TimerWheel } from "../base/index.ts";
import { type ClientFacts, FLOW } from "../http/index.ts";
import type { ClientTls, SocketAddress, SocketError } from "../transport/index.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { HeadBounds } from "./head-parser.ts";

/** Larger heads than any service means to send; an upstream must not fill our memory either. */
export const RESPONSE_BOUNDS: HeadBounds = { lineBytes: 8192, headBytes: 64 * 1024, fieldCount: 200 };

/** The handshake's own; whatever else keeps a connection from being made is one fault. */
export const CONNECT_FAULTS: Readonly<Partial<Record<SocketError, FaultDefinition>>> = {
  ETLS: FLOW.UPSTREAM_HANDSHAKE,
  ETLSCERT: FLOW.UPSTREAM_CERTIFICATE,
};

export interface UpstreamBounds {
  readonly connectMs: number;
  readonly firstByteMs: number | null;
  readonly betweenBytesMs: number | null;
  readonly idleMs: number;
}

/** Where a connection leads. */
export interface ConnectionTarget {
  readonly address: SocketAddress;
  /** Null: cleartext. */
  readonly tls: ClientTls | null;
}

/** Whom a connection with a PROXY header speaks for. */
export interface SpeaksFor {
  readonly client: ClientFacts;
  /** The first bytes on the connection, before a handshake too. */
  readonly header: Uint8Array;
}

export interface ConnectionOwner {
  readonly wheel: TimerWheel;
  readonly bounds: UpstreamBounds;
  /** Connected, or done with a response and clean: it may be lent (again). */
  onIdle(connection: ClientConnection): void;
  /** Gone. `fault` says why when it never opened. */
  onClosed(connection: ClientConnection, fault: Fault | null): void;
}
