// The HTTP/2 engine on a stage: a memory network pumped by hand, a fake clock, a far side that writes frames by hand, and exchanges or
// attempts that do what a test says. No pipeline and no pool: what is seen here is the engine's own doing.

import { FakeClock, type Fault, TimerWheel } from "../../src/base/index.ts";
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
  type UpstreamEvents,
  type UpstreamRequest,
  type UpstreamStream,
  type WebSocketLimits,
} from "../../src/http/index.ts";
import type { UpstreamBounds } from "../../src/http1/index.ts";
import {
  Http2ClientConnection,
  type Http2ServerBounds,
  Http2ServerConnection,
  type Http2ServerContext,
  type MultiplexedOwner,
} from "../../src/http2/index.ts";
import { MemoryNetwork, type MemoryNetworkOptions, type Socket, type SocketError, setHandlerErrorHook } from "../../src/transport/index.ts";
import type { H2Field } from "../kit/h2-hpack.ts";
import { H2Peer, type H2PeerOptions } from "../kit/h2-peer.ts";

const ADDRESS = { host: "10.0.0.1", port: 80 };
const UPSTREAM = { host: "10.0.0.2", port: 8080 };

export const SERVER_BOUNDS: Http2ServerBounds = {
  lineBytes: 8192,
  headBytes: 32 * 1024,
  fieldCount: 100,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  minBodyBytesPerSecond: 100,
  streams: 8,
};

export function get(path = "/"): H2Field[] {
  return [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "a"],
    [":path", path],
  ];
}

export function post(...more: readonly H2Field[]): H2Field[] {
  return [[":method", "POST"], [":scheme", "http"], [":authority", "a"], [":path", "/"], ...more];
}

export function toFields(entries: Readonly<Record<string, string>>): Fields {
  const fields = new Fields("");
  for (const [name, value] of Object.entries(entries)) fields.add(fieldName(name), value);
  return fields;
}

/** One request, written down, with the means to answer it. */
export class StagedExchange implements ClientEvents {
  webSocket: WebSocketLimits | null = null;
  holdsConnection = false;
  toll: Toll = "answer";
  readonly head: RequestHead | null;
  readonly refusal: Fault | null;
  readonly client: ClientSide;
  readonly events: string[] = [];
  body = "";
  trailers: Fields | null = null;
  /** What onRequestChunk returns. */
  wantsMore = true;

  constructor(head: RequestHead | null, refusal: Fault | null, client: ClientSide) {
    this.head = head;
    this.refusal = refusal;
    this.client = client;
  }

  get story(): string {
    return this.events.join(", ");
  }

  onRequestReady(): void {
    this.events.push(this.refusal === null ? "ready" : `refused ${this.refusal.kind.code}`);
    if (this.refusal !== null) this.answer(this.refusal.kind.status, "");
  }

  onRequestChunk(chunk: Uint8Array): boolean {
    this.body += Buffer.from(chunk).toString("latin1");
    if (this.events.at(-1) !== "chunk") this.events.push("chunk");
    return this.wantsMore;
  }

  onRequestEnd(trailers: Fields | null): void {
    this.trailers = trailers;
    this.events.push("end");
  }

  onRequestFault(fault: Fault): void {
    this.events.push(`fault ${fault.kind.code}`);
  }

  onClientDrain(): void {
    this.events.push("drain");
  }

  onTunnelFault(fault: Fault): void {
    this.events.push(`tunnel ${fault.kind.code}`);
  }

  onClientGone(fault: Fault): void {
    this.events.push(`gone ${fault.kind.code}`);
  }

  answer(status: number, body: string, trailers: Readonly<Record<string, string>> | null = null): void {
    this.begin(status, body.length);
    if (body !== "") this.write(body);
    this.client.end(trailers === null ? null : toFields(trailers));
  }

  begin(status: number, length = UNKNOWN_LENGTH, fields: Readonly<Record<string, string>> = {}): void {
    this.client.sendHead(new ResponseHead(status, toFields(fields), length, length));
  }

  write(text: string): boolean {
    return this.client.write(Buffer.from(text, "latin1"));
  }
}

abstract class Stage {
  readonly clock = new FakeClock(1000);
  readonly wheel = new TimerWheel(this.clock);
  readonly network: MemoryNetwork;
  readonly escaped: unknown[] = [];

