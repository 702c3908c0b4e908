// A SocketHandler for tests that writes down what it hears and checks on the way what must hold at every moment:
// nothing comes after onClose, nothing comes from inside a call on the socket. Calls on the socket go through it.
import assert from "node:assert/strict";
import type { Socket, SocketAddress, SocketError, SocketHandler, Transport } from "../socket.ts";

export class Recorder implements SocketHandler {
  /** "open", "secure", "data", "drain", "end", "close"; consecutive data and drains are kept singly. */
  readonly events: string[] = [];
  readonly chunks: Uint8Array[] = [];
  receivedBytes = 0;
  error: SocketError | null = null;
  isClosed = false;
  isEnded = false;
  /** Set by a test to act from inside a callback. */
  react: (event: string, chunk?: Uint8Array) => void = () => {};
  #socket: Socket | null = null;
  #insideCall = false;
  #violation: string | null = null;
  readonly #waiting: { isMet: () => boolean; resolve: () => void }[] = [];

  get socket(): Socket {
    assert.ok(this.#socket !== null, "the recorder has a socket");
    return this.#socket;
  }

  attach(socket: Socket): this {
    this.#socket = socket;
    return this;
  }

  /** Calls into the socket such that a callback from inside is noticed. */
  call<T>(run: (socket: Socket) => T): T {
    const { socket } = this;
    const outer = this.#insideCall;
    this.#insideCall = true;
    try {
      return run(socket);
    } finally {
      this.#insideCall = outer;
    }
  }

  onOpen(): void {
    this.#note("open");
  }

  onSecure(): void {
    this.#note("secure");
  }

  onData(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.receivedBytes += chunk.length;
    this.#note("data", chunk);
  }

  onDrain(): void {
    if (this.socket.queuedBytes !== 0) this.#violation ??= "onDrain while bytes are queued";
    this.#note("drain");
  }

  onEnd(): void {
    if (this.isEnded) this.#violation ??= "a second onEnd";
    this.isEnded = true;
    this.#note("end");
  }

  onClose(error: SocketError | null): void {
    if (!this.socket.closed) this.#violation ??= "onClose on a socket that is not closed";
    this.error = error;
    this.#note("close");
    this.isClosed = true;
    this.#wake();
  }

  /** All bytes received so far, as latin1. */
  text(): string {
    return Buffer.concat(this.chunks).toString("latin1");
  }

  /** The events without drains, which may be spurious, and with neighbouring data as one. */
  story(): string {
    const told = this.events.filter((event) => event !== "drain");
    return told.filter((event, at) => event !== "data" || told[at - 1] !== "data").join(" ");
  }

  /** Resolves as soon as the condition holds; it is asked after every event. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isMet, resolve }));
  }

  opened(): Promise<void> {
    return this.until(() => this.events.includes("open"));
  }

  ended(): Promise<void> {
    return this.until(() => this.isEnded);
  }

  closed(): Promise<void> {
    return this.until(() => this.isClosed);
  }

  received(bytes: number): Promise<void> {
    return this.until(() => this.receivedBytes >= bytes);
  }

  check(): void {
    assert.equal(this.#violation, null);
  }

  #note(event: string, chunk?: Uint8Array): void {
    if (this.#insideCall) this.#violation ??= `on ${event} from inside a call on the socket`;
    if (this.isClosed) this.#violation ??= `on ${event} after onClose`;
    if (event !== "close" && event !== "end" && this.#socket?.closed) this.#violation ??= `on ${event} on a closed socket`;
    this.events.push(event);
    this.react(event, chunk);
    this.#wake();
  }

  #wake(): void {
    for (let at = this.#waiting.length - 1; at >= 0; at -= 1) {
      const waiting = this.#waiting[at];
      if (!waiting?.isMet()) continue;
      this.#waiting.splice(at, 1);
      waiting.resolve();
    }
  }
}

/** Connects and returns the recorder of the new socket. `react` acts from inside its callbacks. */
export function dial(transport: Transport, address: SocketAddress, react?: Recorder["react"], preamble?: Uint8Array): Recorder {
  const recorder = new Recorder();
  if (react) recorder.react = react;
  return recorder.attach(transport.connect(address, recorder, null, preamble ?? null));
}
