// A network inside the process, for tests: deterministic, with the mishaps of a real one on request. The order of events
// depends on nothing but the calls made: sockets are visited in turn, one event a visit.
import { toAddressText } from "../address-text.ts";
import { reportHandlerError } from "../handler-error.ts";
import type { AcceptedSocket, Listener, Socket, SocketAddress, SocketError, SocketHandler, Transport } from "../socket.ts";
import { createListenError } from "../socket-error.ts";
import type { ClientTls, ServerTls } from "../tls.ts";
import { Turn } from "../turn.ts";
import { MemorySocket, type MemoryWire } from "./memory-socket.ts";
import { checkPair } from "./simulated-handshake.ts";

/** What becomes of a connect: it is never answered, or it fails with a code. */
export type ConnectFault = "blackhole" | SocketError;

export interface MemoryNetworkOptions {
  /**
   * When events are delivered: called with a function that delivers one. Default `queueMicrotask`; pass `setImmediate`
   * when the rest of the event loop must keep turning under an endless exchange, null to deliver by pump() only.
   */
  readonly schedule?: ((deliverOne: () => void) => void) | null;
  /** onData never gets more than this many bytes at once. Default 65,536; 1 cuts at every byte. */
  readonly chunkBytes?: number;
  /** Bytes that fit in flight each way; writes beyond are short. Default 65,536. */
  readonly windowBytes?: number;
  /** Adds an onDrain after open, pause and end, as Bun does. Default false. */
  readonly spuriousDrain?: boolean;
}

type Accept = (socket: AcceptedSocket) => SocketHandler;

export class MemoryNetwork {
  /** Connects from 127.0.0.1. */
  readonly transport: Transport;
  readonly #open = new Set<MemorySocket>();
  readonly #listeners = new Map<string, Accept>();
  readonly #faults = new Map<string, ConnectFault>();
  readonly #connecting = new Map<MemorySocket, SocketAddress>();
  readonly #preambles = new Map<MemorySocket, Uint8Array>();
  readonly #woken: MemorySocket[] = [];
  readonly #schedule: ((deliverOne: () => void) => void) | null;
  readonly #wire: MemoryWire;
  /** Asked for by who gathers what he sends: the turn ends when nobody is left to visit. */
  #turnEnd: (() => void) | null = null;
  #scheduled = false;
  #nextPort = 40_000;

