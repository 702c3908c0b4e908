// @hot
// One net.Socket behind the Socket contract, and the listeners that all of them share. Node queues short writes itself;
// what is added: one write a cork, idempotent pause and resume, drain after every write that was not taken whole, and
// silence after close. Public API of node:net only, so that it also runs on Bun's node:net.
import type { Socket as NetSocket } from "node:net";
import { CORK_BYTES, createCorkBuffer } from "../cork-buffer.ts";
import { reportHandlerError } from "../handler-error.ts";
import type { AcceptedSocket, SocketError, SocketHandler } from "../socket.ts";
import { toSocketError } from "../socket-error.ts";
import type { ServerTls, TlsFacts } from "../tls.ts";
import { loopTurn, type Turn } from "../turn.ts";
import { AddressedSocket } from "./addressed-socket.ts";
import { acceptTls } from "./tls-accept.ts";
import { destroyTls, pushWatched } from "./tls-end.ts";
import { type TlsFault, toTlsFault } from "./tls-faults.ts";

const WRAPPER = Symbol("NodeSocket");

export interface RawSocket extends NetSocket {
  [WRAPPER]: NodeSocket;
}

let cork = createCorkBuffer();
// One owner at a time: a cork lives within one callback, so that one buffer serves the whole process.
let corkOwner: NodeSocket | null = null;
let corkUsed = 0;

// node:tls reports each write as done one turn later only. Were each of them a full queue to our callers, they would stop after each.
const TLS_SLACK = 65_536;

const NO_HANDLER: SocketHandler = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };

export class NodeSocket extends AddressedSocket implements AcceptedSocket {
  /** What that lies on: `raw` itself where there is no TLS, and on outgoing sockets. */
  readonly tcp: NetSocket;
  isTls = false;
  /** Bytes that may wait and yet count as taken: more than 0 behind a handshake only. */
  slack = 0;
  handler: SocketHandler = NO_HANDLER;
  closed = false;
  closeDelivered = false;
  error: SocketError | null = null;
  paused = false;
  ending = false;
  wantsDrain = false;
  tls: TlsFacts | null = null;
  errorDetail = "";

  constructor(raw: NetSocket) {
    super(raw);
    this.tcp = raw;
  }

  get turn(): Turn {
    return loopTurn;
  }

  setHandler(handler: SocketHandler): void {
    this.handler = handler;
  }

  startTls(tls: ServerTls, received: Uint8Array | null): void {
    if (this.closed) return;
    detachSocket(this);
    acceptTls(this, tls, received);
  }

  /** From here on the TLS socket is read and written. Its data are listened for once it is secured. */
  layTls(raw: NetSocket): void {
    this.raw = raw;
    this.isTls = true;
    (raw as RawSocket)[WRAPPER] = this;
    raw.push = pushWatched;
    raw.on("error", rawError);
    raw.on("close", rawClose);
    if (this.paused) raw.pause();
  }

  /**
   * The handshake is done and the far side believed. The handler hears of it when OpenSSL is done with it too: node:tls tells from
   * within, and what is written or ended there is now and then never sent (Node 22 and 24).
   */
  secureSoon(facts: TlsFacts): void {
    setImmediate(secureNow, this, facts);
  }

  secured(facts: TlsFacts): void {
    if (this.closed || this.raw.destroyed) return;
    this.tls = facts;
    this.slack = TLS_SLACK;
    const { raw } = this;
    try {
      if (this.tcp === raw) this.handler.onOpen();
      else this.handler.onSecure?.();
    } catch (error) {
      failSocket(this, error);
    }
    if (this.closed) return;
    raw.on("data", rawData);
    raw.on("drain", rawDrain);
    raw.on("end", rawEnd);
    if (this.ending) raw.end();
  }

  noteFault(fault: TlsFault): void {
    if (this.closed || this.error !== null) return;
    this.error = fault.code;
    this.errorDetail = fault.detail;
  }

  failTls(fault: TlsFault): void {
    if (this.closed) return;
    this.errorDetail = fault.detail;
    this.finish(fault.code, false);
  }

  abort(error: unknown): void {
    failSocket(this, error);
  }

  get queuedBytes(): number {
    if (this.closed) return 0;
    const { writableLength } = this.raw;
    const waiting = writableLength <= this.slack ? 0 : writableLength;
    return corkOwner === this ? waiting + corkUsed : waiting;
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
    if (corkOwner === this) {
      const { length } = chunk;
      if (corkUsed + length <= CORK_BYTES) {
        cork.set(chunk, corkUsed);
        corkUsed += length;
        return !this.wantsDrain;
      }
      sendCorked(this);
    }
    this.raw.write(chunk);
    return this.isTaken();
  }

