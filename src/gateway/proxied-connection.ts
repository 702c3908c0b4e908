// A connection that must begin with a PROXY header, until it has: then it is the one that the header speaks for, and goes on like
// any other. Who may send a header, and what is counted, is the listener's to say.

import { type Fault, Timer, type TimerOwner, type TimerWheel } from "../base/index.ts";
import { type AcceptedSocket, PROXY, ProxyHeaderReader, type ServerTls, type SocketHandler } from "../transport/index.ts";

/** A proxy sends the header in its first segment; nobody types one. */
const HEADER_MS = 5000;

export interface ProxiedOwner {
  readonly wheel: TimerWheel;
  readonly bounds: { readonly headTimeoutMs: number };
  /** Null: what stands behind the header is HTTP as it is. */
  readonly tls: ServerTls | null;
  /** The header has come and `socket` tells the addresses in it: who handles what follows. Counts the connection by itself. */
  acceptProxied(socket: AcceptedSocket): SocketHandler;
  /**
   * The wait for the header is over, in whichever way; once, before acceptProxied if that follows. `fault` says what was wrong: null
   * for nothing, also where the far side went without having sent a byte, as health checks do.
   */
  onHeaderOver(connection: ProxiedConnection, fault: Fault | null): void;
}

export class ProxiedConnection implements SocketHandler, TimerOwner {
  readonly #socket: AcceptedSocket;
  readonly #owner: ProxiedOwner;
  readonly #reader = new ProxyHeaderReader();
  readonly #timer = new Timer(this, 0);
  #isOver = false;

  constructor(socket: AcceptedSocket, owner: ProxiedOwner) {
    this.#socket = socket;
    this.#owner = owner;
    owner.wheel.arm(this.#timer, Math.min(owner.bounds.headTimeoutMs, HEADER_MS));
  }

  /** Ends it now: nothing of a request can have come. */
  close(): void {
    this.#end(null);
    this.#socket.close();
  }

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    if (this.#isOver) return;
    this.#owner.wheel.touch();
    const reading = this.#reader.take(chunk);
    if (reading === "done") this.#goOn();
    else if (reading === "fault") this.#refuse(this.#reader.fault);
  }

  onDrain(): void {}

  onEnd(): void {
    this.#refuse(this.#reader.isEmpty ? null : PROXY.PROXY_TRUNCATED);
  }

  onClose(): void {
    this.#end(this.#reader.isEmpty ? null : PROXY.PROXY_TRUNCATED);
  }

  onTimer(): void {
    this.#refuse(PROXY.PROXY_LATE);
  }

  #goOn(): void {
    const socket = this.#socket;
    const { header, rest } = this.#reader;
    this.#end(null);
    if (header.remote !== null && header.local !== null) socket.present(header.remote, header.local);
    const handler = this.#owner.acceptProxied(socket);
    socket.setHandler(handler);
    // Whoever took it may have refused it on the spot.
    if (socket.closed) return;
    if (this.#owner.tls !== null) socket.startTls(this.#owner.tls, rest);
    else if (rest !== null) handler.onData(rest);
  }

  #refuse(fault: Fault | null): void {
    if (this.#isOver) return;
    this.#end(fault);
    this.#socket.close();
  }

  #end(fault: Fault | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.wheel.disarm(this.#timer);
    this.#owner.onHeaderOver(this, fault);
  }
}
