// What a pool is told, and what it tells: the same whichever protocol its connections speak.

import type { UpstreamBounds } from "../http1/index.ts";
import type { UpstreamPort } from "../pipeline/index.ts";
import type { ClientTls, ProxyVersion, SocketAddress } from "../transport/index.ts";

export interface EndpointTarget {
  readonly address: SocketAddress;
  readonly authority: string;
  readonly weight: number;
  /** Null: cleartext. */
  readonly tls: ClientTls | null;
}

export interface PoolSettings {
  readonly name: string;
  readonly endpoints: readonly EndpointTarget[];
  readonly bounds: UpstreamBounds;
  /** Open connections over all endpoints, those being opened included. */
  readonly connections: number;
  /** Requests that may wait for one. */
  readonly pending: number;
  /** Each connection begins with a header for one client; null, or left out: none does. */
  readonly proxyProtocol?: ProxyVersion | null;
}

export interface MultiplexedPoolSettings extends PoolSettings {
  /** Streams that we open on one connection at most, whatever the upstream would take. */
  readonly streams: number;
}

export interface PoolCounts {
  readonly open: number;
  readonly idle: number;
  readonly pending: number;
}

/** One endpoint as whoever judges its health sees it. */
export interface PoolEndpoint {
  readonly label: string;
  readonly target: EndpointTarget;
  readonly isHealthy: boolean;
}

export interface UpstreamPool extends UpstreamPort {
  readonly endpoints: readonly PoolEndpoint[];
  readonly counts: PoolCounts;
  /** Requests that connections carry now. */
  readonly streams: number;
  /**
   * An endpoint that is not healthy gets no new requests as long as another is; those under way end as they would. All are from the
   * start.
   */
  setHealth(endpoint: PoolEndpoint, isHealthy: boolean): void;
  /** No new requests, idle connections closed; those under way end as they would. */
  close(): void;
}

/** By which logs and metrics know an endpoint. */
export function labelOf(address: SocketAddress): string {
  return "path" in address ? `unix:${address.path}` : `${address.host}:${address.port}`;
}
