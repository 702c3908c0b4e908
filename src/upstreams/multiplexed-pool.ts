// The connections of one upstream that carry many requests at once (HTTP/2), the same bulkhead as pool.ts: at most so many connections
// of at most so many streams, at most so many requests waiting. @hot
//
// - Another connection is opened only when no other has room, and requests that come while one is being opened wait for that one, as
//   many as it is expected to carry: 64 at once need one handshake, not 64.
// - At the bound of connections a request goes to another endpoint than its turn says rather than wait.
// - A connection that drains (GOAWAY) takes no request and may go on for hours, so it does not count against the bound: another may be
//   opened for it. It is still open, and there are never more than twice as many as the bound says.
// - At the bound, a connection that has room which a request can't use is retired for it: one that has served where it needs a fresh one,
//   with PROXY headers one of another client. Its streams go on.
// - Idle connections close themselves.

import type { TimerWheel } from "../base/index.ts";
import type { UpstreamBounds } from "../http1/index.ts";
import type { MultiplexedConnection } from "../http2/index.ts";
import type { UpstreamClaim } from "../pipeline/index.ts";
import type { ProxyVersion, Transport } from "../transport/index.ts";
import { EndpointTurns } from "./endpoint-turns.ts";
import { POOL_CLOSED, POOL_FULL } from "./faults.ts";
import { type ConnectMultiplexed, MultiplexedEndpoint, suits } from "./multiplexed-endpoint.ts";
import type { MultiplexedPoolSettings, PoolCounts, PoolEndpoint, UpstreamPool } from "./settings.ts";
import { WaitingLine } from "./waiting-line.ts";

export class MultiplexedPool implements UpstreamPool {
  readonly name: string;
  readonly endpointCount: number;
  readonly bounds: UpstreamBounds;
  readonly wheel: TimerWheel;
  readonly transport: Transport;
  readonly proxyProtocol: ProxyVersion | null;
  readonly mayRefuse = true;
  readonly streamsEach: number;
  readonly connectMultiplexed: ConnectMultiplexed;
  readonly #connections: number;
  readonly endpoints: readonly MultiplexedEndpoint[];
  readonly #turns: EndpointTurns<MultiplexedEndpoint>;
  readonly #waiting: WaitingLine;
  /** Those that are being opened and those that drain included. */
  #open = 0;
  #draining = 0;
  #closed = false;

  constructor(settings: MultiplexedPoolSettings, transport: Transport, wheel: TimerWheel, connectMultiplexed: ConnectMultiplexed) {
    this.name = settings.name;
    this.bounds = settings.bounds;
    this.wheel = wheel;
    this.transport = transport;
    this.proxyProtocol = settings.proxyProtocol ?? null;
    this.streamsEach = settings.streams;
    this.connectMultiplexed = connectMultiplexed;
    this.#connections = settings.connections;
    // hot-exception: once a pool, round-trip.bench.ts
    this.endpoints = settings.endpoints.map((target) => new MultiplexedEndpoint(this, target));
    this.endpointCount = this.endpoints.length;
    this.#turns = new EndpointTurns(this.endpoints);
    this.#waiting = new WaitingLine(settings.pending);
  }

