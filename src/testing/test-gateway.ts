// The whole gateway in process, with a clock that a test moves and upstreams that it plays. No socket, timer or file is opened.

import type { GatewayConfig } from "../config/index.ts";
import type { Gateway } from "../gateway/index.ts";
import type { Stores } from "../stores/index.ts";
import type { Socket, SocketHandler } from "../transport/index.ts";
import type { BodyInput } from "./body-bytes.ts";
import type { FakeServices, ServiceCall } from "./fake-services.ts";
import type { FakeUpstream } from "./fake-upstream.ts";
import { MetricsView } from "./metrics-view.ts";
import type { AccessRecord, RecordingSink } from "./recording-sink.ts";
import { TestConnection } from "./test-connection.ts";
import type { TestResponse } from "./test-response.ts";
import { toWebResponse, webRequest } from "./web-fetch.ts";
import { TestClock, type Wiring } from "./wiring.ts";
import { DEFAULT_CLIENT, parseRequestLine, type RequestOptions, type WrittenRequest, writeRequest } from "./write-request.ts";

/** More than any grace or linger of the engine. */
const STOP_MS = 20_000;

export interface ConnectOptions {
  /** The client's IP address. */
  readonly from?: string;
  /** The listener's name; the first one when left out. */
  readonly listener?: string;
  /** What the client says as SNI to a listener with TLS; nothing when left out. */
  readonly serverName?: string;
  /** The client's certificate as PEM, for a listener that asks for one. It is taken for verified. */
  readonly certificate?: string;
  /** Protocols that the client offers in the handshake (ALPN); `http/1.1` when left out, which is what the kit's requests speak. */
  readonly protocols?: readonly string[];
}

interface PendingRequest {
  readonly text: string;
  readonly connection: TestConnection;
  readonly written: WrittenRequest;
  bodySent: boolean;
  readonly resolve: (response: TestResponse) => void;
  readonly reject: (error: unknown) => void;
}

export class TestGateway implements AsyncDisposable {
  readonly config: GatewayConfig;
  readonly clock: TestClock;
  /** What the gateway keeps in its database, which in a test is memory. */
  readonly stores: Stores;
  readonly #gateway: Gateway;
  readonly #wiring: Wiring;
  readonly #upstreams: ReadonlyMap<string, FakeUpstream>;
  readonly #sink: RecordingSink;
  readonly #services: FakeServices;
  readonly #pending = new Set<PendingRequest>();
  readonly #connections = new Set<TestConnection>();
  readonly #unwatch: () => void;
  #closing: Promise<void> | null = null;

  /** The kit's: see createTestGateway. */
  constructor(
    gateway: Gateway,
    config: GatewayConfig,
    parts: {
      readonly wiring: Wiring;
      readonly upstreams: ReadonlyMap<string, FakeUpstream>;
      readonly sink: RecordingSink;
      readonly services: FakeServices;
      readonly stores: Stores;
    },
  ) {
    this.#gateway = gateway;
    this.config = config;
    this.#wiring = parts.wiring;
    this.#upstreams = parts.upstreams;
    this.#sink = parts.sink;
    this.#services = parts.services;
    this.stores = parts.stores;
    this.clock = new TestClock(parts.wiring);
    this.#unwatch = parts.wiring.watch(() => this.#finishRequests());
  }

  /** What identities have asked of services so far. */
  get serviceCalls(): readonly ServiceCall[] {
    return this.#services.calls;
  }

  get generation(): string {
    return this.#gateway.generation;
  }

  /**
   * Sends `GET http://host/path?query` on a connection of its own, byte for byte as written, and resolves to the answer. A request that
   * waits for time stays pending until the clock is moved. Rejects when the connection ends without an answer, and with what a handler of
   * an upstream threw meanwhile. `https` goes to a listener with TLS where there is one; elsewhere it is what a proxy named by `via` says
   * it was.
   */
  request(request: string, options: RequestOptions = {}): Promise<TestResponse> {
    const written = writeRequest(request, options);
    const { scheme, authority } = parseRequestLine(request);
    const connection = this.connect({
      listener: this.#listenerFor(scheme),
      serverName: toServerName(authority),
      ...options,
      ...((options.via ?? options.from) !== undefined && { from: options.via ?? options.from ?? "" }),
    });
    const { promise, resolve, reject } = Promise.withResolvers<TestResponse>();
    this.#pending.add({ text: request, connection, written, bodySent: !written.expectsContinue, resolve, reject });
    connection.send(Buffer.from(written.head + (written.expectsContinue ? "" : written.body.join("")), "latin1"));
    return promise;
  }

  /** The same by web standards. A URL class stands before it: dot segments and the like are resolved before the gateway sees them. */
  async fetch(input: string | URL | Request, init: RequestInit & ConnectOptions = {}): Promise<Response> {
    const { text, options } = await webRequest(input, init);
    return toWebResponse(await this.request(text, options), text.startsWith("HEAD "));
  }

  /**
   * Sends bytes that need be no request at all and tells what came back without moving the clock. Text is sent as UTF-8. `methods` of the
   * requests in it are needed to read the answers to HEAD.
   */
  async raw(
    bytes: BodyInput,
    options: ConnectOptions & { readonly methods?: readonly string[] } = {},
  ): Promise<{ readonly responses: TestResponse[]; readonly text: string; readonly ended: boolean }> {
    const connection = this.connect(options);
    connection.send(bytes);
    await this.#wiring.settle();
    const { text, ended } = connection;
    const responses = connection.responses(...(options.methods ?? []));
    connection.close();
    return { responses, text, ended };
  }

