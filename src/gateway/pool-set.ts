// The upstream pools of a worker, by the upstream's name and a digest of its settings: a reload that leaves an upstream as it was keeps
// its connections, and one that changes anything (an authority, an endpoint, a bound) starts with none of the old ones.

import type { TimerWheel } from "../base/index.ts";
import type { EndpointConfig, UpstreamConfig } from "../config/index.ts";
import { Http2ClientConnection } from "../http2/index.ts";
import { ClientTlsSet } from "../tls/index.ts";
import type { ClientTls, Transport } from "../transport/index.ts";
import { type ConnectMultiplexed, MultiplexedPool, Pool, type PoolCounts, type UpstreamPool } from "../upstreams/index.ts";
import { digest } from "./generation-id.ts";

/** What is offered in handshakes: HTTP/1.1 needs no ALPN. */
const ALPN: Readonly<Record<UpstreamConfig["protocol"], readonly string[]>> = { "http/1.1": [], h2: ["h2"] };

const connectHttp2: ConnectMultiplexed = (owner, transport, target, endpoint, speaksFor) =>
  new Http2ClientConnection(owner, transport, target, endpoint, speaksFor);

/** What the pools of these upstreams may have open together. */
export function mostConnections(upstreams: readonly UpstreamConfig[]): number {
  let most = 0;
  // Over HTTP/2 those that drain are beside the bound.
  for (const { pool, protocol } of upstreams) most += protocol === "h2" ? 2 * pool.connections : pool.connections;
  return most;
}

interface Holding {
  readonly key: string;
  readonly pool: UpstreamPool;
  holders: number;
}

export class PoolSet {
  readonly #transport: Transport;
  readonly #wheel: TimerWheel;
  readonly #clientTls = new ClientTlsSet();
  readonly #byKey = new Map<string, Holding>();
  readonly #byPool = new Map<UpstreamPool, Holding>();

  constructor(transport: Transport, wheel: TimerWheel) {
    this.#transport = transport;
    this.#wheel = wheel;
  }

  /** The pool of these settings, which the caller gives back with release(). */
  take(upstream: UpstreamConfig): UpstreamPool {
    const key = `${upstream.name} ${digest(upstream)}`;
    let holding = this.#byKey.get(key);
    if (holding === undefined) {
      holding = { key, pool: this.#create(upstream), holders: 0 };
      this.#byKey.set(key, holding);
      this.#byPool.set(holding.pool, holding);
    }
    holding.holders++;
    return holding.pool;
  }

  /** The last release closes the pool: idle connections at once, others when their request has ended. */
  release(pools: readonly UpstreamPool[]): void {
    for (const pool of pools) {
      const holding = this.#byPool.get(pool);
      if (holding === undefined) continue;
      holding.holders--;
      if (holding.holders > 0) continue;
      this.#byKey.delete(holding.key);
      this.#byPool.delete(pool);
      pool.close();
    }
  }

  /** Of all pools of this name: after a reload the one before may still have requests under way. */
  countsOf(name: string): PoolCounts {
    const sum = { open: 0, idle: 0, pending: 0 };
    for (const pool of this.#byPool.keys()) {
      if (pool.name !== name) continue;
      const { open, idle, pending } = pool.counts;
      sum.open += open;
      sum.idle += idle;
      sum.pending += pending;
    }
    return sum;
  }

  /** Requests on the connections of all pools of this name. */
  streamsOf(name: string): number {
    let streams = 0;
    for (const pool of this.#byPool.keys()) if (pool.name === name) streams += pool.streams;
    return streams;
  }

  /** Pools that some generation holds. */
  get size(): number {
    return this.#byPool.size;
  }

  #create(upstream: UpstreamConfig): UpstreamPool {
    const endpoints = upstream.endpoints.map((endpoint) => ({ ...endpoint, tls: this.#toClientTls(upstream, endpoint) }));
    const settings = { ...upstream, endpoints, bounds: upstream.timeouts, ...upstream.pool };
    if (upstream.protocol === "h2") return new MultiplexedPool(settings, this.#transport, this.#wheel, connectHttp2);
    return new Pool(settings, this.#transport, this.#wheel);
  }

  #toClientTls({ tls, protocol }: UpstreamConfig, { address }: EndpointConfig): ClientTls | null {
    return tls === null ? null : this.#clientTls.of(tls, "path" in address ? "localhost" : address.host, ALPN[protocol]);
  }
}
