// Where policies are tried: the real exchange between the engine's client side and real pools, over a network in memory and a
// clock moved by hand. Not the gateway: no configuration, no shipped policy, only what a test brings.

import assert from "node:assert/strict";
import { FakeClock, TimerWheel } from "../../src/base/index.ts";
import { FoldedNames, fieldName } from "../../src/http/index.ts";
import { type ServerBounds, ServerConnection, type ServerContext, type UpstreamBounds } from "../../src/http1/index.ts";
import { CONTINUE, compilePlan, Exchange, type ExchangeRuntime, type Plan, type Policy } from "../../src/pipeline/index.ts";
import type { PathPattern } from "../../src/router/index.ts";
import { MemoryNetwork, type MemoryNetworkOptions, type Socket, type SocketAddress } from "../../src/transport/index.ts";
import { Pool } from "../../src/upstreams/index.ts";
import { RawClient, type RawMessage, readHead, readResponse, ScriptedUpstream, statusOf, type UpstreamRecord } from "../kit/index.ts";

export interface StageOptions {
  /** Of the route. */
  readonly policies?: readonly Policy[];
  /** Of the listener, before routing. */
  readonly listenerPolicies?: readonly Policy[];
  /** The route's path, `/x/:id/*`, whose parameters templates ask for; requests are taken as matching it. */
  readonly path?: string;
  /** Some policy answers every request: the route goes nowhere. */
  readonly answersItself?: boolean;
  readonly timeoutMs?: number | null;
  readonly bodyBytes?: number | null;
  readonly endpoints?: number;
  readonly connections?: number;
  readonly pending?: number;
  readonly upstreamBounds?: Partial<UpstreamBounds>;
  readonly network?: Omit<MemoryNetworkOptions, "schedule">;
}

const LISTENER: SocketAddress = { host: "10.0.0.1", port: 80 };

const CLIENT_BOUNDS: ServerBounds = {
  lineBytes: 8192,
  headBytes: 32 * 1024,
  fieldCount: 100,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 600_000,
  minBodyBytesPerSecond: null,
};

const UPSTREAM_BOUNDS: UpstreamBounds = { connectMs: 1000, firstByteMs: 60_000, betweenBytesMs: 60_000, idleMs: 60_000 };

export class PolicyStage {
  readonly network: MemoryNetwork;
  readonly clock = new FakeClock(1000);
  readonly wheel = new TimerWheel(this.clock);
  /** What the route goes to. One server per endpoint. */
  readonly servers: ScriptedUpstream[] = [];
  /** Another upstream, for mirrors. */
  readonly shadow = new ScriptedUpstream();
  /** Every exchange that began, in order, and those that ended. */
  readonly begun: Exchange[] = [];
  readonly ended: Exchange[] = [];
  readonly bugs: { readonly error: unknown; readonly requestId: string }[] = [];
  readonly #clients: StageClient[] = [];
  pool!: Pool;
  shadowPool!: Pool;

  private constructor(options: StageOptions) {
    this.network = new MemoryNetwork({ ...options.network, schedule: null });
  }

  static async create(options: StageOptions = {}): Promise<PolicyStage> {
    const stage = new PolicyStage(options);
    const { transport } = stage.network;
    for (let i = 0; i < (options.endpoints ?? 1); i++) {
      const server = new ScriptedUpstream();
      await server.listen(transport);
      server.script = echo();
      stage.servers.push(server);
    }
    await stage.shadow.listen(transport);
    stage.shadow.script = echo();
    stage.pool = stage.#createPool("main", stage.servers, options);
    stage.shadowPool = stage.#createPool("shadow", [stage.shadow], options);
    const accept = stage.#createContext(options);
    await transport.listen(LISTENER, (socket) => new ServerConnection(socket, accept));
    return stage;
  }

