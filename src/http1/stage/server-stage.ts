// One client connection of the engine on a stage: a memory network pumped by hand, a fake clock, and exchanges that do what
// the test says. No pipeline, no upstream: what is seen here is the engine's own doing.

import { FakeClock, type Fault, TimerWheel } from "../../base/index.ts";
import {
  type ClientEvents,
  type ClientSide,
  Fields,
  fieldName,
  type RequestAcceptor,
  type RequestHead,
  ResponseHead,
  type Toll,
  UNKNOWN_LENGTH,
  type WebSocketLimits,
} from "../../http/index.ts";
import {
  MemoryNetwork,
  type MemoryNetworkOptions,
  type Socket,
  type SocketError,
  type SocketHandler,
  setHandlerErrorHook,
} from "../../transport/index.ts";
import { ServerConnection } from "../server-connection.ts";
import type { ServerBounds, ServerContext } from "../server-context.ts";

const ADDRESS = { host: "10.0.0.1", port: 80 };

export const BOUNDS: ServerBounds = {
  lineBytes: 8192,
  headBytes: 32 * 1024,
  fieldCount: 100,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  minBodyBytesPerSecond: 100,
};

export interface Answer {
  readonly body?: string;
  /** Sent without a length. */
  readonly streamed?: boolean;
  readonly fields?: Readonly<Record<string, string>>;
  readonly trailers?: Readonly<Record<string, string>>;
  readonly declaredLength?: number;
}

/** One request, written down, with the means to answer it. */
export class StagedExchange implements ClientEvents {
  holdsConnection = false;
  toll: Toll = "answer";
  webSocket: WebSocketLimits | null = null;
  gone: Fault | null = null;
  readonly head: RequestHead | null;
  /** Why the engine refused the request. */
  readonly refusal: Fault | null;
  readonly client: ClientSide;
  /** ready, chunk, end, fault CODE, drain, gone; neighbouring chunks are one. */
  readonly events: string[] = [];
  body = "";
  trailers: Fields | null = null;
  readonly #script: Script;

  constructor(head: RequestHead | null, refusal: Fault | null, client: ClientSide, script: Script) {
    this.head = head;
    this.refusal = refusal;
    this.client = client;
    this.#script = script;
  }

  onRequestReady(): void {
    this.#note("ready");
    if (this.refusal !== null) this.answer(this.refusal.kind.status, { body: this.refusal.kind.code });
    else this.#script.onReady?.(this);
  }

  onRequestChunk(chunk: Uint8Array): boolean {
    this.body += Buffer.from(chunk).toString("latin1");
    this.#note("chunk");
    return this.#script.onChunk?.(this) ?? true;
  }

  onRequestEnd(trailers: Fields | null): void {
    this.trailers = trailers;
    this.#note("end");
    this.#script.onEnd?.(this);
  }

  onRequestFault(fault: Fault): void {
    this.#note(`fault ${fault.kind.code}`);
    this.#script.onFault?.(this, fault);
  }

  onClientDrain(): void {
    this.#note("drain");
    this.#script.onDrain?.(this);
  }

  onTunnelFault(fault: Fault): void {
    this.#note(`tunnel ${fault.kind.code}`);
  }

  onClientGone(fault: Fault): void {
    this.gone = fault;
    this.#note("gone");
  }

  /** A whole response. */
  answer(status: number, answer: Answer = {}): void {
    this.begin(status, answer);
    const body = answer.body ?? "";
    if (body !== "" && this.head?.method !== "HEAD") this.client.write(Buffer.from(body, "latin1"));
    this.client.end(answer.trailers === undefined ? null : toFields(answer.trailers));
  }

  /** The head alone. */
  begin(status: number, answer: Answer = {}): void {
    const length = answer.streamed ? UNKNOWN_LENGTH : (answer.declaredLength ?? (answer.body ?? "").length);
    const bodiless = this.head?.method === "HEAD" || status === 204 || status === 304;
    this.client.sendHead(new ResponseHead(status, toFields(answer.fields ?? {}), bodiless ? 0 : length, length));
  }

  write(text: string): boolean {
    return this.client.write(Buffer.from(text, "latin1"));
  }

  get story(): string {
    return this.events.join(", ");
  }

  #note(event: string): void {
    if (event !== "chunk" || this.events.at(-1) !== "chunk") this.events.push(event);
  }
}

