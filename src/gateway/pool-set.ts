// The upstream pools of a worker, by the upstream's name and a digest of its settings: a reload that leaves an upstream as it was keeps
// its connections, and one that changes anything (an authority, an endpoint, a bound) starts with none of the old ones.

import type { TimerWheel } from "../base/index.ts";
import type { EndpointConfig, UpstreamConfig } from "../config/index.ts";
import { ClientTlsSet } from "../tls/index.ts";
import type { ClientTls, Transport } from "../transport/index.ts";
import { Pool, type PoolCounts } from "../upstreams/index.ts";
import { digest } from "./generation-id.ts";

/** Upstreams are spoken to in HTTP/1.1, which needs no ALPN. */
const NO_PROTOCOLS: readonly string[] = [];

interface Holding {
  readonly key: string;
  readonly pool: Pool;
  holders: number;
}

export class PoolSet {
  readonly #transport: Transport;
  readonly #wheel: TimerWheel;
  readonly #clientTls = new ClientTlsSet();
  readonly #byKey = new Map<string, Holding>();
  readonly #byPool = new Map<Pool, Holding>();

  constructor(transport: Transport, wheel: TimerWheel) {
    this.#transport = transport;
    this.#wheel = wheel;
  }

  /** The pool of these settings, which the caller gives back with release(). */
  take(upstream: UpstreamConfig): Pool {
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
  release(pools: readonly Pool[]): void {
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

  /** Pools that some generation holds. */
  get size(): number {
    return this.#byPool.size;
  }

  #create(upstream: UpstreamConfig): Pool {
    const endpoints = upstream.endpoints.map((endpoint) => ({ ...endpoint, tls: this.#toClientTls(upstream, endpoint) }));
    return new Pool({ ...upstream, endpoints, bounds: upstream.timeouts, ...upstream.pool }, this.#transport, this.#wheel);
  }

  #toClientTls({ tls }: UpstreamConfig, { address }: EndpointConfig): ClientTls | null {
    return tls === null ? null : this.#clientTls.of(tls, "path" in address ? "localhost" : address.host, NO_PROTOCOLS);
  }
}
