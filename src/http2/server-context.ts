// What the HTTP/2 connections of one listener share.

import type { Fault } from "../base/index.ts";
import type { ListenedConnection, ServerBounds, ServerContext } from "../http1/index.ts";

export interface Http2ServerBounds extends ServerBounds {
  /** Streams that one connection may have open at once. */
  readonly streams: number;
}

export interface Http2ServerContext extends ServerContext {
  readonly bounds: Http2ServerBounds;
  /** Connections from this address were ended for floods not long ago: this one has smaller allowances. */
  isSuspect(address: string): boolean;
  /** The connection ends because of this: a flood, or a breach of the protocol that is no single request's. */
  onConnectionFault(connection: ListenedConnection, fault: Fault): void;
}
