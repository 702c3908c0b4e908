// @hot
// One raw Bun socket behind the Socket contract (raw-callbacks.ts: what it hears). What it adds to the runtime:
// the queue behind short writes, the cork, deferred onClose, and silence after close. Bun's habits that shape it are named
// at the lines that answer them; each was measured on 1.4.5 and is held by socket.contract.ts.
import { toPlainAddress } from "../address-text.ts";
import { CORK_BYTES, createCorkBuffer } from "../cork-buffer.ts";
import { reportHandlerError } from "../handler-error.ts";
import type { AcceptedSocket, SocketError, SocketHandler } from "../socket.ts";
import type { ServerTls, TlsFacts } from "../tls.ts";
import { loopTurn, type Turn } from "../turn.ts";
import { acceptTls } from "./tls-accept.ts";
import type { TlsLayer } from "./tls-layer.ts";

/** What we use of Bun's socket; its published types lack the encoding argument of write(). */
export interface RawSocket {
  data: BunSocket | null | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  /** Returns the bytes taken, -1 when the socket is closed. */
  write(bytes: Uint8Array, offset?: number, length?: number): number;
  write(text: string, encoding: "latin1"): number;
  pause(): void;
  resume(): void;
  shutdown(): void;
  close(): void;
  terminate(): void;
}

const cork = createCorkBuffer();
// One owner at a time: a cork lives within one callback, so that one buffer serves the whole process.
let corkOwner: BunSocket | null = null;
let corkUsed = 0;

const NO_HANDLER: SocketHandler = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };

export class BunSocket implements AcceptedSocket {
  /** What is written to: null until it has connected, and while hands are shaken. */
  raw: RawSocket | null;
  /** The connection on which hands are shaken meanwhile. */
  below: RawSocket | null = null;
  layer: TlsLayer | null = null;
  handler: SocketHandler = NO_HANDLER;
  closed = false;
  error: SocketError | null = null;
  paused = false;
  ending = false;
  finSent = false;
  endSeen = false;
  wantsDrain = false;
  queue: Uint8Array[] | null = null;
  queueHead = 0;
  queueLength = 0;
  remoteText: string | null = null;
  remotePortKnown = -1;
  localText: string | null = null;
  localPortKnown = -1;
  tls: TlsFacts | null = null;
  errorDetail = "";

  get turn(): Turn {
    return loopTurn;
  }

  constructor(raw: RawSocket | null) {
    this.raw = raw;
  }

  get remoteAddress(): string {
    if (this.remoteText !== null) return this.remoteText;
    const raw = this.raw ?? this.below;
    if (raw === null || this.closed) return "";
    this.remoteText = toPlainAddress(raw.remoteAddress);
    return this.remoteText;
  }

  get remotePort(): number {
    if (this.remotePortKnown >= 0) return this.remotePortKnown;
    const raw = this.raw ?? this.below;
    if (raw === null || this.closed) return 0;
    this.remotePortKnown = raw.remotePort ?? 0;
    return this.remotePortKnown;
  }

  get localAddress(): string {
    if (this.localText !== null) return this.localText;
    const raw = this.raw ?? this.below;
    if (raw === null || this.closed) return "";
    this.localText = toPlainAddress(raw.localAddress);
    return this.localText;
  }

  get localPort(): number {
    if (this.localPortKnown >= 0) return this.localPortKnown;
    const raw = this.raw ?? this.below;
    if (raw === null || this.closed) return 0;
    this.localPortKnown = raw.localPort ?? 0;
    return this.localPortKnown;
  }

  present(remote: { readonly address: string; readonly port: number }, local: { readonly address: string; readonly port: number }): void {
    this.remoteText = remote.address;
    this.remotePortKnown = remote.port;
    this.localText = local.address;
    this.localPortKnown = local.port;
  }

  setHandler(handler: SocketHandler): void {
    if (this.below !== null && this.layer !== null) this.layer.handler = handler;
    else this.handler = handler;
  }

  startTls(tls: ServerTls, received: Uint8Array | null): void {
    if (!this.closed) acceptTls(this, tls, received);
  }

  get queuedBytes(): number {
    return corkOwner === this ? this.queueLength + corkUsed : this.queueLength;
  }

  cork(): void {
    if (corkOwner === this || this.closed) return;
    if (corkOwner !== null) flushCork();
    corkOwner = this;
  }

  uncork(): void {
    if (corkOwner === this) flushCork();
  }

  write(chunk: Uint8Array): boolean {
    if (this.closed || this.ending) return true;
    const { length } = chunk;
    if (corkOwner === this) {
      if (corkUsed + length <= CORK_BYTES) {
        cork.set(chunk, corkUsed);
        corkUsed += length;
        return this.queueLength === 0;
      }
      sendCorked(this);
    }
    if (this.queueLength !== 0 || this.raw === null) return this.enqueue(chunk);
    const taken = this.raw.write(chunk);
    if (taken === length || taken < 0) return true;
    return this.enqueue(chunk.subarray(taken));
  }

