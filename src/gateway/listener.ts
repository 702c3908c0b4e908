// One listening address: accepts, counts connections per client address, and lets connections go when it drains.

import { type CidrSet, type Fault, ipKey, type TimerWheel } from "../base/index.ts";
import type { AddressConfig, BoundsConfig, ListenerProtocol } from "../config/index.ts";
import type { RequestAcceptor } from "../http/index.ts";
import { type ListenedConnection, readClientFacts, ServerConnection } from "../http1/index.ts";
import { H2, Http2ServerConnection, type Http2ServerContext } from "../http2/index.ts";
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
import type { ConnectionFaultLines } from "./connection-faults.ts";
import type { ListenerMetrics } from "./listener-metrics.ts";
import { ProxiedConnection, type ProxiedOwner } from "./proxied-connection.ts";
import { RejectedConnection } from "./reject-connection.ts";
import { Suspects } from "./suspects.ts";
import { type ServedConnection, UndecidedConnection, type UndecidedOwner } from "./undecided-connection.ts";

/** What a generation says of a listener. */
export interface ListenerSettings {
  readonly protocols: readonly ListenerProtocol[];
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
  readonly faults: ConnectionFaultLines;
  /** Null: cleartext. */
  readonly tls: ServerTls | null;
  /** Whether PROXY headers may come before handshakes: then each handshake is begun here, and not by the transport. */
  readonly startsTls: boolean;
}

export class GatewayListener implements Http2ServerContext, ProxiedOwner, UndecidedOwner {
  readonly listener: string;
  readonly scheme: "http" | "https";
  readonly wheel: TimerWheel;
  readonly tls: ServerTls | null;
  bounds: BoundsConfig;
  acceptor: RequestAcceptor;
  speaksHttp1: boolean;
  #speaksHttp2: boolean;
  #proxies: CidrSet;
  readonly #startsTls: boolean;
  readonly #budget: ConnectionBudget;
  readonly #metrics: ListenerMetrics;
  readonly #faults: ConnectionFaultLines;
  draining = false;
  accepted = 0;
  rejected = 0;
  readonly #connections = new Set<ListenedConnection>();
  /** Those of them that speak HTTP/2. */
  readonly #http2 = new Set<Http2ServerConnection>();
  /** Whose PROXY header has not come yet. */
  readonly #headless = new Set<ProxiedConnection>();
  readonly addresses = new AddressCounts();
  readonly #suspects = new Suspects();
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
    this.speaksHttp1 = settings.protocols.includes("http/1.1");
    this.#speaksHttp2 = settings.protocols.includes("h2");
    this.#proxies = settings.proxies;
    this.wheel = place.wheel;
    this.#startsTls = place.startsTls;
    this.#budget = place.budget;
    this.#metrics = place.metrics;
    this.#faults = place.faults;
  }

  /** The next request of every connection follows these; what a connection speaks was chosen when it came. */
  follow(settings: ListenerSettings): void {
    const { connectionsPerIp } = settings.bounds;
    if (connectionsPerIp !== this.bounds.connectionsPerIp) this.addresses.changeLimit(connectionsPerIp);
    this.bounds = settings.bounds;
    this.acceptor = settings.acceptor;
    this.speaksHttp1 = settings.protocols.includes("http/1.1");
    this.#speaksHttp2 = settings.protocols.includes("h2");
    this.#proxies = settings.proxies;
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  get http2Connections(): number {
    return this.#http2.size;
  }

  /** Of all connections that speak HTTP/2. */
  get openStreams(): number {
    let streams = 0;
    for (const connection of this.#http2) streams += connection.streams.size;
    return streams;
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
    this.#budget.open++;
    return this.#take(this.#begin(socket));
  }

  /** Over TLS the handshake chooses, whatever it was that the listener spoke when the connection came. */
  #begin(socket: AcceptedSocket): ServedConnection {
    if (this.tls === null && !this.#speaksHttp2) return new ServerConnection(socket, this);
    if (this.tls === null && !this.speaksHttp1) return this.#createHttp2(socket);
    return new UndecidedConnection(socket, readClientFacts(socket, this.listener), this);
  }

  #createHttp2(socket: AcceptedSocket): Http2ServerConnection {
    const connection = new Http2ServerConnection(socket, this);
    this.#http2.add(connection);
    return connection;
  }

  #take<Connection extends ListenedConnection>(connection: Connection): Connection {
    this.#connections.add(connection);
    // It came while the listener was being closed, and its request is on the way.
    if (this.draining) connection.drain(this.#idleMs);
    return connection;
  }

  startHttp1(before: UndecidedConnection, socket: AcceptedSocket): ServerConnection {
    this.#connections.delete(before);
    return this.#take(new ServerConnection(socket, this));
  }

  startHttp2(before: UndecidedConnection, socket: AcceptedSocket): Http2ServerConnection {
    this.#connections.delete(before);
    return this.#take(this.#createHttp2(socket));
  }

  onNoProtocol(): void {
    this.#metrics.countNoProtocol(this.listener);
  }

  onConnectionFault({ facts }: ListenedConnection, fault: Fault): void {
    this.#metrics.countHttp2Fault(this.listener, fault);
    this.#faults.tell(this.listener, facts.address, fault);
    if (H2.isFlood(fault.kind)) this.#suspects.add(facts.address, this.wheel.nowMs);
  }

  isSuspect(address: string): boolean {
    // Asked first thing of a connection.
    this.wheel.touch();
    return this.#suspects.has(address, this.wheel.nowMs);
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
    this.#http2.delete(connection as Http2ServerConnection);
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

  /** Ends what is still open. */
  destroy(): void {
    for (const connection of [...this.#headless]) connection.close();
    for (const connection of [...this.#connections]) connection.destroy();
  }
}