  /** Opens a client connection, for several requests on it, or for half of one. */
  connect(options: ConnectOptions = {}): TestConnection {
    const [first] = this.#gateway.listeners;
    const listener = options.listener === undefined ? first : this.#gateway.listeners.find(({ name }) => name === options.listener);
    if (listener === undefined) throw new Error(`there is no listener ${options.listener ?? "at all"}`);
    const transport = this.#wiring.network.transportFrom(options.from ?? DEFAULT_CLIENT);
    const { serverName = "", certificate = null, protocols = ["http/1.1"] } = options;
    const open = (handler: SocketHandler): Socket => {
      const socket = transport.connect(listener.address, handler);
      this.#wiring.handshakes.expect(socket.localPort, { serverName, certificate, protocols });
      return socket;
    };
    const since = this.#sink.lines.length;
    const connection = new TestConnection(this.#wiring, open, (requestId) => this.#sink.find(requestId, since));
    this.#connections.add(connection);
    this.#wiring.pump();
    return connection;
  }

  #listenerFor(scheme: string): string {
    const { listeners } = this.config;
    const fitting = listeners.find(({ tls }) => (tls !== null) === (scheme === "https"));
    return (fitting ?? listeners[0])?.name ?? "";
  }

  /** The fake of that upstream: what reached it, and how it answers from now on. Throws when the configuration has none of this name. */
  upstream(name: string): FakeUpstream {
    const upstream = this.#upstreams.get(name);
    if (upstream === undefined)
      throw new Error(`there is no upstream ${name}; there are ${[...this.#upstreams.keys()].join(", ") || "none"}`);
    return upstream;
  }

  get upstreams(): readonly FakeUpstream[] {
    return [...this.#upstreams.values()];
  }

  metrics(): MetricsView {
    return new MetricsView(this.#gateway.exposeMetrics());
  }

  /** The lines of the access log; none when the configuration says `accessLog: off`. */
  get log(): readonly string[] {
    return this.config.telemetry.accessLog === null ? [] : this.#sink.lines;
  }

  /** One record for each exchange that has ended, in that order; also when the log is off. */
  get records(): readonly AccessRecord[] {
    return this.#sink.lines.map((line) => JSON.parse(line) as AccessRecord);
  }

  /** Resolves when nothing happens any more without the clock. */
  settle(): Promise<void> {
    return this.#wiring.settle();
  }

  /**
   * Stops the gateway and shows that nothing stays behind. Rejects when a request is still waiting, when a handler of an upstream or a step
   * of the gateway threw and no request told of it, and when a socket or a timer is left. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#wiring.settle();
    const left: unknown[] = [...this.#pending].map(
      ({ text }) => new Error(`${text} still waits for its answer: move the clock, or let its upstream answer`),
    );
    for (const { reject } of this.#pending) reject(left[0]);
    this.#pending.clear();
    for (const connection of this.#connections) connection.close();
    const stopped = this.#gateway.stop(1000);
    this.#wiring.pump();
    await this.#wiring.advance(STOP_MS);
    await stopped;
    for (const upstream of this.#upstreams.values()) upstream.stop();
    this.#wiring.pump();
    this.#unwatch();
    left.push(...this.#wiring.mishaps.splice(0));
    const sockets = this.#wiring.network.openSockets.length;
    if (sockets > 0) left.push(new Error(`${sockets} sockets are left open`));
    const timers = this.#wiring.clock.pendingCalls;
    if (timers > 0) left.push(new Error(`${timers} timers are left`));
    if (left.length === 1) throw left[0];
    if (left.length > 1) throw new AggregateError(left, left.map(String).join("\n"));
  }

  #finishRequests(): void {
    for (const pending of [...this.#pending]) {
      try {
        this.#finish(pending);
      } catch (error) {
        this.#end(pending);
        pending.reject(error);
      }
    }
  }

  #finish(pending: PendingRequest): void {
    const { connection, written } = pending;
    const response = connection.firstResponse(written.method);
    if (response === null && !connection.ended) {
      if (pending.bodySent || !connection.isBodyWelcome) return;
      pending.bodySent = true;
      connection.send(Buffer.from(written.body.join(""), "latin1"));
      return;
    }
    this.#end(pending);
    const mishap = this.#wiring.mishaps.shift();
    if (mishap !== undefined) pending.reject(mishap);
    else if (response !== null) pending.resolve(response);
    else {
      const refusal = this.#wiring.handshakes.refusalOf(connection.port);
      const how = connection.error ?? "in order";
      pending.reject(new Error(refusal ?? `the gateway ended the connection of ${pending.text} without an answer (${how})`));
    }
  }

  #end(pending: PendingRequest): void {
    this.#pending.delete(pending);
    this.#connections.delete(pending.connection);
    pending.connection.close();
  }
}

/** The host of an authority: an address is no server name. */
function toServerName(authority: string): string {
  const host = authority.replace(/:[0-9]*$/, "").toLowerCase();
  return host.startsWith("[") || /^[0-9.]+$/.test(host) ? "" : host;
}
