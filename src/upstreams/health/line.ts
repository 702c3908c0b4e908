// The one connection by which an endpoint is asked: outside of the pool, so that a pool that is full, or a bound that is reached, makes
// nobody unwell; made as the pool makes its own, and kept.

import type { Fault, TimerWheel } from "../../base/index.ts";
import type { ClientFacts, UpstreamEvents, UpstreamStream } from "../../http/index.ts";
import { ClientConnection, type ConnectionOwner, type SpeaksFor, type UpstreamBounds } from "../../http1/index.ts";
import type { MultiplexedConnection, MultiplexedOwner } from "../../http2/index.ts";
import { encodeProxyHeader, type ProxyVersion, type Transport } from "../../transport/index.ts";
import type { ConnectMultiplexed } from "../multiplexed-endpoint.ts";
import type { PoolEndpoint } from "../settings.ts";

export interface Line {
  /** A question may be asked now. */
  readonly isReady: boolean;
  open(events: UpstreamEvents): UpstreamStream;
  close(): void;
}

export interface LineUser {
  onLineReady(line: Line): void;
  /** `fault` says why when it never became ready. */
  onLineGone(line: Line, fault: Fault | null): void;
}

export type ConnectLine = (endpoint: PoolEndpoint, user: LineUser) => Line;

export interface LineSettings {
  readonly transport: Transport;
  readonly wheel: TimerWheel;
  readonly bounds: UpstreamBounds;
  readonly proxyProtocol: ProxyVersion | null;
  /** Null: the endpoints speak HTTP/1.1. */
  readonly connectMultiplexed: ConnectMultiplexed | null;
}

/** A question comes from no client: the header says that there is no address. */
const NOBODY: ClientFacts = Object.freeze({
  listener: "",
  address: "",
  port: 0,
  localAddress: "",
  localPort: 0,
  isGone: false,
  tls: null,
  version: 11,
  forwarding: null,
});

export function createLines({ transport, wheel, bounds, proxyProtocol, connectMultiplexed }: LineSettings): ConnectLine {
  const speaksFor: SpeaksFor | null =
    proxyProtocol === null ? null : { client: NOBODY, header: encodeProxyHeader(proxyProtocol, NOBODY, NOBODY) };
  return ({ label, target }, user) => {
    if (connectMultiplexed === null) {
      return new PlainLine(wheel, bounds, user, (owner) => new ClientConnection(owner, transport, target, label, speaksFor));
    }
    return new StreamLine(wheel, bounds, user, (owner) => connectMultiplexed(owner, transport, target, label, speaksFor));
  };
}

class PlainLine implements Line, ConnectionOwner {
  readonly wheel: TimerWheel;
  readonly bounds: UpstreamBounds;
  readonly #user: LineUser;
  readonly #connection: ClientConnection;

  constructor(wheel: TimerWheel, bounds: UpstreamBounds, user: LineUser, connect: (owner: ConnectionOwner) => ClientConnection) {
    this.wheel = wheel;
    this.bounds = bounds;
    this.#user = user;
    this.#connection = connect(this);
  }

  get isReady(): boolean {
    return this.#connection.isIdle;
  }

  open(events: UpstreamEvents): UpstreamStream {
    this.#connection.lend(events);
    return this.#connection;
  }

  close(): void {
    this.#connection.close();
  }

  onIdle(): void {
    this.#user.onLineReady(this);
  }

  onClosed(_connection: ClientConnection, fault: Fault | null): void {
    this.#user.onLineGone(this, fault);
  }
}

class StreamLine implements Line, MultiplexedOwner {
  readonly wheel: TimerWheel;
  readonly bounds: UpstreamBounds;
  readonly streams = 1;
  readonly #user: LineUser;
  readonly #connection: MultiplexedConnection;

  constructor(wheel: TimerWheel, bounds: UpstreamBounds, user: LineUser, connect: (owner: MultiplexedOwner) => MultiplexedConnection) {
    this.wheel = wheel;
    this.bounds = bounds;
    this.#user = user;
    this.#connection = connect(this);
  }

  get isReady(): boolean {
    return this.#connection.freeStreams > 0;
  }

  open(events: UpstreamEvents): UpstreamStream {
    return this.#connection.open(events);
  }

  close(): void {
    this.#connection.close();
  }

  onReady(): void {
    if (this.isReady) this.#user.onLineReady(this);
  }

  onStreamsFree(): void {
    this.onReady();
  }

  /** The next question finds that it is not ready, and asks on another. */
  onDraining(): void {}

  onClosed(_connection: MultiplexedConnection, fault: Fault | null): void {
    this.#user.onLineGone(this, fault);
  }
}
