// The rig that the parts of the contract suite share: opens listeners and connections over the subject, keeps account
// of them, and after each test closes them all and asks every recorder whether the rules were kept.
import type { Listener, Socket, SocketAddress, Transport } from "../socket.ts";
import { dial, Recorder } from "./recorder.ts";

/** A transport with what the suite needs to know about its world. */
export interface Subject {
  readonly transport: Transport;
  /** Descriptors or sockets that are open now; null when that can't be known. */
  countOpen(): number | null;
  /** An address that never answers a connect. */
  openBlackhole(): Promise<{ address: SocketAddress; close(): void }>;
}

export const ANY_PORT = { host: "127.0.0.1", port: 0 };
// Long enough for an event that must not come to have come, over loopback.
export const QUIET_MS = 30;
// Larger than every socket buffer of a loopback connection, and no multiple of anything.
export const BIG_BYTES = 8_500_001;

export interface Server {
  readonly address: SocketAddress;
  readonly listener: Listener;
  /** The accepted sockets, one a call, in order. */
  next(): Promise<Recorder>;
}

export class Rig {
  readonly subject: Subject;
  recorders: Recorder[] = [];
  listeners: Listener[] = [];

  constructor(subject: Subject) {
    this.subject = subject;
  }

  /** `react` acts from inside the callbacks of accepted sockets, "accept" being the first. */
  async listen(
    react?: (recorder: Recorder, event: string, chunk?: Uint8Array) => void,
    address: SocketAddress = ANY_PORT,
  ): Promise<Server> {
    const accepted: Recorder[] = [];
    const waiting: ((recorder: Recorder) => void)[] = [];
    const accept = (socket: Socket): Recorder => {
      const recorder = new Recorder().attach(socket);
      this.recorders.push(recorder);
      if (react) recorder.react = (event, chunk) => react(recorder, event, chunk);
      react?.(recorder, "accept");
      const next = waiting.shift();
      if (next) next(recorder);
      else accepted.push(recorder);
      return recorder;
    };
    const listener = await this.subject.transport.listen(address, accept);
    this.listeners.push(listener);
    return {
      address: listener.address,
      listener,
      next() {
        const first = accepted.shift();
        return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
      },
    };
  }

  connect(address: SocketAddress, react?: Recorder["react"], preamble?: Uint8Array): Recorder {
    const recorder = dial(this.subject.transport, address, react, preamble);
    this.recorders.push(recorder);
    return recorder;
  }

  /** A connection with both ends open; `far` is the accepted one. */
  async pair(address?: SocketAddress): Promise<{ near: Recorder; far: Recorder }> {
    const server = await this.listen(undefined, address);
    const near = this.connect(server.address);
    const far = await server.next();
    await near.opened();
    return { near, far };
  }

  async clear(): Promise<void> {
    for (const listener of this.listeners) listener.close();
    for (const recorder of this.recorders) recorder.socket.close();
    for (const recorder of this.recorders) await recorder.closed();
    for (const recorder of this.recorders) recorder.check();
    this.listeners = [];
    this.recorders = [];
  }
}

/** Writes the whole text as a good citizen: stops at false, goes on at drain. Returns how often it was stopped. */
export async function writeAll(recorder: Recorder, text: string, pieceLength: number): Promise<number> {
  let stops = 0;
  for (let at = 0; at < text.length; at += pieceLength) {
    const piece = text.slice(at, at + pieceLength);
    const isTaken = recorder.call((socket) => (at % 2 === 0 ? socket.writeText(piece) : socket.write(Buffer.from(piece, "latin1"))));
    if (isTaken) continue;
    stops += 1;
    const drains = recorder.events.length;
    await recorder.until(() => recorder.events.indexOf("drain", drains) >= 0 || recorder.isClosed);
  }
  return stops;
}

/** Latin1 text with every code unit from 0 to 255, whose period (251 × 256) is odd to all buffer sizes. */
export function createOddText(length: number): string {
  let period = "";
  for (let i = 0; i < 251; i += 1) for (let j = 0; j < 256; j += 1) period += String.fromCharCode((i * 7 + j) & 255);
  return period.repeat(Math.ceil(length / period.length)).slice(0, length);
}