  #createPool(name: string, servers: readonly ScriptedUpstream[], options: StageOptions): Pool {
    const settings = {
      name,
      endpoints: servers.map(({ address }) => ({ address, authority: `${name}.test`, weight: 1, tls: null })),
      bounds: { ...UPSTREAM_BOUNDS, ...options.upstreamBounds },
      connections: options.connections ?? 16,
      pending: options.pending ?? 16,
    };
    return new Pool(settings, this.network.transport, this.wheel);
  }

  #createContext(options: StageOptions): ServerContext {
    let ids = 0;
    const runtime: ExchangeRuntime = {
      clock: this.clock,
      wheel: this.wheel,
      onExchangeEnd: (exchange) => void this.ended.push(exchange),
      onTunnel: () => undefined,
      onBug: (exchange, error) => void this.bugs.push({ error, requestId: exchange.requestId }),
      nextRequestId: () => `id-${++ids}`,
    };
    const plan = this.#compile(options);
    const create = (exchange: Exchange) => {
      this.begun.push(exchange);
      return exchange;
    };
    return {
      listener: "stage",
      scheme: "http",
      bounds: CLIENT_BOUNDS,
      wheel: this.wheel,
      draining: false,
      acceptor: {
        accept: (head, client) => create(new Exchange(runtime, client, head, plan, "1", null)),
        refuse: (fault, client) => create(new Exchange(runtime, client, null, plan, "1", fault)),
      },
      onHandshake() {},
      onConnectionClosed() {},
    };
  }

  #compile(options: StageOptions): Plan {
    const forbiddenTrailers = new FoldedNames([fieldName("Authorization")]);
    const listener = options.listenerPolicies ?? [];
    const target = { bodyBytes: options.bodyBytes ?? null, forbiddenTrailers };
    const route = compilePlan(
      { ...target, route: "route", upstream: options.answersItself === true ? null : this.pool, timeoutMs: options.timeoutMs ?? null },
      options.policies ?? [],
      listener,
    );
    assert.deepEqual(route.issues, []);
    const pattern = options.path === undefined ? null : toPattern(options.path);
    const routing: Policy = {
      name: "routing",
      phase: "route",
      request(exchange) {
        if (exchange.head.path === "") exchange.head.path = exchange.head.target;
        exchange.pattern = pattern;
        exchange.routedPath = exchange.head.path;
        return exchange.setPlan(route.plan) ? CONTINUE : 1;
      },
    };
    return compilePlan({ ...target, route: "", upstream: null, timeoutMs: null }, [...listener, routing]).plan;
  }

  get server(): ScriptedUpstream {
    return this.servers[0] as ScriptedUpstream;
  }

  /** A client of this address. */
  connect(fromAddress = "127.0.0.1"): StageClient {
    const client = new StageClient(this, fromAddress);
    this.#clients.push(client);
    return client;
  }

  /** A client that sends `text` at once; what is deliverable has been delivered. */
  send(text: string): StageClient {
    const client = this.connect();
    client.send(text);
    return client;
  }

  pump(): void {
    this.network.pump(200_000);
  }

  /** Lets time pass; each timer finds the network at rest. */
  advance(ms: number): void {
    const endMs = this.clock.now() + ms;
    for (let due = this.clock.nextDueMs; due !== null && due <= endMs; due = this.clock.nextDueMs) {
      this.clock.advance(due - this.clock.now());
      this.pump();
    }
    this.clock.advance(endMs - this.clock.now());
    this.pump();
  }

  /** Ends everything and asserts that nothing is left: no socket, no claim, no timer. */
  finish(): void {
    for (const client of this.#clients) client.leave();
    this.pool.close();
    this.shadowPool.close();
    for (const server of [...this.servers, this.shadow]) server.stop();
    this.pump();
    this.advance(5000);
    assert.deepEqual(this.pool.counts, { open: 0, idle: 0, pending: 0 });
    assert.deepEqual(this.shadowPool.counts, { open: 0, idle: 0, pending: 0 });
    assert.equal(this.network.openSockets.length, 0, "sockets are left open");
    assert.equal(this.ended.length, this.begun.length, "each exchange ends once");
    assert.equal(new Set(this.ended).size, this.ended.length, "no exchange ends twice");
    assert.equal(this.wheel.size, 0, "timers are left armed");
  }
}

/** As routing compiles it, of a path that needs no checks. */
function toPattern(text: string): PathPattern {
  const hasTail = text.endsWith("/*");
  const parts = text
    .slice(1)
    .split("/")
    .slice(0, hasTail ? -1 : undefined);
  const params = parts.flatMap((part, segment) => (part.startsWith(":") ? [{ name: part.slice(1), segment }] : []));
  return { text, segments: parts.map((part) => (part.startsWith(":") ? null : part)), params, hasTail };
}

export class StageClient {
  readonly #stage: PolicyStage;
  readonly raw: RawClient;
  readonly #socket: Socket;

  constructor(stage: PolicyStage, fromAddress: string) {
    this.#stage = stage;
    const before = new Set(stage.network.openSockets);
    this.raw = new RawClient(stage.network.transportFrom(fromAddress), LISTENER);
    this.#socket = stage.network.openSockets.find((socket) => !before.has(socket)) as Socket;
    stage.pump();
  }

  send(text: string): this {
    this.raw.send(text);
    this.#stage.pump();
    return this;
  }

  /** Leaves at once: a reset. */
  leave(): void {
    if (!this.#socket.closed) this.#stage.network.injectReset(this.#socket);
    this.#stage.pump();
  }

  get text(): string {
    return this.raw.text;
  }

  /** The final responses that are complete, read strictly; interim ones left out. */
  responses(method = "GET"): RawMessage[] {
    const found: RawMessage[] = [];
    let at = 0;
    while (at < this.text.length) {
      const response = readResponse(this.text, at, method, this.raw.ended);
      if (response === null) break;
      if (statusOf(response) >= 200) found.push(response);
      at = response.end;
    }
    return found;
  }

  /** The one response. */
  response(method = "GET"): RawMessage {
    const all = this.responses(method);
    assert.equal(all.length, 1, `${all.length} complete responses in ${JSON.stringify(this.text.slice(0, 400))}`);
    return all[0] as RawMessage;
  }

  /** Status of the first final head, complete or not; 0 when there is none. */
  get status(): number {
    for (let at = 0; ; ) {
      const head = readHead(this.text, at);
      if (head === null) return 0;
      const status = statusOf(head);
      if (status >= 200) return status;
      at = head.end;
    }
  }

  /** Of the problem document that was answered. */
  get code(): string {
    return (JSON.parse(this.response().body) as { code: string }).code;
  }
}

/** 200 with `METHOD PATH BODY`. */
export function echo(): ScriptedUpstream["script"] {
  return answering((connection, request) => {
    const [method = "", path = ""] = request.startLine.split(" ");
    reply(connection, 200, `${method} ${path} ${request.body}`, method);
  });
}

/** A script for whole requests. A request that expects 100 gets it. */
export function answering(onRequest: (connection: UpstreamRecord, request: RawMessage) => void): ScriptedUpstream["script"] {
  return {
    onHead(connection, head) {
      if (head.fields.some(([name]) => name === "expect")) connection.send("HTTP/1.1 100 Continue\r\n\r\n");
    },
    onRequest,
  };
}

export function reply(connection: UpstreamRecord, status: number, body: string, method = "GET"): void {
  connection.send(`HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${method === "HEAD" ? "" : body}`);
}

export function get(path = "/x", fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`;
}

export function post(body: string, fields = ""): string {
  return `POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
}

export function postChunked(chunks: readonly string[], fields = ""): string {
  const body = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
  return `POST /x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n${fields}\r\n${body}0\r\n\r\n`;
}
