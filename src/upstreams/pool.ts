// The connections of one upstream: a bulkhead. At most so many connections, at most so many requests waiting for one; a
// service that is slow fills its own pool and nobody else's. @hot
// Idle connections are taken last in, first out, so that the ones not needed grow old and close. With PROXY headers each connection
// is one client connection's alone, and goes with it.

import type { Fault, TimerWheel } from "../base/index.ts";
import type { ClientFacts } from "../http/index.ts";
import { ClientConnection, type ConnectionOwner, type UpstreamBounds } from "../http1/index.ts";
import type { UpstreamClaim } from "../pipeline/index.ts";
import type { ProxyVersion, Transport } from "../transport/index.ts";
import { EndpointTurns } from "./endpoint-turns.ts";
import { POOL_CLOSED, POOL_FULL } from "./faults.ts";
import { type EndpointTarget, labelOf, type PoolCounts, type PoolEndpoint, type PoolSettings, type UpstreamPool } from "./settings.ts";
import { createSpeaksFor } from "./speaks-for.ts";
import { WaitingLine } from "./waiting-line.ts";

export class Pool implements UpstreamPool {
  readonly name: string;
  readonly endpointCount: number;
  readonly bounds: UpstreamBounds;
  readonly wheel: TimerWheel;
  readonly transport: Transport;
  readonly proxyProtocol: ProxyVersion | null;
  readonly mayRefuse = false;
  readonly #settings: PoolSettings;
  readonly endpoints: readonly Endpoint[];
  readonly #turns: EndpointTurns<Endpoint>;
  readonly #waiting: WaitingLine;
  #open = 0;
  #closed = false;

  constructor(settings: PoolSettings, transport: Transport, wheel: TimerWheel) {
    this.name = settings.name;
    this.bounds = settings.bounds;
    this.wheel = wheel;
    this.transport = transport;
    this.proxyProtocol = settings.proxyProtocol ?? null;
    this.#settings = settings;
    // hot-exception: once a pool, round-trip.bench.ts
    this.endpoints = settings.endpoints.map((target) => new Endpoint(this, target));
    this.endpointCount = this.endpoints.length;
    this.#turns = new EndpointTurns(this.endpoints);
    this.#waiting = new WaitingLine(settings.pending);
  }

  get counts(): PoolCounts {
    return {
      open: this.#open,
      // hot-exception: when somebody looks at the metrics, round-trip.bench.ts
      idle: this.endpoints.reduce((sum, endpoint) => sum + endpoint.idle.length, 0),
      pending: this.#waiting.size,
    };
  }

  get streams(): number {
    let streams = this.#open;
    for (let i = 0; i < this.endpoints.length; i++) streams -= this.endpoints[i]!.unusedCount;
    return streams;
  }

  open(claim: UpstreamClaim): void {
    if (this.#closed) {
      claim.onOpenFault(POOL_CLOSED, "");
      return;
    }
    const endpoint = this.#turns.select(claim);
    const idle = claim.needsFresh ? null : this.proxyProtocol === null ? endpoint.takeIdle() : endpoint.takeIdleOf(claim.client);
    if (idle !== null) {
      endpoint.lend(idle, claim);
    } else if (this.#open < this.#settings.connections || this.#makeRoom()) {
      this.#open++;
      endpoint.connect(claim);
    } else if (!this.#waiting.push(claim)) {
      claim.onOpenFault(POOL_FULL.with(`${this.#open} connections busy, ${this.#waiting.size} requests waiting`), "");
    }
  }

  forget(claim: UpstreamClaim): void {
    this.#waiting.remove(claim);
    for (let i = 0; i < this.endpoints.length; i++) this.endpoints[i]!.forget(claim);
  }

