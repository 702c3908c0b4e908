// One listening address: accepts, counts connections per client address, and lets connections go when it drains.

import { type CidrSet, type Fault, ipKey, type TimerWheel } from "../base/index.ts";
import type { AddressConfig, BoundsConfig } from "../config/index.ts";
import type { RequestAcceptor } from "../http/index.ts";
import { type ListenedConnection, ServerConnection, type ServerContext } from "../http1/index.ts";
import type {
  AcceptedSocket,
  Listener,
  ListenOptions,
  ServerTls,
  Socket,
  SocketAddress,
  SocketError,
  SocketHandler,
  Transport,
} from "../transport/index.ts";
import { AddressCounts } from "./address-counts.ts";
import type { ConnectionBudget } from "./connection-budget.ts";
import type { ListenerMetrics } from "./listener-metrics.ts";
import { ProxiedConnection, type ProxiedOwner } from "./proxied-connection.ts";
import { RejectedConnection } from "./reject-connection.ts";

/** What a generation says of a listener. */
export interface ListenerSettings {
  readonly bounds: BoundsConfig;
  readonly acceptor: RequestAcceptor;
  /** Who must begin each connection with a PROXY header. */
  readonly proxies: CidrSet;
}

/** What a listener is for as long as it is open. */
export interface ListenerPlace {
  readonly wheel: TimerWheel;
  readonly budget: ConnectionBudget;
  readonly metrics: ListenerMetrics;
  /** Null: cleartext. */
  readonly tls: ServerTls | null;
  /** Whether PROXY headers may come before handshakes: then each handshake is begun here, and not by the transport. */
  readonly startsTls: boolean;
}

export class GatewayListener implements ServerContext, ProxiedOwner {
  readonly listener: string;
  readonly scheme: "http" | "https";
  readonly wheel: TimerWheel;
  readonly tls: ServerTls | null;
  bounds: BoundsConfig;
  acceptor: RequestAcceptor;
  #proxies: CidrSet;
  readonly #startsTls: boolean;
  readonly #budget: ConnectionBudget;
  readonly #metrics: ListenerMetrics;
  draining = false;
  accepted = 0;
  rejected = 0;
  readonly #connections = new Set<ListenedConnection>();
  /** Whose PROXY header has not come yet. */
  readonly #headless = new Set<ProxiedConnection>();
  readonly addresses = new AddressCounts();
  #binding: Listener | null = null;
  #onEmpty: (() => void) | null = null;
  /** What a connection that comes while it drains may be idle. */
  #idleMs = 0;

  constructor(name: string, settings: ListenerSettings, place: ListenerPlace) {
    this.listener = name;
    this.scheme = place.tls === null ? "http" : "https";
    this.tls = place.tls;
    this.bounds = settings.bounds;
    this.acceptor = settings.acceptor;
    this.#proxies = settings.proxies;
    this.wheel = place.wheel;
    this.#startsTls = place.startsTls;
    this.#budget = place.budget;
    this.#metrics = place.metrics;
  }

  /** The next request of every connection follows these. */
  follow(settings: ListenerSettings): void {
    const { connectionsPerIp } = settings.bounds;
    if (connectionsPerIp !== this.bounds.connectionsPerIp) this.addresses.changeLimit(connectionsPerIp);
    this.bounds = settings.bounds;
    this.acceptor = settings.acceptor;
    this.#proxies = settings.proxies;
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  get isBound(): boolean {
    return this.#binding !== null;
  }

  get address(): SocketAddress {
    return this.#binding!.address;
  }

  async bind(transport: Transport, address: AddressConfig, options: ListenOptions): Promise<void> {
    const handshakes = this.tls === null || this.#startsTls ? {} : { tls: this.tls };
    this.#binding = await transport.listen(address, (socket) => this.#accept(socket), { ...options, ...handshakes });
  }

  #accept(socket: AcceptedSocket): SocketHandler {
    this.accepted++;
    if (this.#budget.open >= this.#budget.max) return this.#reject(socket, "full");
    const { remoteAddress } = socket;
    if (remoteAddress !== "" && !this.#proxies.isEmpty && this.#proxies.has(remoteAddress)) {
      const connection = new ProxiedConnection(socket, this);
      this.#headless.add(connection);
      this.#budget.open++;
      return connection;
    }
    const handler = this.acceptProxied(socket);
    if (this.tls !== null && this.#startsTls && !socket.closed) socket.startTls(this.tls, null);
    return handler;
  }

  /** Its addresses are those of the client, by whoever they are told. */
  acceptProxied(socket: AcceptedSocket): SocketHandler {
    // A unix socket has no address to count by.
    if (socket.remoteAddress !== "" && !this.addresses.enter(ipKey(socket.remoteAddress), this.bounds.connectionsPerIp)) {
      return this.#reject(socket, "address");
    }
    const connection = new ServerConnection(socket, this);
    this.#connections.add(connection);
    this.#budget.open++;
    // It came while the listener was being closed, and its request is on the way.
    if (this.draining) connection.drain(this.#idleMs);
    return connection;
  }

  onHeaderOver(connection: ProxiedConnection, fault: Fault | null): void {
    if (!this.#headless.delete(connection)) return;
    this.#budget.open--;
    if (fault !== null) this.#metrics.countProxyFault(this.listener, fault);
    // Behind the connection that it may become.
    queueMicrotask(() => this.#tellIfEmpty());
  }

  #reject(socket: Socket, reason: "full" | "address"): SocketHandler {
    this.rejected++;
    return new RejectedConnection(socket, this.wheel, this.scheme === "https" ? "silently" : reason);
  }

  onHandshake(connection: ListenedConnection): void {
    const { tls } = connection.facts;
    if (tls !== null) this.#metrics.countHandshake(this.listener, tls);
  }

  onConnectionClosed(connection: ListenedConnection, error: SocketError | null): void {
    if (!this.#connections.delete(connection)) return;
    if (this.scheme === "https" && connection.facts.tls === null) this.#metrics.countFailedHandshake(this.listener, error);
    this.#budget.open--;
    if (connection.facts.address !== "") this.addresses.leave(ipKey(connection.facts.address));
    this.#tellIfEmpty();
  }

  #tellIfEmpty(): void {
    if (this.#connections.size + this.#headless.size === 0) this.#onEmpty?.();
  }

  /**
   * Stops accepting; resolves when the last connection has gone. Every answer from now on says that the connection ends, and one
   * that is idle is left a while to come by such an answer: to end it at once would lose the requests that are on their way. So idle
   * ones end last, from a quarter to a half of the grace after their last answer, spread so that their clients don't all come back at once.
   */
  drain(graceMs = 0): Promise<void> {
    this.draining = true;
    this.#idleMs = graceMs / 4;
    this.#binding?.close();
    if (this.#connections.size + this.#headless.size === 0) return Promise.resolve();
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    const connections = [...this.#connections];
    for (const [index, connection] of connections.entries()) connection.drain(graceMs * (0.25 + (0.25 * index) / connections.length));
    return empty;
  }

  /** Ends what still follows this generation; tunnels follow none. */
  destroyGeneration(generation: string): void {
    for (const connection of [...this.#connections]) connection.destroyGeneration(generation);
  }

  /** Ends what is still open. */
  destroy(): void {
    for (const connection of [...this.#headless]) connection.close();
    for (const connection of [...this.#connections]) connection.destroy();
  }
}