  constructor(options: MemoryNetworkOptions = {}) {
    this.#schedule = options.schedule === undefined ? queueMicrotask : options.schedule;
    this.#wire = {
      chunkBytes: options.chunkBytes ?? 65_536,
      windowBytes: options.windowBytes ?? 65_536,
      spuriousDrain: options.spuriousDrain ?? false,
      corkOwner: null,
      wake: (socket) => this.#wake(socket),
      join: (socket) => this.#join(socket),
      forget: (socket) => {
        this.#open.delete(socket);
        this.#connecting.delete(socket);
        this.#preambles.delete(socket);
      },
      turn: new Turn((end) => {
        this.#turnEnd = end;
        this.#arm();
      }),
      report: reportHandlerError,
    };
    this.transport = this.transportFrom("127.0.0.1");
  }

  /** The same network as seen from a host with this IP address: what accepted sockets report as remoteAddress. */
  transportFrom(localAddress: string): Transport {
    return {
      name: "memory",
      listen: async (address, accept, options = {}) =>
        this.#listen(address, options.tls === undefined ? accept : secured(accept, options.tls)),
      connect: (address, handler, tls = null, preamble = null) => this.#connect(localAddress, address, handler, tls, preamble),
    };
  }

  /** Both ends of every connection, and connects under way, until their onClose. Empty when nothing leaked. */
  get openSockets(): readonly Socket[] {
    return [...this.#open];
  }

  /** Delivers until nothing is left to deliver; returns the number of visits. `maxVisits` guards against endless exchanges. */
  pump(maxVisits = 1_000_000): number {
    let visits = 0;
    while (visits < maxVisits && this.step()) visits += 1;
    return visits;
  }

  /** Delivers at most one event, or ends the turn; false when there was nothing to do. */
  step(): boolean {
    const socket = this.#woken.shift();
    if (socket === undefined) {
      const end = this.#turnEnd;
      this.#turnEnd = null;
      end?.();
      return end !== null;
    }
    socket.isWoken = false;
    socket.visit();
    return true;
  }

  /** Decides what becomes of connects to `address` from now on, whether or not somebody listens; null is the normal case. */
  setConnectFault(address: SocketAddress, fault: ConnectFault | null): void {
    if (fault === null) this.#faults.delete(toKey(address));
    else this.#faults.set(toKey(address), fault);
  }

  /** Breaks a connection in the middle: both ends close with ECONNRESET, what was in flight is lost. */
  injectReset(socket: Socket): void {
    if (!(socket instanceof MemorySocket)) throw new TypeError("injectReset takes a socket of this network");
    socket.far?.die("ECONNRESET");
    socket.die("ECONNRESET");
  }

  #listen(address: SocketAddress, accept: Accept): Listener {
    const bound = "path" in address || address.port !== 0 ? address : { host: address.host, port: this.#freePort(address.host) };
    const key = toKey(bound);
    if (this.#listeners.has(key))
      throw createListenError(toAddressText(bound), Object.assign(new Error("address in use"), { code: "EADDRINUSE" }));
    this.#listeners.set(key, accept);
    let isOpen = true;
    return {
      address: bound,
      close: () => {
        if (isOpen) this.#listeners.delete(key);
        isOpen = false;
      },
    };
  }

  #connect(
    localAddress: string,
    address: SocketAddress,
    handler: SocketHandler,
    tls: ClientTls | null,
    preamble: Uint8Array | null,
  ): Socket {
    const isUnix = "path" in address;
    const local = isUnix ? { address: "", port: 0 } : { address: localAddress, port: this.#freePort(localAddress) };
    const remote = isUnix ? { address: "", port: 0 } : { address: toIpAddress(address.host), port: address.port };
    const socket = new MemorySocket(this.#wire, local, remote);
    socket.handler = handler;
    socket.connecting = true;
    socket.clientTls = tls;
    this.#open.add(socket);
    const unusable = tls === null || tls.identity === null ? null : checkPair(tls.identity);
    if (unusable !== null) {
      socket.refuse({ code: "ETLS", detail: unusable });
      return socket;
    }
    if (preamble !== null) this.#preambles.set(socket, preamble);
    this.#connecting.set(socket, address);
    this.#wake(socket);
    return socket;
  }

  #join(socket: MemorySocket): void {
    const address = this.#connecting.get(socket);
    if (address === undefined) return;
    this.#connecting.delete(socket);
    const fault = this.#faults.get(toKey(address));
    if (fault === "blackhole") return;
    const accept = fault === undefined ? this.#findListener(address) : undefined;
    if (accept === undefined) {
      socket.die(fault ?? "ECONNREFUSED");
      return;
    }
    const accepted = new MemorySocket(
      this.#wire,
      { address: socket.remoteAddress, port: socket.remotePort },
      { address: socket.localAddress, port: socket.localPort },
    );
    accepted.far = socket;
    socket.far = accepted;
    socket.connecting = false;
    // Over TLS it opens when hands are shaken.
    socket.openDue = socket.clientTls === null;
    const preamble = this.#preambles.get(socket);
    if (preamble !== undefined) socket.sendAhead(preamble);
    this.#open.add(accepted);
    this.#wake(socket);
    this.#accept(accepted, accept);
  }

  #accept(socket: MemorySocket, accept: Accept): void {
    try {
      socket.handler = accept(socket);
    } catch (error) {
      socket.finish("EABORTED", true);
      reportHandlerError(error);
    }
  }

  #findListener(address: SocketAddress): Accept | undefined {
    if ("path" in address) return this.#listeners.get(toKey(address));
    const exact = this.#listeners.get(toKey(address));
    return (
      exact ??
      this.#listeners.get(toKey({ host: "0.0.0.0", port: address.port })) ??
      this.#listeners.get(toKey({ host: "::", port: address.port }))
    );
  }

  #freePort(host: string): number {
    do this.#nextPort += 1;
    while (this.#listeners.has(toKey({ host, port: this.#nextPort })));
    return this.#nextPort;
  }

  #wake(socket: MemorySocket): void {
    if (!socket.isWoken) {
      socket.isWoken = true;
      this.#woken.push(socket);
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#schedule === null || this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => this.#deliverOne());
  }

  #deliverOne(): void {
    this.#scheduled = false;
    this.step();
    if (this.#woken.length > 0 || this.#turnEnd !== null) this.#arm();
  }
}

function secured(accept: Accept, tls: ServerTls): Accept {
  return (socket) => {
    const handler = accept(socket);
    socket.startTls(tls, null);
    return handler;
  };
}

function toIpAddress(host: string): string {
  return host === "localhost" ? "127.0.0.1" : host;
}

function toKey(address: SocketAddress): string {
  return "path" in address ? address.path : toAddressText({ host: toIpAddress(address.host), port: address.port });
}