  /** Every connection is in use or idle on another endpoint: an idle one gives way. It is counted until it is gone. */
  #makeRoom(): boolean {
    for (let i = 0; i < this.endpoints.length; i++) {
      const idle = this.endpoints[i]!.takeIdle();
      if (idle === null) continue;
      idle.close();
      return true;
    }
    return false;
  }

  /** A connection of `endpoint` can be lent: to who waits longest, else it rests. */
  onIdle(endpoint: Endpoint, connection: ClientConnection): void {
    // Who waits gets one at an endpoint that is healthy, in the place of this one.
    if (this.#waiting.size > 0 && !this.#turns.takes(endpoint)) {
      connection.close();
      return;
    }
    const claim = this.#waiting.shift();
    if (claim === null) {
      if (this.#closed || connection.client?.isGone) connection.close();
      else endpoint.idle.push(connection);
      return;
    }
    if ((claim.needsFresh && connection.isReused) || (connection.client !== null && connection.client !== claim.client)) {
      connection.close();
      this.#open++;
      endpoint.connect(claim);
      return;
    }
    endpoint.lend(connection, claim);
  }

  /** A connection is gone: there is room for one more. */
  onGone(): void {
    this.#open--;
    if (this.#waiting.size === 0 || this.#closed || this.#open >= this.#settings.connections) return;
    const claim = this.#waiting.shift()!;
    this.#open++;
    this.#turns.select(claim).connect(claim);
  }

  setHealth(endpoint: PoolEndpoint, isHealthy: boolean): void {
    const at = this.endpoints.indexOf(endpoint as Endpoint);
    if (at < 0 || endpoint.isHealthy === isHealthy) return;
    this.endpoints[at]!.isHealthy = isHealthy;
    this.#turns.refresh();
  }

  close(): void {
    this.#closed = true;
    for (let i = 0; i < this.endpoints.length; i++) {
      const endpoint = this.endpoints[i]!;
      for (let idle = endpoint.takeIdle(); idle !== null; idle = endpoint.takeIdle()) idle.close();
    }
    this.#waiting.refuseAll(POOL_CLOSED);
  }
}

class Endpoint implements ConnectionOwner, PoolEndpoint {
  readonly weight: number;
  readonly target: EndpointTarget;
  isHealthy = true;
  readonly bounds: UpstreamBounds;
  readonly wheel: TimerWheel;
  readonly label: string;
  readonly idle: ClientConnection[] = [];
  readonly #pool: Pool;
  /** Who asked for a connection that is still being opened. */
  readonly #opening = new Map<ClientConnection, UpstreamClaim | null>();

  constructor(pool: Pool, target: EndpointTarget) {
    this.#pool = pool;
    this.target = target;
    this.weight = target.weight;
    this.bounds = pool.bounds;
    this.wheel = pool.wheel;
    this.label = labelOf(target.address);
  }

  /** Connections that carry nothing: idle, or being opened. */
  get unusedCount(): number {
    return this.idle.length + this.#opening.size;
  }

  takeIdle(): ClientConnection | null {
    // One that has just timed out is still in the list until its socket says so.
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) if (connection.isIdle) return connection;
    return null;
  }

  /** The last idle one of this client. Those of clients that have gone are closed on the way: nobody can use them. */
  takeIdleOf(client: ClientFacts): ClientConnection | null {
    for (let i = this.idle.length - 1; i >= 0; i--) {
      const connection = this.idle[i]!;
      if (connection.client === client && connection.isIdle) {
        this.idle.splice(i, 1);
        return connection;
      }
      if (!connection.client?.isGone) continue;
      this.idle.splice(i, 1);
      connection.close();
    }
    return null;
  }

  connect(claim: UpstreamClaim): void {
    const { transport, proxyProtocol } = this.#pool;
    const speaksFor = proxyProtocol === null ? null : createSpeaksFor(proxyProtocol, claim.client);
    const connection = new ClientConnection(this, transport, this.target, this.label, speaksFor);
    this.#opening.set(connection, claim);
  }

  lend(connection: ClientConnection, claim: UpstreamClaim): void {
    connection.lend(claim);
    claim.onStream(connection, this.label, this.target.authority);
  }

  forget(claim: UpstreamClaim): void {
    if (this.#opening.size === 0) return;
    // The connection is opened all the same: it will serve the next request.
    // hot-exception: only while connections are being opened, round-trip.bench.ts
    for (const [connection, asked] of this.#opening) if (asked === claim) this.#opening.set(connection, null);
  }

  onIdle(connection: ClientConnection): void {
    if (this.#opening.size > 0) {
      const claim = this.#opening.get(connection);
      this.#opening.delete(connection);
      if (claim !== undefined && claim !== null) {
        this.lend(connection, claim);
        return;
      }
    }
    this.#pool.onIdle(this, connection);
  }

  onClosed(connection: ClientConnection, fault: Fault | null): void {
    const claim = this.#opening.get(connection);
    this.#opening.delete(connection);
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    this.#pool.onGone();
    if (fault !== null && claim !== undefined && claim !== null) claim.onOpenFault(fault, this.label);
  }
}