export interface Script {
  readonly onReady?: (exchange: StagedExchange) => void;
  readonly onChunk?: (exchange: StagedExchange) => boolean;
  readonly onEnd?: (exchange: StagedExchange) => void;
  readonly onFault?: (exchange: StagedExchange, fault: Fault) => void;
  readonly onDrain?: (exchange: StagedExchange) => void;
}

/** Reads the body, then answers 200 with `method target body`. */
export const ECHO: Script = {
  onReady(exchange) {
    if (exchange.head?.bodyLength === 0) answerEcho(exchange);
    else exchange.client.resumeRequest();
  },
  onEnd: answerEcho,
};

/** Does nothing by itself: the test answers. */
export const SILENT: Script = {};

export interface StageOptions {
  readonly script?: Script;
  readonly bounds?: Partial<ServerBounds>;
  readonly network?: MemoryNetworkOptions;
}

export class ServerStage implements SocketHandler, RequestAcceptor {
  readonly clock = new FakeClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly network: MemoryNetwork;
  readonly exchanges: StagedExchange[] = [];
  readonly context: ServerContext & { draining: boolean };
  connection: ServerConnection | null = null;
  /** The client's socket. */
  readonly client: Socket;
  received = "";
  /** The engine has sent FIN. */
  isEnded = false;
  closed: SocketError | "in order" | null = null;
  script: Script;
  readonly #escaped: unknown[] = [];

  constructor(options: StageOptions = {}) {
    this.script = options.script ?? ECHO;
    setHandlerErrorHook((error) => this.#escaped.push(error));
    this.network = new MemoryNetwork({ schedule: null, ...options.network });
    this.context = {
      listener: "test",
      scheme: "http",
      bounds: { ...BOUNDS, ...options.bounds },
      wheel: this.wheel,
      acceptor: this,
      draining: false,
      onHandshake: () => undefined,
      onConnectionClosed: () => {
        this.connection = null;
      },
    };
    void this.network.transport.listen(ADDRESS, (socket) => {
      this.connection = new ServerConnection(socket, this.context);
      return this.connection;
    });
    this.client = this.network.transportFrom("192.0.2.7").connect(ADDRESS, this);
    this.#settle();
  }

  /** Sends and lets everything happen that follows from it. */
  send(text: string): this {
    this.client.writeText(text);
    this.#settle();
    return this;
  }

  /** One FIN from the client. */
  finish(): this {
    this.client.end();
    this.#settle();
    return this;
  }

  advance(ms: number): this {
    this.clock.advance(ms);
    this.#settle();
    return this;
  }

  /** Runs what a test does outside of callbacks, then lets the network catch up. */
  act(run: () => void): this {
    run();
    this.#settle();
    return this;
  }

  /** What came since the last take(). */
  take(): string {
    const text = this.received;
    this.received = "";
    return text;
  }

  exchange(at: number): StagedExchange {
    const exchange = this.exchanges[at];
    if (exchange === undefined) throw new Error(`there are ${this.exchanges.length} exchanges, none at ${at}`);
    return exchange;
  }

  /** What must be left when a connection is over: no socket, no timer. */
  get leftovers(): string {
    return `${this.network.openSockets.length} sockets, ${this.wheel.size} timers`;
  }

  accept(head: RequestHead, client: ClientSide): ClientEvents {
    return this.#open(head, null, client);
  }

  refuse(fault: Fault, client: ClientSide): ClientEvents {
    return this.#open(null, fault, client);
  }

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    this.received += Buffer.from(chunk).toString("latin1");
  }

  onDrain(): void {}

  onEnd(): void {
    this.isEnded = true;
  }

  onClose(error: SocketError | null): void {
    this.closed = error ?? "in order";
  }

  /** An exception that the engine let escape is the test's failure. */
  #settle(): void {
    this.network.pump();
    if (this.#escaped.length > 0) throw this.#escaped.shift();
  }

  #open(head: RequestHead | null, fault: Fault | null, client: ClientSide): ClientEvents {
    const exchange = new StagedExchange(head, fault, client, this.script);
    this.exchanges.push(exchange);
    return exchange;
  }
}

export function toFields(entries: Readonly<Record<string, string>>): Fields {
  const fields = new Fields("");
  for (const [name, value] of Object.entries(entries)) fields.add(fieldName(name), value);
  return fields;
}

function answerEcho(exchange: StagedExchange): void {
  exchange.answer(200, { body: `${exchange.head?.method} ${exchange.head?.target} ${exchange.body}` });
}
