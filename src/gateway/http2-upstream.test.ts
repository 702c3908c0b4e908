// Upstreams that are spoken to in HTTP/2, through a whole gateway: what they get, and what becomes of requests that they give back. The
// upstream's end writes frames by hand.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FRAME, H2Peer, type H2StreamRecord, HPACK, RawClient } from "../../test/kit/index.ts";
import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import { MemoryNetwork, type Socket } from "../transport/index.ts";
import { createGateway, type Gateway } from "./index.ts";

const GATEWAY = { host: "10.0.0.1", port: 8080 };
const HOSTS = ["10.0.0.2", "10.0.0.3"];
const GET = "GET /a?b=c HTTP/1.1\r\nHost: shop.example\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 5\r\n\r\nhello";
const REFUSED_STREAM = 7;
const NO_ERROR = 0;

const ONE = 'endpoints: ["http://10.0.0.2:80"]';
const TWO = 'endpoints: ["http://10.0.0.2:80", "http://10.0.0.3:80"]';

const toConfig = (upstream: string) => `
version: 1
admin: off
telemetry: { accessLog: off }
listeners: [{ name: public, address: "10.0.0.1:8080" }]
upstreams: { app: { protocol: h2, ${upstream} } }
routes: [{ name: all, match: { path: /* }, public: true, upstream: app, headers: { request: { remove: [Forwarded] } } }]
`;

/** A connection that the upstream has accepted. */
class Accepted extends H2Peer {
  readonly socket: Socket;
  readonly host: string;
  /** Latin1, before the preface. */
  preamble = "";
  readonly #preambleEnd: string;
  #isPreambleOver: boolean;
  #hasBegun = false;

  constructor(socket: Socket, host: string, preambleEnd: string) {
    super((bytes) => void socket.write(bytes), { isServer: true });
    this.socket = socket;
    this.host = host;
    this.#preambleEnd = preambleEnd;
    this.#isPreambleOver = preambleEnd === "";
  }

  take(chunk: Uint8Array): void {
    if (!this.#hasBegun) this.send(FRAME.settings());
    this.#hasBegun = true;
    if (this.#isPreambleOver) {
      this.receive(chunk);
      return;
    }
    const text = Buffer.from(chunk).toString("latin1");
    const end = text.indexOf(this.#preambleEnd) + this.#preambleEnd.length;
    this.preamble = text.slice(0, end);
    this.#isPreambleOver = true;
    if (end < text.length) this.receive(chunk.subarray(end));
  }

  answer({ id }: H2StreamRecord, body = "fine"): void {
    this.send(FRAME.headers(id, HPACK.block([[":status", "200"]])), FRAME.data(id, body, FRAME.END_STREAM));
  }
}

type Script = (connection: Accepted, stream: H2StreamRecord) => void;

const ANSWER: Script = (connection, stream) => connection.answer(stream);

class UpstreamStage {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly clock = new FakeClock();
  readonly accepted: Accepted[] = [];
  /** What is done with each request once the whole of it has come. */
  script: Script = ANSWER;
  gateway!: Gateway;
  readonly #clients: RawClient[] = [];

  static async create(upstream = ONE, preambleEnd = "", answersWith: string | null = null): Promise<UpstreamStage> {
    const stage = new UpstreamStage();
    for (const host of HOSTS) {
      await stage.network.transport.listen({ host, port: 80 }, (socket) => {
        const connection = stage.#accept(new Accepted(socket, host, preambleEnd));
        return {
          onOpen() {},
          onData: (chunk) => void (answersWith === null ? connection.take(chunk) : socket.writeText(answersWith)),
          onDrain() {},
          onEnd: () => socket.close(),
          onClose() {},
        };
      });
    }
    await stage.#start(upstream);
    return stage;
  }

  #accept(connection: Accepted): Accepted {
    this.accepted.push(connection);
    connection.onFrame = ({ streamId, type }) => {
      if ((type !== FRAME.HEADERS && type !== FRAME.DATA) || !connection.stream(streamId).isEnded) return;
      this.script(connection, connection.stream(streamId));
    };
    return connection;
  }

  async #start(upstream: string): Promise<void> {
    const { config, issues } = parseConfig(toConfig(upstream), "gateway.yaml");
    assert.ok(config !== null, JSON.stringify(issues));
    this.gateway = await createGateway(config, { transport: this.network.transport, clock: this.clock });
  }

