// One end of a connection inside the process. It behaves like the strictest of the real runtimes: short writes at a small
// window, FIN unseen while paused, what was in flight lost on reset. Not fast, and no model of time: only of order.
import type { AcceptedSocket, SocketError, SocketHandler } from "../socket.ts";
import type { ClientTls, ServerTls, TlsFacts } from "../tls.ts";
import type { Turn } from "../turn.ts";
import { CUT, NOT_TLS, type Refusal, shakeHands } from "./simulated-handshake.ts";

/** What a socket needs of the network that it lives in. */
export interface MemoryWire {
  readonly chunkBytes: number;
  readonly windowBytes: number;
  readonly spuriousDrain: boolean;
  corkOwner: MemorySocket | null;
  readonly turn: Turn;
  /** Asks for a visit: the socket may have something to deliver. */
  wake(socket: MemorySocket): void;
  /** Tries to connect; called on a visit while the socket is connecting. */
  join(socket: MemorySocket): void;
  /** The socket has delivered its onClose. */
  forget(socket: MemorySocket): void;
  report(error: unknown): void;
}

const NO_HANDLER: SocketHandler = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };

export class MemorySocket implements AcceptedSocket {
  readonly wire: MemoryWire;
  remoteAddress: string;
  remotePort: number;
  localAddress: string;
  localPort: number;
  handler: SocketHandler = NO_HANDLER;
  closed = false;
  /** The other end; null while connecting. */
  far: MemorySocket | null = null;
  connecting = false;
  openDue = false;
  closeDelivered = false;
  isWoken = false;
  error: SocketError | null = null;
  tls: TlsFacts | null = null;
  /** Set while a handshake is to be made: the side's own part of it. */
  serverTls: ServerTls | null = null;
  clientTls: ClientTls | null = null;
  secureDue = false;
  errorDetail = "";
  paused = false;
  ending = false;
  /** Our FIN is behind the last byte in the far side's inbox. */
  finSent = false;
  endSeen = false;
  wantsDrain = false;
  corked: Uint8Array[] = [];
  queue: Uint8Array[] = [];
  /** What arrived and was not delivered; its size is bounded by the window. */
  inbox: Uint8Array[] = [];
  inboxBytes = 0;

  constructor(wire: MemoryWire, local: { address: string; port: number }, remote: { address: string; port: number }) {
    this.wire = wire;
    this.localAddress = local.address;
    this.localPort = local.port;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
  }

  present(remote: { readonly address: string; readonly port: number }, local: { readonly address: string; readonly port: number }): void {
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
    this.localAddress = local.address;
    this.localPort = local.port;
  }

  setHandler(handler: SocketHandler): void {
    this.handler = handler;
  }

  startTls(tls: ServerTls, received: Uint8Array | null): void {
    if (this.closed) return;
    if (received !== null && received.length > 0) this.inbox.unshift(received);
    this.serverTls = tls;
    this.wire.wake(this);
  }

  /** Puts bytes into the far side's inbox before any handshake. */
  sendAhead(bytes: Uint8Array): void {
    if (this.far === null) return;
    this.far.inbox.push(bytes);
    this.far.inboxBytes += bytes.length;
    this.wire.wake(this.far);
  }

  get turn(): Turn {
    return this.wire.turn;
  }

  get queuedBytes(): number {
    return countBytes(this.queue) + countBytes(this.corked);
  }

  cork(): void {
    if (this.closed || this.wire.corkOwner === this) return;
    this.wire.corkOwner?.uncork();
    this.wire.corkOwner = this;
  }

  uncork(): void {
    if (this.wire.corkOwner !== this) return;
    this.wire.corkOwner = null;
    if (this.corked.length === 0) return;
    const gathered = Buffer.concat(this.corked);
    this.corked = [];
    this.send(gathered);
  }

  write(chunk: Uint8Array): boolean {
    if (this.closed || this.ending) return true;
    if (this.wire.corkOwner === this) {
      this.corked.push(copy(chunk, chunk.length));
      return this.queue.length === 0;
    }
    return this.send(chunk);
  }

