// The upstream pools of a worker, by the upstream's name and a digest of its settings: a reload that leaves an upstream as it was keeps
// its connections, and one that changes anything (an authority, an endpoint, a bound) starts with none of the old ones.

import type { TimerWheel } from "../base/index.ts";
import type { EndpointConfig, UpstreamConfig } from "../config/index.ts";
import { Http2ClientConnection } from "../http2/index.ts";
import { ClientTlsSet } from "../tls/index.ts";
import type { ClientTls, Transport } from "../transport/index.ts";
import { type ConnectMultiplexed, HealthChecks, MultiplexedPool, Pool, type PoolCounts, type UpstreamPool } from "../upstreams/index.ts";
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
  for (const { health, endpoints } of upstreams) if (health.active !== null) most += endpoints.length;
  return most;
}

/** Hears that an endpoint is well, or not any more and why. */
export type OnEndpointHealth = (upstream: string, endpoint: string, isHealthy: boolean, why: string) => void;

interface Holding {
  readonly key: string;
  readonly pool: UpstreamPool;
  readonly checks: HealthChecks | null;
  holders: number;
}

export class PoolSet {
  readonly #transport: Transport;
  readonly #wheel: TimerWheel;
  readonly #onHealth: OnEndpointHealth | null;
  readonly #clientTls = new ClientTlsSet();
  readonly #byKey = new Map<string, Holding>();
  readonly #byPool = new Map<UpstreamPool, Holding>();

  /** Without `onHealth` no endpoint is asked whether it is well: nothing will be sent to them either. */
  constructor(transport: Transport, wheel: TimerWheel, onHealth: OnEndpointHealth | null = null) {
    this.#transport = transport;
    this.#wheel = wheel;
    this.#onHealth = onHealth;
  }

  /** The pool of these settings, which the caller gives back with release(). */
  take(upstream: UpstreamConfig): UpstreamPool {
    const key = `${upstream.name} ${digest(upstream)}`;
    let holding = this.#byKey.get(key);
    if (holding === undefined) {
      const pool = this.#create(upstream);
      holding = { key, pool, checks: this.#check(pool, upstream), holders: 0 };
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
      holding.checks?.stop();
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

  /** Whether the newest pool of this name has the endpoint as healthy; null when it has none of that label. */
  healthOf(name: string, endpoint: string): boolean | null {
    let health: boolean | null = null;
    for (const pool of this.#byPool.keys()) {
      if (pool.name === name) health = pool.endpoints.find(({ label }) => label === endpoint)?.isHealthy ?? null;
    }
    return health;
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

  #check(pool: UpstreamPool, { health, protocol, timeouts, proxyProtocol }: UpstreamConfig): HealthChecks | null {
    const onHealth = this.#onHealth;
    if (health.active === null || onHealth === null) return null;
    const connectMultiplexed = protocol === "h2" ? connectHttp2 : null;
    const lines = { transport: this.#transport, wheel: this.#wheel, bounds: timeouts, proxyProtocol, connectMultiplexed };
    return new HealthChecks(pool, health.active, lines, Math.random, ({ label }, isHealthy, why) =>
      onHealth(pool.name, label, isHealthy, why),
    );
  }

  #toClientTls({ tls, protocol }: UpstreamConfig, { address }: EndpointConfig): ClientTls | null {
    return tls === null ? null : this.#clientTls.of(tls, "path" in address ? "localhost" : address.host, ALPN[protocol]);
  }
}