  get counts(): PoolCounts {
    let idle = 0;
    for (let i = 0; i < this.endpoints.length; i++) idle += this.endpoints[i]!.idleCount;
    return { open: this.#open, idle, pending: this.#waiting.size };
  }

  get streams(): number {
    let streams = 0;
    for (let i = 0; i < this.endpoints.length; i++) streams += this.endpoints[i]!.openStreams;
    return streams;
  }

  open(claim: UpstreamClaim): void {
    if (this.#closed) claim.onOpenFault(POOL_CLOSED, "");
    else this.place(claim, this.#turns.select(claim));
  }

  forget(claim: UpstreamClaim): void {
    this.#waiting.remove(claim);
    for (let i = 0; i < this.endpoints.length; i++) this.endpoints[i]!.forget(claim);
  }

  /** At `endpoint` if it can be, else wherever there is room, else in the line. */
  place(claim: UpstreamClaim, endpoint: MultiplexedEndpoint): void {
    if (this.#closed) {
      claim.onOpenFault(POOL_CLOSED, "");
      return;
    }
    if (endpoint.serve(claim)) return;
    if (this.#mayConnect) {
      this.#connect(claim, endpoint);
      return;
    }
    for (let i = 0; i < this.endpoints.length; i++) {
      const other = this.endpoints[i]!;
      if (other !== endpoint && this.#turns.takes(other) && other.serve(claim)) return;
    }
    if (this.#replaceOther(claim, endpoint) || this.#waiting.push(claim)) return;
    claim.onOpenFault(POOL_FULL.with(`${this.#open} connections busy, ${this.#waiting.size} requests waiting`), "");
  }

  get #mayConnect(): boolean {
    return this.#open - this.#draining < this.#connections && this.#mayReplace;
  }

  /** One more may be opened for one that is retired. */
  get #mayReplace(): boolean {
    return this.#open < 2 * this.#connections;
  }

  #connect(claim: UpstreamClaim, endpoint: MultiplexedEndpoint): void {
    this.#open++;
    endpoint.connect(claim);
  }

  /** Whatever has room has none for this claim: the one that carries least gives way. */
  #replaceOther(claim: UpstreamClaim, endpoint: MultiplexedEndpoint): boolean {
    if (!this.#mayReplace) return false;
    let holder = endpoint;
    let least: MultiplexedConnection | null = null;
    for (let i = 0; i < this.endpoints.length; i++) {
      const { ready } = this.endpoints[i]!;
      for (let at = 0; at < ready.length; at++) {
        const connection = ready[at]!;
        if (connection.freeStreams <= 0 || (least !== null && least.openStreams <= connection.openStreams)) continue;
        holder = this.endpoints[i]!;
        least = connection;
      }
    }
    if (least === null) return false;
    this.#replace(holder, least, claim, endpoint);
    return true;
  }

  /** The new one is counted before the old one may be gone: else others would take its place. */
  #replace(holder: MultiplexedEndpoint, connection: MultiplexedConnection, claim: UpstreamClaim, endpoint: MultiplexedEndpoint): void {
    holder.retire(connection);
    this.#connect(claim, endpoint);
    connection.close();
  }

  /** A connection of `endpoint` has room, or rests: for who waits longest. */
  onRoom(endpoint: MultiplexedEndpoint, connection: MultiplexedConnection): void {
    // Who waits gets one at an endpoint that is healthy, in the place of this one.
    if (this.#waiting.size > 0 && !this.#turns.takes(endpoint)) {
      if (!this.#mayReplace) return;
      endpoint.retire(connection);
      this.onSpace();
      connection.close();
      return;
    }
    // Each of those who wait is looked at once at most: who can't be served here now goes behind the others.
    for (let looked = this.#waiting.size; looked > 0 && connection.freeStreams > 0; looked--) {
      const claim = this.#waiting.peek();
      if (claim === null) break;
      if (suits(connection, claim)) {
        this.#waiting.shift();
        endpoint.lend(connection, claim);
      } else if (this.#mayReplace) {
        this.#waiting.shift();
        this.#replace(endpoint, connection, claim, endpoint);
        return;
      } else this.#waiting.yieldFirst();
    }
    const isOfNoUse = this.#closed || (connection.openStreams === 0 && connection.client?.isGone === true);
    if (!isOfNoUse || !endpoint.ready.includes(connection)) return;
    endpoint.retire(connection);
    this.onSpace();
    connection.close();
  }

  /** A connection takes no more requests. */
  onDrains(): void {
    this.#draining++;
  }

  /** A connection is gone. */
  onGone(wasDraining: boolean): void {
    this.#open--;
    if (wasDraining) this.#draining--;
  }

  /** There may be room for another connection: for those who wait longest. */
  onSpace(): void {
    while (!this.#closed && this.#waiting.size > 0 && (this.#mayConnect || (this.#mayReplace && this.#hasRoom))) {
      const claim = this.#waiting.shift()!;
      this.place(claim, this.#turns.select(claim));
    }
  }

  /** Some connection has room. Who waits can't use it, or would have got it. */
  get #hasRoom(): boolean {
    for (let i = 0; i < this.endpoints.length; i++) {
      const { ready } = this.endpoints[i]!;
      for (let at = 0; at < ready.length; at++) if (ready[at]!.freeStreams > 0) return true;
    }
    return false;
  }

  setHealth(endpoint: PoolEndpoint, isHealthy: boolean): void {
    const at = this.endpoints.indexOf(endpoint as MultiplexedEndpoint);
    if (at < 0 || endpoint.isHealthy === isHealthy) return;
    this.endpoints[at]!.isHealthy = isHealthy;
    this.#turns.refresh();
    this.#offerRoom();
  }

  /** Who waits may be served now by what was not for him before. */
  #offerRoom(): void {
    for (let i = 0; i < this.endpoints.length; i++) {
      const endpoint = this.endpoints[i]!;
      for (let at = endpoint.ready.length - 1; at >= 0; at--) {
        const connection = endpoint.ready[at];
        if (this.#waiting.size > 0 && connection !== undefined && connection.freeStreams > 0) this.onRoom(endpoint, connection);
      }
    }
  }

  close(): void {
    this.#closed = true;
    for (let i = 0; i < this.endpoints.length; i++) {
      const endpoint = this.endpoints[i]!;
      for (let connection = endpoint.ready[0]; connection !== undefined; connection = endpoint.ready[0]) {
        endpoint.retire(connection);
        connection.close();
      }
    }
    this.#waiting.refuseAll(POOL_CLOSED);
  }
}
