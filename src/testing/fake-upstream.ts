// An upstream of a test gateway: records what arrives and answers as the test says. It listens on the endpoints of the configuration, in
// the network in memory; what it reads it reads strictly, so that whatever the gateway sends wrong is a mishap of the test.

import type { ScheduledCall } from "../base/index.ts";
import type { Listener, Socket, SocketAddress, SocketHandler } from "../transport/index.ts";
import { toMilliseconds } from "./duration.ts";
import { readHead, readRequest } from "./raw-message.ts";
import { encodeReply, type Reply } from "./reply.ts";
import { UpstreamRequest } from "./upstream-request.ts";
import type { Wiring } from "./wiring.ts";

const GRPC = /^application\/grpc(?:[+;]|$)/i;

/** Answers a request that has come whole. Nothing is 200 with an empty body; to a gRPC call, OK without a message. */
export type UpstreamHandler = (request: UpstreamRequest) => Reply | undefined | Promise<Reply | undefined>;

export class FakeUpstream {
  readonly name: string;
  /** Whole requests in the order of their arrival. */
  readonly requests: UpstreamRequest[] = [];
  /** Connections that the gateway opened, so far. */
  connections = 0;
  readonly #wiring: Wiring;
  readonly #endpoints: readonly SocketAddress[];
  readonly #listeners: Listener[] = [];
  readonly #sockets = new Set<Socket>();
  #handler: UpstreamHandler;

  constructor(wiring: Wiring, name: string, endpoints: readonly SocketAddress[], handler: UpstreamHandler | Reply | undefined) {
    this.#wiring = wiring;
    this.name = name;
    this.#endpoints = endpoints;
    this.#handler = toHandler(handler);
  }

  /** How it answers from now on; undefined as when nothing was said. */
  handle(handler: UpstreamHandler | Reply | undefined): void {
    this.#handler = toHandler(handler);
  }

  /** The request that came last. Throws when none has come. */
  get lastRequest(): UpstreamRequest {
    const last = this.requests.at(-1);
    if (last === undefined) throw new Error(`upstream ${this.name} has got no request`);
    return last;
  }

  /** Forgets the requests that came. */
  forget(): void {
    this.requests.length = 0;
  }

  /** New connections are refused; open ones are reset. */
  refuseConnections(): void {
    this.#setFault("ECONNREFUSED");
    this.resetConnections();
  }

  /** New connections are never answered. */
  ignoreConnections(): void {
    this.#setFault("blackhole");
  }

  /** Ends refuseConnections() and ignoreConnections(). */
  acceptConnections(): void {
    this.#setFault(null);
  }