  constructor(network: MemoryNetworkOptions) {
    setHandlerErrorHook((error) => this.escaped.push(error));
    this.network = new MemoryNetwork({ ...network, schedule: null });
  }

  /** Lets everything happen that is due: the engine writes at the end of a turn. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      if (this.network.pump() > 0) quiet = 0;
      await Promise.resolve();
    }
    if (this.escaped.length > 0) throw this.escaped.shift();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  /** What must be left when a connection is over: no socket, no timer. */
  get leftovers(): string {
    return `${this.network.openSockets.length} sockets, ${this.wheel.size} timers`;
  }
}

export interface ServerStageOptions {
  readonly isSuspect?: boolean;
  readonly bounds?: Partial<Http2ServerBounds>;
  readonly network?: MemoryNetworkOptions;
  readonly peer?: H2PeerOptions;
}

export class ServerStage extends Stage implements RequestAcceptor {
  readonly exchanges: StagedExchange[] = [];
  readonly faults: string[] = [];
  readonly client: Socket;
  readonly peer: H2Peer;
  connection: Http2ServerConnection | null = null;
  closed: SocketError | "in order" | null = null;
  isEnded = false;
  /** Called with each exchange as it begins. */
  script: (exchange: StagedExchange) => void = () => {};

  private constructor(options: ServerStageOptions) {
    super(options.network ?? {});
    const context: Http2ServerContext = {
      listener: "test",
      scheme: "http",
      bounds: { ...SERVER_BOUNDS, ...options.bounds },
      wheel: this.wheel,
      acceptor: this,
      draining: false,
      onHandshake: () => undefined,
      isSuspect: () => options.isSuspect === true,
      onConnectionFault: (_, fault) => this.faults.push(fault.kind.code),
      onConnectionClosed: () => {
        this.connection = null;
      },
    };
    void this.network.transport.listen(ADDRESS, (socket) => {
      this.connection = new Http2ServerConnection(socket, context);
      return this.connection;
    });
    this.client = this.network.transportFrom("192.0.2.7").connect(ADDRESS, {
      onOpen: () => undefined,
      onData: (chunk) => this.peer.receive(chunk),
      onDrain: () => undefined,
      onEnd: () => {
        this.isEnded = true;
      },
      onClose: (error) => {
        this.closed = error ?? "in order";
      },
    });
    this.peer = new H2Peer((bytes) => void this.client.write(bytes), options.peer);
  }

  /** Connected, settings exchanged. */
  static async open(options: ServerStageOptions = {}, ...settings: readonly (readonly [number, number])[]): Promise<ServerStage> {
    const stage = new ServerStage(options);
    stage.peer.begin(...settings);
    await stage.settle();
    return stage;
  }

  /** Connected, nothing said, and nothing answered by itself. */
  static async connect(options: ServerStageOptions = {}): Promise<ServerStage> {
    const stage = new ServerStage({ ...options, peer: { acksSettings: false, opensWindows: false, ...options.peer } });
    await stage.settle();
    return stage;
  }

  exchange(at: number): StagedExchange {
    const exchange = this.exchanges[at];
    if (exchange === undefined) throw new Error(`there are ${this.exchanges.length} exchanges, none at ${at}`);
    return exchange;
  }

  accept(head: RequestHead, client: ClientSide): ClientEvents {
    return this.#keep(new StagedExchange(head, null, client));
  }

  refuse(fault: Fault, client: ClientSide): ClientEvents {
    return this.#keep(new StagedExchange(null, fault, client));
  }

  #keep(exchange: StagedExchange): StagedExchange {
    this.exchanges.push(exchange);
    this.script(exchange);
    return exchange;
  }
}

/** Hears of one request's response. */
export class StagedAttempt implements UpstreamEvents {
  readonly events: string[] = [];
  head: ResponseHead | null = null;
  body = "";
  trailers: Fields | null = null;
  fault: Fault | null = null;
  wantsMore = true;
  stream: UpstreamStream | null = null;

  get story(): string {
    return this.events.join(", ");
  }

  onInterim(status: number): void {
    this.events.push(`interim ${status}`);
  }

  onSwitch(protocol: string, fields: Fields): boolean {
    this.head = new ResponseHead(101, fields, UNKNOWN_LENGTH, UNKNOWN_LENGTH);
    this.events.push(`switch ${protocol}`);
    return this.wantsMore;
  }

