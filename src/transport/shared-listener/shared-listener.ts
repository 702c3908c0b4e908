// What a process holds that listens for others: a socket that is bound and listens, and that this process never accepts on.
// The two ways to make one stand in bun-libc.ts and node-handle.ts. How a worker accepts on it: ListenOptions.descriptor.
import type { SocketAddress } from "../socket.ts";

export interface SharedListenOptions {
  /** Whether several sockets, of this process or another, may bind the same address; the kernel spreads connections. Default false. */
  readonly reusePort?: boolean;
  /** Connections that may wait to be accepted. Default 511. A runtime that accepts sets its own once more (Bun 511, Node 511). */
  readonly backlog?: number;
  /**
   * Default true. False binds alone: nobody's connection waits there until the first process that inherits it accepts, which listens.
   * For an address that others share, where a socket that listens gets its share of the connections whether it is served or not.
   */
  readonly listens?: boolean;
}

/** A listening socket that nobody accepts on in this process. It is closed on exec: a child gets it by a place in its `stdio`. */
export interface SharedListener {
  readonly descriptor: number;
  /** The address bound; the port is the real one when 0 was asked for. */
  readonly address: SocketAddress;
  /** Closes this process's descriptor. Whoever inherited it goes on; when nobody did, what waits in the queue is lost. Idempotent. */
  close(): void;
}

export const DEFAULT_BACKLOG = 511;

/** How one runtime makes them. Both throw what the system said, an Error with `code` and `syscall`. */
export interface SharedListenerMaker {
  /** `backlog` is null for one that does not listen yet. */
  bind(address: SocketAddress, reusePort: boolean, backlog: number | null): SharedListener;
  /** A listening socket that this process inherited; `close()` leaves its file, if it has one, to who made it. */
  adopt(descriptor: number): SharedListener;
}
