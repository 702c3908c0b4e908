// One upstream connection of the engine on a stage: a memory network pumped by hand, a fake clock, an upstream that says what
// the test makes it say, and attempts that write down what they hear. No pool: who lends the connection is the test.

import { FakeClock, type Fault, TimerWheel } from "../../base/index.ts";
import { Fields, type ResponseHead, type UpstreamEvents, type UpstreamRequest } from "../../http/index.ts";
import {
  MemoryNetwork,
  type MemoryNetworkOptions,
  type Socket,
  type SocketError,
  type SocketHandler,
  setHandlerErrorHook,
} from "../../transport/index.ts";
import { ClientConnection } from "../client-connection.ts";
import type { ConnectionOwner, UpstreamBounds } from "../connection-owner.ts";

const UPSTREAM_ADDRESS = { host: "10.0.0.2", port: 8080 };

const BOUNDS: UpstreamBounds = { connectMs: 1_000, firstByteMs: 5_000, betweenBytesMs: 2_000, idleMs: 30_000 };

/** A request of one attempt, a GET unless told otherwise. */
export function upstreamRequest(more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  const plain = { bodyLength: 0, expectsContinue: false, acceptsTrailers: false, upgrade: null };
  return { method: "GET", target: "/", authority: "u", fields: new Fields(""), ...plain, ...more };
}

/** Hears of one request's response. */
export class StagedAttempt implements UpstreamEvents {
  /** interim 103, head 200, chunk, end, drain, switch, fault CODE; neighbouring chunks are one. */
  readonly events: string[] = [];
  head: ResponseHead | null = null;
  body = "";
  trailers: Fields | null = null;
  fault: Fault | null = null;
  /** What onSwitch, onResponseHead and onResponseChunk return. */
  wantsMore = true;
  /** Set by a test to act from inside a callback. */
  react: (event: string) => void = () => {};

  get story(): string {
    return this.events.join(", ");
  }

  onInterim(status: number, fields: Fields): void {
    this.#note(`interim ${status}${fields.size > 0 ? ` ${fields.nameAt(0)}` : ""}`);
  }

  onSwitch(protocol: string): boolean {
    this.#note(`switch ${protocol}`);
    return this.wantsMore;
  }

  onResponseHead(head: ResponseHead): boolean {
    this.head = head;
    this.#note(`head ${head.status}`);
    return this.wantsMore;
  }

  onResponseChunk(chunk: Uint8Array): boolean {
    this.body += Buffer.from(chunk).toString("latin1");
    this.#note("chunk");
    return this.wantsMore;
  }

  onResponseEnd(trailers: Fields | null): void {
    this.trailers = trailers;
    this.#note("end");
  }

  onUpstreamDrain(): void {
    this.#note("drain");
  }

  onUpstreamFault(fault: Fault): void {
    this.fault = fault;
    this.#note(`fault ${fault.kind.code}`);
  }

  onBatchStart(): void {}

  onBatchEnd(): void {}

  #note(event: string): void {
    if (event !== "chunk" || this.events.at(-1) !== "chunk") this.events.push(event);
    this.react(event);
  }
}

export interface UpstreamStageOptions {
  readonly bounds?: Partial<UpstreamBounds>;
  readonly network?: MemoryNetworkOptions;
  /** Does the upstream listen? Default true. */
  readonly listens?: boolean;
  /** Connects are never answered. */
  readonly isBlackhole?: boolean;
}

export class UpstreamStage implements ConnectionOwner, SocketHandler {
  readonly clock = new FakeClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly bounds: UpstreamBounds;
  readonly network: MemoryNetwork;
  readonly connection: ClientConnection;
  /** What the owner heard: idle, closed, closed CODE. */
  readonly events: string[] = [];
  /** The upstream's end; null before it has accepted. */
  upstream: Socket | null = null;
  /** What the upstream has received since the last take(). */
  received = "";
  /** The engine has sent FIN. */
  isEnded = false;
  readonly #escaped: unknown[] = [];

  constructor(options: UpstreamStageOptions = {}) {
    setHandlerErrorHook((error) => this.#escaped.push(error));
    this.bounds = { ...BOUNDS, ...options.bounds };
    this.network = new MemoryNetwork({ schedule: null, ...options.network });
    if (options.isBlackhole) this.network.setConnectFault(UPSTREAM_ADDRESS, "blackhole");
    if (options.listens !== false) {
      void this.network.transport.listen(UPSTREAM_ADDRESS, (socket) => {
        this.upstream = socket;
        return this;
      });
    }
    this.connection = new ClientConnection(this, this.network.transport, { address: UPSTREAM_ADDRESS, tls: null }, "u1", null);
    this.settle();
  }

  /** Lends the connection to a new attempt and sends its request. */
  ask(request: Partial<UpstreamRequest> = {}): StagedAttempt {
    const attempt = new StagedAttempt();
    this.connection.lend(attempt);
    this.connection.send(upstreamRequest(request));
    this.settle();
    return attempt;
  }

  /** The upstream sends. */
  say(text: string): this {
    this.upstream?.writeText(text);
    return this.settle();
  }

  /** The upstream sends FIN. */
  finish(): this {
    this.upstream?.end();
    return this.settle();
  }

  advance(ms: number): this {
    this.clock.advance(ms);
    return this.settle();
  }

  act(run: () => void): this {
    run();
    return this.settle();
  }

  take(): string {
    const text = this.received;
    this.received = "";
    return text;
  }

  get story(): string {
    return this.events.join(", ");
  }

  settle(): this {
    this.network.pump();
    if (this.#escaped.length > 0) throw this.#escaped.shift();
    return this;
  }

  onIdle(): void {
    this.events.push("idle");
  }

  onClosed(_connection: ClientConnection, fault: Fault | null): void {
    this.events.push(fault === null ? "closed" : `closed ${fault.kind.code}`);
  }

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    this.received += Buffer.from(chunk).toString("latin1");
  }

  onDrain(): void {}

  onEnd(): void {
    this.isEnded = true;
  }

  onClose(_error: SocketError | null): void {}
}