  writeText(latin1: string): boolean {
    return this.write(Buffer.from(latin1, "latin1"));
  }

  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    this.drainSpuriously();
  }

  resume(): void {
    if (!this.paused || this.closed) return;
    this.paused = false;
    this.wire.wake(this);
  }

  end(): void {
    if (this.ending || this.closed) return;
    this.uncork();
    this.ending = true;
    this.push();
    this.drainSpuriously();
  }

  close(): void {
    // Bytes that nobody read turn a close into a reset, as in a kernel.
    this.finish(null, this.inboxBytes > 0);
  }

  reset(): void {
    this.finish(null, true);
  }

  /** Ends this side; the far side sees FIN, or RST when `hard`. */
  finish(error: SocketError | null, hard: boolean): void {
    this.endSeen = true;
    if (this.closed) return;
    this.die(error);
    if (this.far === null) return;
    if (hard) this.far.die("ECONNRESET");
    else {
      this.finSent = true;
      // What the far side has queued for us meets a closed socket.
      if (this.far.queue.length > 0) this.far.die("ECONNRESET");
      this.wire.wake(this.far);
    }
  }

  /** Marks the socket gone, drops what was queued and what arrived, and lets onClose follow. */
  die(error: SocketError | null): void {
    if (this.closed) return;
    this.closed = true;
    this.error = error;
    if (this.wire.corkOwner === this) this.wire.corkOwner = null;
    this.corked = [];
    this.queue = [];
    this.inbox = [];
    this.inboxBytes = 0;
    this.wire.wake(this);
  }

  send(chunk: Uint8Array): boolean {
    if (chunk.length > 0) this.queue.push(chunk);
    this.push();
    if (this.queue.length === 0) return true;
    this.wantsDrain = true;
    return false;
  }

  /** Moves what the window lets through into the far side's inbox, then the FIN. */
  push(): void {
    const { far } = this;
    if (far === null || this.connecting || this.closed || this.clientTls !== null) return;
    if (far.closed && this.queue.length > 0) {
      this.die("ECONNRESET");
      return;
    }
    while (this.queue.length > 0) {
      const room = this.wire.windowBytes - far.inboxBytes;
      const chunk = this.queue[0];
      if (room <= 0 || chunk === undefined) return;
      far.inbox.push(copy(chunk, Math.min(room, chunk.length)));
      far.inboxBytes += Math.min(room, chunk.length);
      if (chunk.length > room) this.queue[0] = chunk.subarray(room);
      else this.queue.shift();
      this.wire.wake(far);
    }
    if (this.wantsDrain) this.wire.wake(this);
    if (this.ending && !this.finSent) {
      this.finSent = true;
      this.wire.wake(far);
      this.wire.wake(this);
    }
  }

  /** Delivers at most one event to the handler. */
  visit(): void {
    try {
      this.deliver();
    } catch (error) {
      this.finish("EABORTED", true);
      this.wire.report(error);
    }
  }

  deliver(): void {
    if (this.closed) {
      if (this.closeDelivered) return;
      this.closeDelivered = true;
      this.wire.forget(this);
      this.handler.onClose(this.error);
      return;
    }
    if (this.connecting) {
      this.wire.join(this);
      return;
    }
    if (this.serverTls !== null || this.clientTls !== null) {
      this.shake();
      return;
    }
    // There may be more than this one event; a visit in vain does no harm.
    if (this.openDue) {
      this.openDue = false;
      this.wire.wake(this);
      this.handler.onOpen();
      this.push();
      this.drainSpuriously();
      return;
    }
    if (this.secureDue) {
      this.secureDue = false;
      this.wire.wake(this);
      this.handler.onSecure?.();
      return;
    }
    if (this.wantsDrain && this.queue.length === 0) {
      this.wantsDrain = false;
      this.wire.wake(this);
      this.handler.onDrain();
      return;
    }
    if (this.paused) return;
    const chunk = this.take();
    if (chunk !== null) {
      this.wire.wake(this);
      this.far?.push();
      this.handler.onData(chunk);
      return;
    }
    if (this.far?.finSent && !this.endSeen) {
      this.endSeen = true;
      this.wire.wake(this);
      this.handler.onEnd();
      return;
    }
    if (this.endSeen && this.finSent) this.die(null);
  }

  /** Shakes hands as soon as both sides want to. A side that sends data instead, or ends, has failed. */
  shake(): void {
    const { far } = this;
    if (far === null) return;
    if (this.inbox.length > 0) this.refuse(NOT_TLS);
    else if (far.finSent) this.refuse(CUT);
    else if (this.serverTls !== null && far.clientTls !== null && !far.connecting) {
      const { server, client } = shakeHands(this.serverTls, far.clientTls);
      this.settle(server);
      far.settle(client);
    }
  }

  settle(outcome: TlsFacts | Refusal): void {
    if ("code" in outcome) {
      // Both sides know: neither is told by the other's FIN.
      this.errorDetail = outcome.detail;
      this.die(outcome.code);
      return;
    }
    if (this.clientTls === null) this.secureDue = true;
    else this.openDue = true;
    this.serverTls = null;
    this.clientTls = null;
    this.tls = outcome;
    this.wire.wake(this);
  }

  refuse(refusal: Refusal): void {
    if (this.closed) return;
    this.errorDetail = refusal.detail;
    this.finish(refusal.code, false);
  }

  take(): Uint8Array | null {
    const first = this.inbox[0];
    if (first === undefined) return null;
    const { chunkBytes } = this.wire;
    const chunk = first.length > chunkBytes ? first.slice(0, chunkBytes) : first;
    if (chunk === first) this.inbox.shift();
    else this.inbox[0] = first.subarray(chunkBytes);
    this.inboxBytes -= chunk.length;
    return chunk;
  }

  /** Bun announces drains that nobody waits for; whoever asks for it gets them here too. */
  drainSpuriously(): void {
    if (!this.wire.spuriousDrain) return;
    this.wantsDrain = true;
    this.wire.wake(this);
  }
}

function countBytes(chunks: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const chunk of chunks) bytes += chunk.length;
  return bytes;
}

/** Bytes that have left are the writer's again, as with a kernel. (A Buffer's own slice() would be a view.) */
function copy(chunk: Uint8Array, length: number): Uint8Array {
  return Uint8Array.prototype.slice.call(chunk, 0, length);
}
