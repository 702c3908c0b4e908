// One endpoint of an upstream whose connections carry many requests at once: which connections it has, and who waits for one that is
// being opened. What the bounds allow is the pool's to say. @hot

import type { Fault, TimerWheel } from "../base/index.ts";
import type { ClientFacts } from "../http/index.ts";
import type { ConnectionTarget, SpeaksFor, UpstreamBounds } from "../http1/index.ts";
import type { MultiplexedConnection, MultiplexedOwner } from "../http2/index.ts";
import type { UpstreamClaim } from "../pipeline/index.ts";
import type { Transport } from "../transport/index.ts";
import type { MultiplexedPool } from "./multiplexed-pool.ts";
import { type EndpointTarget, labelOf, type PoolEndpoint } from "./settings.ts";
import { createSpeaksFor } from "./speaks-for.ts";

/** Makes a connection, which tells `owner` what becomes of it: never before this has returned. */
export type ConnectMultiplexed = (
  owner: MultiplexedOwner,
  transport: Transport,
  target: ConnectionTarget,
  endpoint: string,
  speaksFor: SpeaksFor | null,
) => MultiplexedConnection;

/** A connection that is being opened, and who will be served by it. */
class Opening {
  readonly connection: MultiplexedConnection;
  /** A place is null once its claim has left or been told. */
  readonly claims: (UpstreamClaim | null)[] = [];
  wanted = 0;
  isOver = false;

  constructor(connection: MultiplexedConnection) {
    this.connection = connection;
  }

  add(claim: UpstreamClaim): void {
    this.claims.push(claim);
    this.wanted++;
  }

  /** Null where there is nobody any more. */
  take(at: number): UpstreamClaim | null {
    const claim = this.claims[at]!;
    if (claim === null) return null;
    this.claims[at] = null;
    this.wanted--;
    return claim;
  }
}

export class MultiplexedEndpoint implements MultiplexedOwner, PoolEndpoint {
  readonly weight: number;
  readonly target: EndpointTarget;
  isHealthy = true;
  readonly bounds: UpstreamBounds;
  readonly wheel: TimerWheel;
  readonly streams: number;
  readonly label: string;
  /** Those that new requests may go to, the oldest first. */
  readonly ready: MultiplexedConnection[] = [];
  readonly #draining: MultiplexedConnection[] = [];
  readonly #opening: Opening[] = [];
  readonly #pool: MultiplexedPool;
  /** How many streams the last connection had room for: so many requests wait for one that is being opened, more ask for another. */
  #capacity: number;

  constructor(pool: MultiplexedPool, target: EndpointTarget) {
    this.#pool = pool;
    this.target = target;
    this.weight = target.weight;
    this.bounds = pool.bounds;
    this.wheel = pool.wheel;
    this.streams = pool.streamsEach;
    this.#capacity = pool.streamsEach;
    this.label = labelOf(target.address);
  }

  get openStreams(): number {
    let streams = 0;
    for (let i = 0; i < this.ready.length; i++) streams += this.ready[i]!.openStreams;
    for (let i = 0; i < this.#draining.length; i++) streams += this.#draining[i]!.openStreams;
    return streams;
  }

  get idleCount(): number {
    let idle = 0;
    for (let i = 0; i < this.ready.length; i++) if (this.ready[i]!.openStreams === 0) idle++;
    return idle;
  }

  /** A stream now, or a place with those who wait for a connection that is being opened; false: there is neither. */
  serve(claim: UpstreamClaim): boolean {
    const connection = this.#choose(claim);
    if (connection !== null) {
      this.lend(connection, claim);
      return true;
    }
    for (let i = 0; i < this.#opening.length; i++) {
      const opening = this.#opening[i]!;
      if (opening.isOver || opening.wanted >= this.#capacity || !isOpenTo(opening.connection.client, claim)) continue;
      opening.add(claim);
      return true;
    }
    return false;
  }

  /**
   * Of those with room the one that carries least, the oldest of several: a lost packet holds up as few requests as can be, and an
   * upstream that gives each connection a thread uses all of them; while little is to be done the younger ones get nothing and close.
   */
  #choose(claim: UpstreamClaim): MultiplexedConnection | null {
    let best: MultiplexedConnection | null = null;
    for (let i = 0; i < this.ready.length; i++) {
      const connection = this.ready[i]!;
      if (connection.freeStreams <= 0 || !suits(connection, claim)) continue;
      if (best === null || connection.openStreams < best.openStreams) best = connection;
      if (best.openStreams === 0) break;
    }
    return best;
  }

  lend(connection: MultiplexedConnection, claim: UpstreamClaim): void {
    claim.onStream(connection.open(claim), this.label, this.target.authority);
  }

  connect(claim: UpstreamClaim): void {
    const { transport, proxyProtocol, connectMultiplexed } = this.#pool;
    const speaksFor = proxyProtocol === null ? null : createSpeaksFor(proxyProtocol, claim.client);
    const opening = new Opening(connectMultiplexed(this, transport, this.target, this.label, speaksFor));
    opening.add(claim);
    this.#opening.push(opening);
  }

  /** It gets no more requests. Whoever calls this closes it next. */
  retire(connection: MultiplexedConnection): void {
    drop(this.ready, connection);
    this.#draining.push(connection);
    this.#pool.onDrains();
  }

  forget(claim: UpstreamClaim): void {
    for (let i = 0; i < this.#opening.length; i++) {
      const at = this.#opening[i]!.claims.indexOf(claim);
      // The connection is opened all the same: it will serve the next request.
      if (at >= 0) this.#opening[i]!.take(at);
    }
  }

  onReady(connection: MultiplexedConnection): void {
    const opening = this.#findOpening(connection);
    if (opening === null) return;
    opening.isOver = true;
    this.ready.push(connection);
    this.#capacity = Math.max(1, Math.min(this.streams, connection.freeStreams));
    for (let i = 0; i < opening.claims.length; i++) {
      const claim = opening.take(i);
      if (claim === null) continue;
      if (connection.freeStreams > 0) this.lend(connection, claim);
      // It has less room than was hoped for.
      else this.#pool.place(claim, this);
    }
    drop(this.#opening, opening);
    this.onStreamsFree(connection);
  }

  onStreamsFree(connection: MultiplexedConnection): void {
    if (this.ready.includes(connection)) this.#pool.onRoom(this, connection);
  }

  onDraining(connection: MultiplexedConnection): void {
    if (!this.ready.includes(connection)) return;
    this.retire(connection);
    this.#pool.onSpace();
  }

  onClosed(connection: MultiplexedConnection, fault: Fault | null): void {
    this.#pool.onGone(drop(this.#draining, connection));
    drop(this.ready, connection);
    const opening = this.#findOpening(connection);
    if (opening !== null) {
      opening.isOver = true;
      for (let i = 0; i < opening.claims.length; i++) {
        const claim = opening.take(i);
        if (claim !== null && fault !== null) claim.onOpenFault(fault, this.label);
      }
      drop(this.#opening, opening);
    }
    this.#pool.onSpace();
  }

  #findOpening(connection: MultiplexedConnection): Opening | null {
    for (let i = 0; i < this.#opening.length; i++) if (this.#opening[i]!.connection === connection) return this.#opening[i]!;
    return null;
  }
}

export function suits(connection: MultiplexedConnection, claim: UpstreamClaim): boolean {
  return isOpenTo(connection.client, claim) && !(claim.needsFresh && connection.hasServed);
}

function isOpenTo(client: ClientFacts | null, claim: UpstreamClaim): boolean {
  return client === null || client === claim.client;
}

/** Whether it was there. */
function drop<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}