  async ask(request: string, from = "192.0.2.7"): Promise<RawClient> {
    const client = new RawClient(this.network.transportFrom(from), GATEWAY);
    this.#clients.push(client);
    this.network.pump();
    client.send(request);
    await this.settle();
    return client;
  }

  askMany(count: number): Promise<RawClient[]> {
    return Promise.all(Array.from({ length: count }, () => this.ask(GET)));
  }

  /** HTTP/2 connections gather what they write until the turn ends. */
  async settle(): Promise<void> {
    do {
      this.network.pump();
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.network.pump() > 0);
  }

  metric(name: string): string | undefined {
    return this.gateway
      .exposeMetrics()
      .split("\n")
      .find((line) => line.startsWith(name));
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.settle();
    const stopped = this.gateway.stop(0);
    this.clock.advance(2000);
    await this.settle();
    for (const { problem } of this.accepted) assert.equal(problem, null);
    for (const { socket } of this.accepted) socket.close();
    await this.settle();
    await stopped;
    assert.equal(this.network.openSockets.length, 0);
  }
}

describe("an upstream with `protocol: h2`", () => {
  it("gets requests of many clients on one connection", async () => {
    const stage = await UpstreamStage.create();
    const held: H2StreamRecord[] = [];
    stage.script = (_connection, stream) => void held.push(stream);
    const clients = await stage.askMany(5);
    assert.deepEqual([stage.accepted.length, held.length], [1, 5]);
    assert.deepEqual(
      [":method", ":scheme", ":authority", ":path"].map((name) => held[0]!.field(name)),
      ["GET", "http", "shop.example", "/a?b=c"],
    );
    assert.equal(stage.metric("sallyport_upstream_streams"), 'sallyport_upstream_streams{upstream="app"} 5');
    assert.equal(stage.metric('sallyport_upstream_connections{upstream="app",state="open"}')?.at(-1), "1");
    for (const stream of held) stage.accepted[0]!.answer(stream);
    await stage.settle();
    for (const client of clients) assert.match(client.text, /^HTTP\/1\.1 200 .*fine/s);
    assert.equal(stage.metric("sallyport_upstream_streams")?.at(-1), "0");
    await stage.stop();
  });

  it("has a request that it refuses sent once more on another connection, body and all, though it is the only endpoint", async () => {
    const stage = await UpstreamStage.create();
    stage.script = (connection, stream) => {
      if (connection === stage.accepted[0]) connection.send(FRAME.rstStream(stream.id, REFUSED_STREAM));
      else connection.answer(stream, `took ${stream.body}`);
    };
    assert.match((await stage.ask(POST)).text, /^HTTP\/1\.1 200 .*took hello/s);
    assert.equal(stage.accepted.length, 2);
    await stage.stop();
  });

  it("has a request that it refuses twice refused to the client", async () => {
    const stage = await UpstreamStage.create();
    stage.script = (connection, stream) => connection.send(FRAME.rstStream(stream.id, REFUSED_STREAM));
    assert.match((await stage.ask(POST)).text, /^HTTP\/1\.1 502 .*SP_H2_RESPONSE_REFUSED/s);
    assert.equal(stage.accepted.flatMap(({ streams }) => [...streams.keys()]).filter((id) => id > 0).length, 2);
    await stage.stop();
  });

  it("of several endpoints has a refused request sent to another, and each is asked once", async () => {
    const stage = await UpstreamStage.create(TWO);
    const asked: string[] = [];
    stage.script = (connection, stream) => {
      asked.push(connection.host);
      if (asked.length === 2) connection.answer(stream, `took ${stream.body}`);
      else connection.send(FRAME.rstStream(stream.id, REFUSED_STREAM));
    };
    assert.match((await stage.ask(POST)).text, /^HTTP\/1\.1 200 .*took hello/s);
    assert.deepEqual(asked, HOSTS);
    assert.match((await stage.ask(POST)).text, /^HTTP\/1\.1 502 .*SP_H2_RESPONSE_REFUSED/s);
    assert.deepEqual(asked.slice(2).sort(), HOSTS);
    await stage.stop();
  });

  it("does not get a refused request again whose body is longer than what was kept of it", async () => {
    const stage = await UpstreamStage.create();
    stage.script = () => undefined;
    const length = 100 * 1024;
    const client = await stage.ask(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length + 1}\r\n\r\n${"x".repeat(length)}`);
    const [connection] = stage.accepted;
    const [stream] = [...connection!.streams.values()].filter(({ id }) => id > 0);
    assert.equal(stream!.receivedBytes, length);
    connection!.send(FRAME.rstStream(stream!.id, REFUSED_STREAM));
    await stage.settle();
    assert.match(client.text, /^HTTP\/1\.1 502 .*SP_H2_RESPONSE_REFUSED/s);
    assert.equal(stage.accepted.length, 1);
    await stage.stop();
  });

  it("loses no request by a GOAWAY: those that it did not take go to another connection, the others are answered", async () => {
    const stage = await UpstreamStage.create();
    const held: H2StreamRecord[] = [];
    stage.script = (connection, stream) => {
      if (connection === stage.accepted[0]) held.push(stream);
      else connection.answer(stream, "the other");
    };
    const [first, second] = [await stage.ask(GET), await stage.ask(POST)];
    stage.accepted[0]!.send(FRAME.goAway(held[0]!.id, NO_ERROR));
    await stage.settle();
    assert.match(second!.text, /^HTTP\/1\.1 200 .*the other/s);
    assert.equal(first!.text, "");
    stage.accepted[0]!.answer(held[0]!);
    await stage.settle();
    assert.match(first!.text, /^HTTP\/1\.1 200 .*fine/s);
    assert.equal(stage.metric('sallyport_upstream_connections{upstream="app",state="open"}')?.at(-1), "1");
    await stage.stop();
  });

  it("gets no more requests on one connection than `pool.streams` says, and the rest waits", async () => {
    const stage = await UpstreamStage.create(`${ONE}, pool: { connections: 1, streams: 2, pending: 1 }`);
    const held: H2StreamRecord[] = [];
    stage.script = (_connection, stream) => void held.push(stream);
    const clients = await stage.askMany(4);
    assert.equal(held.length, 2);
    assert.match(clients[3]!.text, /^HTTP\/1\.1 503 .*SP_UPSTREAM_POOL_FULL/s);
    stage.accepted[0]!.answer(held[0]!);
    await stage.settle();
    assert.equal(held.length, 3);
    await stage.stop();
  });

  it("that speaks something else is named in the fault", async () => {
    const stage = await UpstreamStage.create(ONE, "", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    assert.match((await stage.ask(GET)).text, /^HTTP\/1\.1 502 .*SP_H2_RESPONSE_NOT_HTTP2/s);
    await stage.stop();
  });

  it("with `proxyProtocol` gets each client's requests on a connection that begins with its address", async () => {
    const stage = await UpstreamStage.create(`${ONE}, proxyProtocol: v1`, "\r\n");
    const clients = [await stage.ask(GET, "192.0.2.7"), await stage.ask(GET, "192.0.2.8")];
    for (const client of clients) {
      client.send(GET);
      await stage.settle();
    }
    assert.deepEqual(
      stage.accepted.map(({ preamble, streams }) => [preamble.split(" ")[2], [...streams.keys()].filter((id) => id > 0).length]),
      [
        ["192.0.2.7", 2],
        ["192.0.2.8", 2],
      ],
    );
    await stage.stop();
  });
});
