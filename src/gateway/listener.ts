// One listening address: accepts, counts connections per client address, and lets connections go when it drains.

import { ipKey, type TimerWheel } from "../base/index.ts";
import type { AddressConfig, BoundsConfig } from "../config/index.ts";
import type { RequestAcceptor } from "../http/index.ts";
import { ServerConnection, type ServerContext } from "../http1/index.ts";
import type { Listener, Socket, SocketAddress, SocketHandler, Transport } from "../transport/index.ts";
import type { ConnectionBudget } from "./connection-budget.ts";
import { RejectedConnection } from "./reject-connection.ts";

export class GatewayListener implements ServerContext {
  readonly listener: string;
  readonly scheme = "http";
  readonly bounds: BoundsConfig;
  readonly wheel: TimerWheel;
  readonly acceptor: RequestAcceptor;
  readonly #budget: ConnectionBudget;
  draining = false;
  accepted = 0;
  rejected = 0;
  readonly #connections = new Set<ServerConnection>();
  readonly #perAddress = new Map<string, number>();
  #binding: Listener | null = null;
  #onEmpty: (() => void) | null = null;

  constructor(name: string, bounds: BoundsConfig, wheel: TimerWheel, acceptor: RequestAcceptor, budget: ConnectionBudget) {
    this.listener = name;
    this.bounds = bounds;
    this.wheel = wheel;
    this.acceptor = acceptor;
    this.#budget = budget;
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

  async bind(transport: Transport, address: AddressConfig): Promise<void> {
    this.#binding = await transport.listen(address, (socket) => this.#accept(socket));
  }

  #accept(socket: Socket): SocketHandler {
    this.accepted++;
    if (this.#budget.open >= this.#budget.max) {
      this.rejected++;
      return new RejectedConnection(socket, this.wheel, "full");
    }
    const limit = this.bounds.connectionsPerIp;
    // A unix socket has no address to count by.
    if (limit !== null && socket.remoteAddress !== "") {
      const key = ipKey(socket.remoteAddress);
      const count = (this.#perAddress.get(key) ?? 0) + 1;
      if (count > limit) {
        this.rejected++;
        return new RejectedConnection(socket, this.wheel, "address");
      }
      this.#perAddress.set(key, count);
    }
    const connection = new ServerConnection(socket, this);
    this.#connections.add(connection);
    this.#budget.open++;
    return connection;
  }

  onConnectionClosed(connection: ServerConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.#budget.open--;
    if (this.bounds.connectionsPerIp !== null && connection.facts.address !== "") {
      const key = ipKey(connection.facts.address);
      const count = (this.#perAddress.get(key) ?? 1) - 1;
      if (count === 0) this.#perAddress.delete(key);
      else this.#perAddress.set(key, count);
    }
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  /** Stops accepting; resolves when the last connection has gone. Every answer from now on says that the connection ends. */
  drain(): Promise<void> {
    this.draining = true;
    this.#binding?.close();
    if (this.#connections.size === 0) return Promise.resolve();
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const connection of [...this.#connections]) connection.drain();
    return empty;
  }

  /** Ends what is still open. */
  destroy(): void {
    for (const connection of [...this.#connections]) connection.destroy();
  }
}