  writeText(latin1: string): boolean {
    if (this.closed || this.ending) return true;
    if (corkOwner === this) {
      const { length } = latin1;
      if (corkUsed + length <= CORK_BYTES) {
        cork.latin1Write(latin1, corkUsed);
        corkUsed += length;
        return !this.wantsDrain;
      }
      sendCorked(this);
    }
    this.raw.write(latin1, "latin1");
    return this.isTaken();
  }

  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    this.raw.pause();
  }

  resume(): void {
    if (!this.paused || this.closed) return;
    this.paused = false;
    this.raw.resume();
  }

  end(): void {
    if (this.ending || this.closed) return;
    if (corkOwner === this) flushCork();
    this.ending = true;
    // OpenSSL can't say goodbye before it has said hello: secured() ends.
    if (!this.isTls || this.tls !== null) this.raw.end();
  }

  close(): void {
    this.finish(null, false);
  }

  reset(): void {
    this.finish(null, true);
  }

  /** Whether the kernel has all that was written. Node's own answer compares with the high water mark instead. */
  isTaken(): boolean {
    if (this.raw.writableLength <= this.slack) return true;
    this.wantsDrain = true;
    return false;
  }

  /** Ends this socket from our side; onClose comes with the runtime's close event, which is never synchronous. */
  finish(error: SocketError | null, hard: boolean): void {
    if (this.closed) return;
    this.closed = true;
    this.error = error;
    this.dropCork();
    const { raw } = this;
    if (this.isTls) {
      destroyTls(raw, this.tcp, hard, this.tls !== null);
      return;
    }
    // resetAndDestroy() throws on a unix socket, waits for a connect that is pending, and behind an end() that is still on its
    // way it never closes at all.
    const canReset = !raw.connecting && raw.remoteFamily !== undefined && (!raw.writableEnded || raw.writableFinished);
    if (hard && canReset) raw.resetAndDestroy();
    else raw.destroy();
  }

  dropCork(): void {
    if (corkOwner !== this) return;
    corkOwner = null;
    corkUsed = 0;
  }
}

function flushCork(): void {
  const owner = corkOwner as NodeSocket;
  sendCorked(owner);
  corkOwner = null;
}

/** Sends the gathered bytes in one write and keeps the cork. */
function sendCorked(owner: NodeSocket): void {
  const used = corkUsed;
  if (used === 0) return;
  corkUsed = 0;
  const { raw } = owner;
  if (owner.isTls) {
    // Encrypted within the call, unless something waits already: then Node keeps a reference.
    const isKept = raw.writableLength !== 0 || owner.tls === null;
    raw.write(isKept ? Buffer.from(cork.subarray(0, used)) : cork.subarray(0, used));
    owner.isTaken();
    return;
  }
  raw.write(cork.subarray(0, used));
  // Node holds on to what the kernel did not take at once, so the buffer is its own now. Rare, and cheaper than a copy each time.
  if (!owner.isTaken()) cork = createCorkBuffer();
}

/** Binds a wrapper to its socket and starts to listen to it. */
export function attachSocket(socket: NodeSocket): void {
  const { raw } = socket;
  watchSocket(socket);
  raw.on("data", rawData);
  raw.on("drain", rawDrain);
  raw.on("end", rawEnd);
}

/** The same but for its data. */
export function watchSocket(socket: NodeSocket): void {
  const raw = socket.raw as RawSocket;
  raw[WRAPPER] = socket;
  raw.on("error", rawError);
  raw.on("close", rawClose);
}

function secureNow(socket: NodeSocket, facts: TlsFacts): void {
  socket.secured(facts);
}

/** Stops to listen for data; its errors and its close are still ours. */
function detachSocket(socket: NodeSocket): void {
  const { raw } = socket;
  raw.removeListener("data", rawData);
  raw.removeListener("drain", rawDrain);
  raw.removeListener("end", rawEnd);
}

/** An exception that escaped from a handler: that socket ends, the process hears of it. */
export function failSocket(socket: NodeSocket, error: unknown): void {
  socket.finish("EABORTED", true);
  reportHandlerError(error);
}

export function rawConnect(this: NetSocket): void {
  const socket = (this as RawSocket)[WRAPPER];
  if (socket.closed) return;
  try {
    socket.handler.onOpen();
  } catch (error) {
    failSocket(socket, error);
  }
}

function rawData(this: NetSocket, chunk: Uint8Array): void {
  const socket = (this as RawSocket)[WRAPPER];
  if (socket.closed) return;
  try {
    socket.handler.onData(chunk);
  } catch (error) {
    failSocket(socket, error);
  }
}

// With a high water mark of one byte Node announces a drain after every write, which costs less than any other way to
// learn that a partial write is through; wantsDrain sorts out the rest.
function rawDrain(this: NetSocket): void {
  const socket = (this as RawSocket)[WRAPPER];
  if (!socket.wantsDrain || socket.closed || this.writableLength !== 0) return;
  socket.wantsDrain = false;
  try {
    socket.handler.onDrain();
  } catch (error) {
    failSocket(socket, error);
  }
}

function rawEnd(this: NetSocket): void {
  const socket = (this as RawSocket)[WRAPPER];
  if (socket.closed) return;
  try {
    socket.handler.onEnd();
  } catch (error) {
    failSocket(socket, error);
  }
}

// The close event follows and tells the handler.
function rawError(this: NetSocket, error: Error): void {
  const socket = (this as RawSocket)[WRAPPER];
  if (socket.closed || socket.error !== null) return;
  if (!socket.isTls) socket.error = toSocketError(error);
  else socket.noteFault(toTlsFault(error));
}

function rawClose(this: NetSocket): void {
  const socket = (this as RawSocket)[WRAPPER];
  if (socket.closeDelivered) return;
  socket.closeDelivered = true;
  socket.closed = true;
  socket.dropCork();
  try {
    socket.handler.onClose(socket.error);
  } catch (error) {
    reportHandlerError(error);
  }
}