  writeText(latin1: string): boolean {
    if (this.closed || this.ending) return true;
    const { length } = latin1;
    if (corkOwner === this) {
      if (corkUsed + length <= CORK_BYTES) {
        cork.latin1Write(latin1, corkUsed);
        corkUsed += length;
        return this.queueLength === 0;
      }
      sendCorked(this);
    }
    if (this.queueLength !== 0 || this.raw === null) return this.enqueue(Buffer.from(latin1, "latin1"));
    // As cheap as encoding into a buffer of our own first, see socket.bench.ts.
    const taken = this.raw.write(latin1, "latin1");
    if (taken === length || taken < 0) return true;
    return this.enqueue(Buffer.from(latin1.slice(taken), "latin1"));
  }

  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    if (this.raw !== null) this.raw.pause();
  }

  resume(): void {
    if (!this.paused || this.closed) return;
    this.paused = false;
    if (this.raw === null) return;
    if (this.layer !== null && this.layer.held !== null) this.layer.release();
    else this.raw.resume();
  }

  end(): void {
    if (this.ending || this.closed) return;
    if (corkOwner === this) flushCork();
    this.ending = true;
    if (this.raw !== null) this.sendFin(this.raw);
  }

  /** Sends FIN when we want to and nothing is queued before it. */
  sendFin(raw: RawSocket): void {
    if (!this.ending || this.finSent || this.queueLength !== 0) return;
    this.finSent = true;
    raw.shutdown();
  }

  close(): void {
    this.finish(null, false);
  }

  reset(): void {
    this.finish(null, true);
  }

  /** Ends this socket from our side: at once for the runtime, by microtask for the handler. */
  finish(error: SocketError | null, hard: boolean): void {
    // Also silences the onEnd of a socket that the runtime closed a moment ago.
    this.endSeen = true;
    if (this.closed) return;
    const raw = this.raw ?? this.below;
    // An end of the TLS stream where it is one. Bun's close() sends none.
    const saysGoodbye = this.layer !== null && this.raw !== null && !hard && this.queueLength === 0;
    this.die(error);
    // A connect that is still pending can't be given up in Bun: rawOpen closes it when it comes.
    if (raw === null) return;
    // The runtime calls rawClose from inside these; it finds the socket closed already.
    if (hard) {
      raw.terminate();
      return;
    }
    if (saysGoodbye) raw.shutdown();
    raw.close();
  }

  /** Marks the socket gone, drops what is queued and lets onClose follow. */
  die(error: SocketError | null): void {
    this.closed = true;
    this.error = error;
    this.queue = null;
    this.queueLength = 0;
    if (corkOwner === this) {
      corkOwner = null;
      corkUsed = 0;
    }
    if (dying.push(this) === 1) queueMicrotask(deliverCloses);
  }

  enqueue(chunk: Uint8Array): boolean {
    this.wantsDrain = true;
    if (chunk.length === 0) return this.queueLength === 0;
    if (this.queue === null) this.queue = [];
    this.queue.push(chunk);
    this.queueLength += chunk.length;
    return false;
  }

  /** Sends what is queued as far as the kernel takes it; true when nothing is left. */
  flushQueue(raw: RawSocket): boolean {
    while (this.queueLength !== 0) {
      const { queue } = this;
      if (queue === null) break;
      const chunk = queue[this.queueHead] as Uint8Array;
      const taken = raw.write(chunk);
      // Closed: rawClose has been called, or will be.
      if (taken < 0 || this.closed) return false;
      this.queueLength -= taken;
      if (taken < chunk.length) {
        queue[this.queueHead] = chunk.subarray(taken);
        return false;
      }
      this.queueHead += 1;
      if (this.queueHead === queue.length) {
        this.queue = null;
        this.queueHead = 0;
      }
    }
    return true;
  }
}

const dying: BunSocket[] = [];

// Deferred because Bun calls close() back from inside terminate(), close(), shutdown() and write().
function deliverCloses(): void {
  for (let i = 0; i < dying.length; i += 1) {
    const socket = dying[i] as BunSocket;
    try {
      // Bun reports the far side's FIN after our own only as a close: the handler still hears of both.
      if (!socket.endSeen && socket.error === null) socket.handler.onEnd();
    } catch (error) {
      reportHandlerError(error);
    }
    try {
      socket.handler.onClose(socket.error);
    } catch (error) {
      reportHandlerError(error);
    }
  }
  dying.length = 0;
}

function flushCork(): void {
  const owner = corkOwner as BunSocket;
  sendCorked(owner);
  corkOwner = null;
}

/** Sends the gathered bytes and keeps the cork. What the kernel does not take is copied out, the buffer being shared. */
function sendCorked(owner: BunSocket): void {
  const used = corkUsed;
  if (used === 0) return;
  corkUsed = 0;
  if (owner.queueLength !== 0 || owner.raw === null) {
    owner.enqueue(Buffer.copyBytesFrom(cork, 0, used));
    return;
  }
  const taken = owner.raw.write(cork, 0, used);
  if (taken < used && taken >= 0) owner.enqueue(Buffer.copyBytesFrom(cork, taken, used - taken));
}

/** An exception that escaped from a handler: that socket ends, the process hears of it. */
export function failSocket(socket: BunSocket, error: unknown): void {
  socket.finish("EABORTED", true);
  reportHandlerError(error);
}
