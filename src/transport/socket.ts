// The one interface between the engine and a runtime's sockets. Adapters: bun/, node/, memory/.
// Nothing outside this room touches a socket, and nothing in here knows HTTP.
//
// Contract (socket.contract.ts holds every adapter to it):
// - Handler callbacks are never called from inside a call that the handler made on the socket: an adapter whose
//   runtime does so defers them to a microtask. So a caller may finish its own bookkeeping after write(), end(),
//   close() or reset() without looking over its shoulder.
// - onClose comes exactly once, last, for every socket, also for one that never opened.
// - After close() or reset() nothing is delivered but onClose.
// - onDrain may be spurious. It must come after any write() that returned false, once the queue is empty; after end()
//   it may stay away.
// - onEnd (the far side's FIN) comes at most once, after all data, and on some runtimes only after resume() when the socket
//   is paused. It comes before every orderly onClose that the far side had a part in. A reset may also wait for resume(),
//   and what was in flight before a reset may be lost.
// - A socket closes by itself once both sides have ended and everything is delivered.
// - Over TLS a FIN without close_notify is no end, as anybody on the way can send one: no onEnd, but onClose with ECONNRESET.
// - An exception that escapes from a callback resets that socket, which closes with EABORTED, and goes to the hook of
//   handler-error.ts; other sockets and the process's loop are not touched.

import type { ClientTls, ServerTls, TlsFacts } from "./tls.ts";
import type { Turn } from "./turn.ts";

/** Why a socket closed; null is an orderly close. Codes the engine matches on; every other errno is `EOTHER`. */
export type SocketError =
  | "ECONNREFUSED"
  | "ECONNRESET"
  | "EPIPE"
  | "ETIMEDOUT"
  | "EHOSTUNREACH"
  | "ENOTFOUND"
  | "EADDRINUSE"
  | "EMFILE"
  /** The handshake failed: no common version, cipher or protocol, nonsense, or the far side refused us. */
  | "ETLS"
  /** The far side's certificate is missing where one is required, or not one that we believe. */
  | "ETLSCERT"
  | "EABORTED"
  | "EOTHER";

export interface SocketHandler {
  /**
   * Connected; over TLS, once the handshake is done and the far side's certificate is believed. Called for outgoing sockets only:
   * an accepted one is open when the handler is asked for.
   */
  onOpen(): void;
  /** The handshake that startTls() began is done: `tls` tells what came of it. Before any data. */
  onSecure?(): void;
  /** Bytes that arrived. The chunk belongs to the receiver from here on; the adapter never touches it again. */
  onData(chunk: Uint8Array): void;
  /** The queue has drained; writing may go on. */
  onDrain(): void;
  /** The far side finished sending (FIN). Writing is still possible. */
  onEnd(): void;
  /** The socket is gone. `error` is null when both sides finished in order or when we called close(). */
  onClose(error: SocketError | null): void;
}

export interface Socket {
  /**
   * Textual IP address of the far side without brackets or zone, an IPv4-mapped one in its IPv4 form; empty on a unix socket.
   * All four are read on first use and kept: one that was never read while the socket was open may be empty (or 0) after.
   */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Null without TLS, and until the handshake is done. */
  readonly tls: TlsFacts | null;
  /** Why it closed with ETLS or ETLSCERT, in a few words for the operator (`certificate has expired`); else "". */
  readonly errorDetail: string;
  /** True from close(), reset() or the loss of the connection on. Writing to a closed or ended socket is a no-op that returns true. */
  readonly closed: boolean;
  /** Bytes taken from us that the kernel has not taken yet. */
  readonly queuedBytes: number;
  /** The turn in which its events are delivered. */
  readonly turn: Turn;
  /**
   * Gathers the following writes so that they leave in one system call at uncork(). Not nested: a second cork() is a no-op.
   * One socket is corked at a time: the cork of another one sends what this one gathered. Uncork in the turn that corked.
   * Up to CORK_BYTES in all are copied: the writer may use its bytes again.
   */
  cork(): void;
  uncork(): void;
  /**
   * Takes the whole chunk, always; what the kernel does not take is queued. Returns false when anything is queued:
   * stop until onDrain. The bytes must not change until they have left.
   */
  write(chunk: Uint8Array): boolean;
  /** The same for a string of which each UTF-16 unit is one byte (latin1). */
  writeText(latin1: string): boolean;
  /** Stops onData. Idempotent. A chunk that is already on its way may still be delivered. */
  pause(): void;
  /** Idempotent and cheap: the engine calls it without asking whether it is paused. */
  resume(): void;
  /** Sends the queue, then FIN. Reading goes on. Idempotent. */
  end(): void;
  /** Closes both directions at once and drops the queue. Also gives up a connect that is still pending. Idempotent. */
  close(): void;
  /** Like close(), but the far side sees RST where the runtime can send one. */
  reset(): void;
}

/** An accepted socket, before anything of the protocol proper has been read from it. */
export interface AcceptedSocket extends Socket {
  /** The address that the far side speaks for (PROXY protocol); the four above tell it from now on. */
  present(remote: { readonly address: string; readonly port: number }, local: { readonly address: string; readonly port: number }): void;
  /** From the next event on, `handler` is called. */
  setHandler(handler: SocketHandler): void;
  /**
   * Begins the server's side of a TLS handshake. `received` is what was read already and belongs to it. onSecure follows, or onClose
   * with ETLS or ETLSCERT; nothing may be written before. Once a socket, from the accept call or from onData.
   */
  startTls(tls: ServerTls, received: Uint8Array | null): void;
}

export interface ListenOptions {
  /** A listening descriptor that this process inherited, to be accepted on instead of binding `address`. Closed with the listener. */
  readonly descriptor?: number;
  /** Whether several processes may bind the same address; the kernel spreads connections over them. Default false. */
  readonly reusePort?: boolean;
  /** Connections that may wait to be accepted; the system's own limit holds too. Default 511. A descriptor has its own. */
  readonly backlog?: number;
  /**
   * Handshakes of every connection: as startTls() first thing in `accept`, and cheaper. Of a listener with PROXY headers leave it out
   * and call startTls() behind the header.
   */
  readonly tls?: ServerTls;
}

export type SocketAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface Listener {
  /** The address bound; the port is the real one when 0 was asked for. */
  readonly address: SocketAddress;
  /** Stops accepting and frees the address. Accepted sockets live on. */
  close(): void;
}

export interface Transport {
  readonly name: "bun" | "node" | "memory";
  /**
   * Binds and accepts. `accept` is called once a connection and gives its handler.
   * Rejects with an Error whose `code` is a SocketError when the address can't be bound.
   */
  listen(address: SocketAddress, accept: (socket: AcceptedSocket) => SocketHandler, options?: ListenOptions): Promise<Listener>;
  /**
   * Starts to connect and returns at once. onOpen follows, or onClose with the reason. There is no timeout here:
   * the caller's timer calls close(). `preamble` is sent before everything else, before the handshake too (PROXY protocol).
   */
  connect(address: SocketAddress, handler: SocketHandler, tls?: ClientTls | null, preamble?: Uint8Array | null): Socket;
}