  onResponseHead(head: ResponseHead): boolean {
    this.head = head;
    this.events.push(`head ${head.status}`);
    return this.wantsMore;
  }

  onResponseChunk(chunk: Uint8Array): boolean {
    this.body += Buffer.from(chunk).toString("latin1");
    if (this.events.at(-1) !== "chunk") this.events.push("chunk");
    return this.wantsMore;
  }

  onResponseEnd(trailers: Fields | null): void {
    this.trailers = trailers;
    this.events.push("end");
  }

  onUpstreamDrain(): void {
    this.events.push("drain");
  }

  onUpstreamFault(fault: Fault): void {
    this.fault = fault;
    this.events.push(`fault ${fault.kind.code}`);
  }

  onBatchStart(): void {}

  onBatchEnd(): void {}
}

const UPSTREAM_BOUNDS: UpstreamBounds = { connectMs: 1000, firstByteMs: 5000, betweenBytesMs: 2000, idleMs: 30_000 };

export interface ClientStageOptions {
  readonly bounds?: Partial<UpstreamBounds>;
  readonly streams?: number;
  readonly network?: MemoryNetworkOptions;
  readonly peer?: H2PeerOptions;
}

/** A connection of the gateway to an upstream that writes its frames by hand. */
export class ClientStage extends Stage implements MultiplexedOwner {
  readonly bounds: UpstreamBounds;
  readonly streams: number;
  /** ready, free, draining, closed, closed CODE. */
  readonly events: string[] = [];
  readonly connection: Http2ClientConnection;
  peer!: H2Peer;
  server: Socket | null = null;
  /** The upstream answers every attempt to connect like this from its first byte on, where it is no HTTP/2. */
  isEnded = false;

  private constructor(options: ClientStageOptions) {
    super(options.network ?? {});
    this.bounds = { ...UPSTREAM_BOUNDS, ...options.bounds };
    this.streams = options.streams ?? 8;
    void this.network.transport.listen(UPSTREAM, (socket) => {
      this.server = socket;
      // An acknowledgement must not come before its own settings, which a test sends.
      this.peer = new H2Peer((bytes) => void socket.write(bytes), { isServer: true, acksSettings: false, ...options.peer });
      return {
        onOpen: () => undefined,
        onData: (chunk) => this.peer.receive(chunk),
        onDrain: () => undefined,
        onEnd: () => {
          this.isEnded = true;
          socket.end();
        },
        onClose: () => undefined,
      };
    });
    this.connection = new Http2ClientConnection(this, this.network.transport, { address: UPSTREAM, tls: null }, "10.0.0.2:8080", null);
  }

  static async connect(options: ClientStageOptions = {}): Promise<ClientStage> {
    const stage = new ClientStage(options);
    await stage.settle();
    return stage;
  }

  onReady(): void {
    this.events.push("ready");
  }

  onStreamsFree(): void {
    if (this.events.at(-1) !== "free") this.events.push("free");
  }

  onDraining(): void {
    this.events.push("draining");
  }

  onClosed(_: unknown, fault: Fault | null): void {
    this.events.push(fault === null ? "closed" : `closed ${fault.kind.code}`);
  }

  /** Opens a stream and sends a request on it, a GET unless told otherwise. */
  ask(more: Partial<UpstreamRequest> = {}, attempt = new StagedAttempt()): StagedAttempt {
    attempt.stream = this.connection.open(attempt);
    const plain = { bodyLength: 0, expectsContinue: false, acceptsTrailers: false, upgrade: null };
    attempt.stream.send({ method: "GET", target: "/", authority: "u", fields: new Fields(""), ...plain, ...more });
    return attempt;
  }
}

/** Reads the body, then answers with it. */
export function echo(exchange: StagedExchange): void {
  const { head } = exchange;
  if (head === null) return;
  const onEnd = exchange.onRequestEnd.bind(exchange);
  const answer = () => exchange.answer(200, `${head.method} ${head.target} ${exchange.body}`);
  exchange.onRequestEnd = (trailers) => {
    onEnd(trailers);
    answer();
  };
  exchange.onRequestReady = head.bodyLength === 0 ? answer : () => exchange.client.resumeRequest();
}

export async function echoing(options: Parameters<typeof ServerStage.open>[0] = {}): Promise<ServerStage> {
  const stage = await ServerStage.open(options);
  stage.script = echo;
  return stage;
}