  /** Breaks every open connection. */
  resetConnections(): void {
    for (const socket of [...this.#sockets]) if (!socket.closed) socket.reset();
    this.#wiring.pump();
  }

  #setFault(fault: "ECONNREFUSED" | "blackhole" | null): void {
    for (const endpoint of this.#endpoints) this.#wiring.network.setConnectFault(endpoint, fault);
  }

  /** The kit's: begins to listen. */
  async listen(): Promise<void> {
    for (const endpoint of this.#endpoints) {
      const text = "path" in endpoint ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
      this.#listeners.push(await this.#wiring.network.transport.listen(endpoint, (socket) => this.#accept(socket, text)));
    }
  }

  /** The kit's: ends everything. */
  stop(): void {
    for (const listener of this.#listeners) listener.close();
    for (const socket of [...this.#sockets]) socket.close();
  }

  #accept(socket: Socket, endpoint: string): SocketHandler {
    this.connections++;
    this.#sockets.add(socket);
    const forget = () => void this.#sockets.delete(socket);
    return new FakeUpstreamConnection(
      this.#wiring,
      socket,
      (message) => this.#answer(new UpstreamRequest(message, this.name, endpoint)),
      forget,
    );
  }

  #answer(request: UpstreamRequest): Reply | Promise<Reply> {
    this.requests.push(request);
    const reply = this.#handler(request);
    if (!(reply instanceof Promise)) return reply ?? plainReply(request);
    return reply.then((answer) => answer ?? plainReply(request));
  }
}

type Answerer = (message: NonNullable<ReturnType<typeof readRequest>>) => Reply | Promise<Reply>;

class FakeUpstreamConnection implements SocketHandler {
  readonly #wiring: Wiring;
  readonly #socket: Socket;
  readonly #answer: Answerer;
  readonly #onGone: () => void;
  #text = "";
  #isAskedToGoOn = false;
  /** Parts of answers that wait for their time. */
  readonly #waiting = new Set<ScheduledCall>();

  constructor(wiring: Wiring, socket: Socket, answer: Answerer, onGone: () => void) {
    this.#wiring = wiring;
    this.#socket = socket;
    this.#answer = answer;
    this.#onGone = onGone;
  }

  onOpen(): void {}

  onDrain(): void {}

  onData(chunk: Uint8Array): void {
    this.#text += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    try {
      this.#read();
    } catch (error) {
      this.#fail(error);
    }
  }

  onEnd(): void {
    this.#socket.end();
  }

  onClose(): void {
    for (const call of this.#waiting) call.cancel();
    this.#onGone();
  }

  #read(): void {
    while (this.#text !== "") {
      const message = readRequest(this.#text, 0);
      if (message === null) {
        this.#askToGoOn();
        return;
      }
      this.#text = this.#text.slice(message.end);
      this.#isAskedToGoOn = false;
      const method = message.startLine.slice(0, message.startLine.indexOf(" "));
      const reply = this.#answer(message);
      if (!(reply instanceof Promise)) this.#send(reply, method);
      else this.#wiring.track(reply.then((answer) => this.#send(answer, method)).catch((error: unknown) => this.#fail(error)));
    }
  }

  #askToGoOn(): void {
    const head = this.#isAskedToGoOn ? null : readHead(this.#text, 0);
    if (head === null) return;
    this.#isAskedToGoOn = true;
    if (head.fields.some(([name]) => name === "expect")) this.#socket.writeText("HTTP/1.1 100 Continue\r\n\r\n");
  }

  #fail(error: unknown): void {
    this.#wiring.mishaps.push(error);
    this.#socket.reset();
  }

  #send(reply: Reply, method: string): void {
    if ("failure" in reply) {
      if (reply.failure === "hang") return;
      this.#later(reply.delay, () => {
        if (reply.bytes !== "") this.#socket.writeText(reply.bytes);
        // What is in flight is lost with a reset: let it arrive before.
        if (reply.failure === "reset") this.#wiring.atRest(() => this.#socket.reset());
      });
      return;
    }
    const [head = "", ...pieces] = encodeReply(reply, method);
    if (reply.every === undefined) this.#later(reply.delay ?? 0, () => this.#socket.writeText(head + pieces.join("")));
    else {
      // The head goes with the first piece, and what ends a chunked body with the last.
      const [first = "", ...rest] = pieces;
      const ending = rest.length > 1 ? (rest.pop() ?? "") : "";
      const parts = [head + first, ...rest];
      parts.push((parts.pop() ?? "") + ending);
      this.#later(reply.delay ?? 0, () => this.#stream(parts, reply.every ?? 0));
    }
  }

  #stream(pieces: readonly string[], every: number | string): void {
    const [first = "", ...rest] = pieces;
    this.#socket.writeText(first);
    if (rest.length > 0) this.#later(every, () => this.#stream(rest, every));
  }

  #later(delay: number | string, write: () => void): void {
    const ms = toMilliseconds(delay);
    if (ms === 0) {
      write();
      return;
    }
    const call = this.#wiring.clock.schedule(() => {
      this.#waiting.delete(call);
      write();
      this.#wiring.pump();
    }, ms);
    this.#waiting.add(call);
  }
}

/** What a service says that has nothing to say. A gRPC call without a status would be told as the upstream's mistake. */
function plainReply({ method, headers }: UpstreamRequest): Reply {
  const type = headers.get("content-type") ?? "";
  if (method !== "POST" || !GRPC.test(type)) return {};
  return { headers: { "content-type": type, "grpc-status": "0" } };
}

function toHandler(handler: UpstreamHandler | Reply | undefined): UpstreamHandler {
  if (typeof handler === "function") return handler;
  return () => handler;
}
