// Listeners that speak HTTP/2, in memory: who is served what, and what is counted of it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FRAME, H2Peer, RawClient } from "../../test/kit/index.ts";
import { FakeClock } from "../base/index.ts";
import { type GatewayConfig, parseConfig } from "../config/index.ts";
import { MemoryLineSink } from "../telemetry/index.ts";
import { encodeProxyHeader, MemoryNetwork, type Socket, type SocketError, type SocketHandler } from "../transport/index.ts";
import { acceptWebSocketKey } from "../websocket/index.ts";
import { createGateway, type Gateway } from "./index.ts";

const REST = `upstreams: { hole: { endpoints: [http://127.0.0.1:3001] } }
routes:
  - { name: hello, match: { path: /* }, public: true, respond: { body: hello } }
  - { name: hole, match: { path: /hole }, public: true, upstream: hole }
`;
const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const HEAD = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "a.test"],
  [":path", "/"],
] as const;

/** An upstream that never answers. */
function silently(socket: Socket): SocketHandler {
  return { onOpen() {}, onData() {}, onDrain() {}, onEnd: () => socket.close(), onClose() {} };
}

class H2Connection implements SocketHandler {
  readonly peer: H2Peer;
  readonly socket: Socket;
  ended = false;
  error: SocketError | null = null;

  constructor(network: MemoryNetwork, from: string) {
    this.socket = network.transportFrom(from).connect({ host: "127.0.0.1", port: 8080 }, this);
    // An acknowledgement would overtake a preface that comes in pieces.
    this.peer = new H2Peer((bytes) => void this.socket.write(bytes), { acksSettings: false });
  }

  onOpen(): void {}
  onDrain(): void {}

  onData(chunk: Uint8Array): void {
    this.peer.receive(chunk);
  }

  onEnd(): void {
    this.ended = true;
  }

  onClose(error: SocketError | null): void {
    this.ended = true;
    this.error = error;
  }
}

class Stage implements AsyncDisposable {
  readonly clock = new FakeClock(1000);
  readonly network = new MemoryNetwork({ schedule: null });
  readonly log = new MemoryLineSink();
  /** What the operator reads of connections. */
  readonly said: string[] = [];
  gateway!: Gateway;
  readonly #sockets: { close(): void }[] = [];

  static async open(listener: string): Promise<Stage> {
    const stage = new Stage();
    const { network, clock, log } = stage;
    stage.gateway = await createGateway(configure(listener), {
      transport: network.transport,
      clock,
      logSink: log,
      onConnectionFault: (line) => void stage.said.push(line),
    });
    return stage;
  }

  h1(from = "192.0.2.1"): RawClient {
    const client = new RawClient(this.network.transportFrom(from), { host: "127.0.0.1", port: 8080 });
    this.#sockets.push(client);
    this.network.pump();
    return client;
  }

  h2(from = "192.0.2.1"): H2Connection {
    const client = new H2Connection(this.network, from);
    this.#sockets.push(client.socket);
    this.network.pump();
    return client;
  }

  /** What is answered to a request over HTTP/2. */
  async ask({ peer }: H2Connection): Promise<string> {
    const stream = peer.request(HEAD);
    await this.settle();
    return `${stream.status} ${stream.body}`;
  }

  /** Lets everything happen that happens without the clock; what is written to HTTP/2 clients leaves at the end of a turn. */
  async settle(): Promise<void> {
    do {
      this.network.pump();
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.network.pump() > 0);
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.clock.now() + ms;
    for (let due = this.clock.nextDueMs; due !== null && due <= endMs; due = this.clock.nextDueMs) {
      this.clock.advance(due - this.clock.now());
      await this.settle();
    }
    this.clock.advance(endMs - this.clock.now());
    await this.settle();
  }

  metric(name: string): number {
    const line = this.gateway
      .exposeMetrics()
      .split("\n")
      .find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? 0);
  }

  protocols(): unknown[] {
    return this.log.lines.map((line) => (JSON.parse(line) as { protocol: string }).protocol);
  }

  async reload(listener: string): Promise<void> {
    (await this.gateway.prepare(configure(listener))).commit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.settle();
    const stopped = this.gateway.stop(1000);
    await this.settle();
    await this.advance(20_000);
    await stopped;
    await this.settle();
    assert.equal(this.network.openSockets.length, 0, "sockets are left open");
    assert.equal(this.clock.pendingCalls, 0, "timers are left");
  }
}

function configure(listener: string): GatewayConfig {
  const text = `version: 1\nlisteners: [{ name: http, address: 127.0.0.1:8080, ${listener} }]\n${REST}`;
  const { config, issues } = parseConfig(text, "gateway.yaml");
  assert.deepEqual(issues, []);
  return config ?? assert.fail();
}

const CONNECTIONS = 'sallyport_client_connections{listener="http"}';
const HTTP2 = 'sallyport_http2_client_connections{listener="http"}';

function isGreeting(text: string): boolean {
  return /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nhello$/s.test(text);
}

describe("a listener of HTTP/2 and HTTP/1.1 in the clear", () => {
  const BOTH = "protocols: [h2, http/1.1]";

  it("serves each client what it speaks, and says in the log what that was", async () => {
    await using stage = await Stage.open(BOTH);
    const old = stage.h1();
    old.send(GET);
    await stage.settle();
    assert.ok(isGreeting(old.text), old.text);
    const modern = stage.h2();
    modern.peer.begin();
    assert.equal(await stage.ask(modern), "200 hello");
    assert.equal(await stage.ask(modern), "200 hello");
    assert.equal(modern.peer.problem, null);
    assert.deepEqual(stage.protocols(), ["HTTP/1.1", "HTTP/2.0", "HTTP/2.0"]);
    assert.equal(stage.metric(CONNECTIONS), 2);
    assert.equal(stage.metric(HTTP2), 1);
    modern.socket.close();
    await stage.settle();
    assert.equal(stage.metric(HTTP2), 0);
  });

  it("says so too of requests whose heads are malformed", async () => {
    await using stage = await Stage.open(BOTH);
    const [old, modern] = [stage.h1(), stage.h2()];
    old.send("GET / HTTP/1.1\r\nBad Name: x\r\n\r\n");
    modern.peer.begin();
    const stream = modern.peer.request([...HEAD, ["Upper", "x"]]);
    await stage.settle();
    assert.match(old.text, /^HTTP\/1\.1 400 /);
    assert.ok(stream.isOver);
    assert.deepEqual(stage.protocols(), ["HTTP/1.1", "HTTP/2.0"]);
  });

  it("knows HTTP/2 by its preface in whichever pieces it comes", async () => {
    await using stage = await Stage.open(BOTH);
    for (let cut = 1; cut < FRAME.PREFACE.length; cut++) {
      const client = stage.h2();
      client.peer.send(FRAME.PREFACE.subarray(0, cut));
      await stage.settle();
      client.peer.send(FRAME.PREFACE.subarray(cut), FRAME.settings());
      assert.equal(await stage.ask(client), "200 hello", `cut at ${cut}`);
      client.socket.close();
    }
  });

  it("serves HTTP/1.1 in whichever pieces it comes, and answers what only begins like HTTP/2 as HTTP/1.1 that is wrong", async () => {
    await using stage = await Stage.open(BOTH);
    for (let cut = 1; cut < GET.length; cut++) {
      const client = stage.h1();
      for (const piece of [GET.slice(0, cut), GET.slice(cut)]) {
        client.send(piece);
        await stage.settle();
      }
      assert.ok(isGreeting(client.text), `cut at ${cut}`);
      client.close();
    }
    const almost = stage.h1();
    almost.send("PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n");
    await stage.settle();
    assert.match(almost.text, /^HTTP\/1\.1 505 /);
  });

  it("takes what is half a preface when its time is over for a late request, and says nothing to who was silent", async () => {
    await using stage = await Stage.open(`${BOTH}, bounds: { headTimeout: 2s }`);
    const [half, silent] = [stage.h1(), stage.h1()];
    half.send("PRI * HTTP/2.");
    await stage.settle();
    await stage.advance(1900);
    assert.deepEqual([half.text, silent.ended], ["", false]);
    await stage.advance(200);
    assert.deepEqual([half.text, half.ended], ["", false], "it is HTTP/1.1 now, and has the time of a head for the rest");
    assert.deepEqual([silent.text, silent.ended], ["", true]);
    await stage.advance(2000);
    assert.match(half.text, /^HTTP\/1\.1 408 /);
  });

  it("counts a connection once, whatever became of it", async () => {
    await using stage = await Stage.open(`${BOTH}, bounds: { connectionsPerIp: 2 }`);
    for (let round = 0; round < 5; round++) {
      const [one, two] = [stage.h2(), stage.h1()];
      one.peer.begin();
      assert.equal(await stage.ask(one), "200 hello");
      two.send(GET);
      await stage.settle();
      assert.ok(isGreeting(two.text));
      assert.equal(stage.metric(CONNECTIONS), 2);
      const third = stage.h1();
      assert.match(third.text, /^HTTP\/1\.1 503 /);
      one.socket.close();
      two.close();
      await stage.settle();
      assert.equal(stage.metric(CONNECTIONS), 0);
      // One that goes undecided gives its place back too.
      const gone = stage.h1();
      gone.send("PRI");
      gone.close();
      await stage.settle();
      assert.equal(stage.metric(CONNECTIONS), 0);
    }
  });

  it("says how many streams a connection may have, and counts those that are open", async () => {
    await using stage = await Stage.open(`${BOTH}, bounds: { streams: 7 }`);
    await stage.network.transport.listen({ host: "127.0.0.1", port: 3001 }, silently);
    const streams = () => stage.metric('sallyport_http2_client_streams{listener="http"}');
    const client = stage.h2();
    client.peer.begin();
    await stage.settle();
    assert.equal(client.peer.settings?.get(FRAME.SETTINGS_MAX_CONCURRENT_STREAMS), 7);
    for (let count = 1; count <= 9; count++) {
      const { id } = client.peer.request([...HEAD.slice(0, 3), [":path", "/hole"]]);
      await stage.settle();
      assert.equal(streams(), Math.min(count, 7));
      assert.equal(client.peer.stream(id).resetCode, count <= 7 ? null : 7, "REFUSED_STREAM");
    }
    client.socket.reset();
    await stage.settle();
    assert.equal(streams(), 0);
  });

  it("keeps to what it told a connection of streams over a reload, and tells the next ones anew", async () => {
    await using stage = await Stage.open(`${BOTH}, bounds: { streams: 4 }`);
    await stage.network.transport.listen({ host: "127.0.0.1", port: 3001 }, silently);
    const before = stage.h2();
    before.peer.begin();
    await stage.settle();
    await stage.reload(`${BOTH}, bounds: { streams: 2 }`);
    const after = stage.h2();
    after.peer.begin();
    const refusedOf = async ({ peer, socket }: H2Connection): Promise<number> => {
      const streams = [1, 2, 3, 4, 5].map(() => peer.request([...HEAD.slice(0, 3), [":path", "/hole"]]));
      await stage.settle();
      socket.reset();
      return streams.filter(({ resetCode }) => resetCode === 7).length;
    };
    assert.deepEqual([await refusedOf(before), await refusedOf(after)], [1, 3]);
  });

  it("asks who must begin with a PROXY header for that first, and serves the client that it names", async () => {
    await using stage = await Stage.open(`${BOTH}, proxyProtocol: { from: [10.0.0.0/8] }`);
    const header = encodeProxyHeader("v2", { address: "203.0.113.9", port: 4000 }, { address: "127.0.0.1", port: 8080 });
    for (const pieces of [
      [Buffer.concat([header, FRAME.PREFACE, FRAME.settings()])],
      [header, FRAME.PREFACE, FRAME.settings()],
      [header, FRAME.PREFACE.subarray(0, 5), Buffer.concat([FRAME.PREFACE.subarray(5), FRAME.settings()])],
    ]) {
      const client = stage.h2("10.0.0.7");
      for (const piece of pieces) {
        client.peer.send(piece);
        await stage.settle();
      }
      assert.equal(await stage.ask(client), "200 hello");
    }
    const old = stage.h1("10.0.0.7");
    old.send(Buffer.concat([header, Buffer.from(GET)]).toString("latin1"));
    await stage.settle();
    assert.ok(isGreeting(old.text));
    const clients = stage.log.lines.map((line) => (JSON.parse(line) as { client: string }).client);
    assert.deepEqual(clients, new Array(4).fill("203.0.113.9"));
  });

  it("lets who has not said what it speaks come by one more answer when it drains", async () => {
    await using stage = await Stage.open(BOTH);
    const [old, modern, silent] = [stage.h1(), stage.h2(), stage.h1()];
    const stopped = stage.gateway.stop(8000);
    await stage.settle();
    await stage.advance(1000);
    assert.equal(silent.ended, false);
    old.send(GET);
    modern.peer.begin();
    const stream = modern.peer.request(HEAD);
    await stage.settle();
    assert.match(old.text, /^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n/s);
    assert.equal(stream.status, 200);
    assert.notEqual(modern.peer.goodbye, null);
    await stage.advance(4000);
    assert.equal(silent.ended, true);
    for (const client of [old, silent]) client.close();
    await stage.settle();
    await stage.advance(8000);
    await stopped;
  });
});

describe("a listener of HTTP/2 alone in the clear", () => {
  it("speaks it from the first byte, and ends what begins otherwise", async () => {
    await using stage = await Stage.open("protocols: [h2]");
    const client = stage.h2();
    await stage.settle();
    assert.equal(client.peer.settings?.get(FRAME.SETTINGS_MAX_CONCURRENT_STREAMS), 128, "settings come before the client has spoken");
    client.peer.begin();
    assert.equal(await stage.ask(client), "200 hello");
    const stranger = stage.h2();
    stranger.peer.send(Buffer.from(GET));
    await stage.settle();
    await stage.advance(5000);
    assert.equal(stranger.peer.goodbye?.code, 1);
    assert.equal(stranger.ended, true);
    assert.equal(stage.metric('sallyport_http2_faults_total{listener="http",code="SP_H2_BAD_PREFACE"}'), 1);
    assert.deepEqual(stage.said, ["listener http: the HTTP/2 connection of 192.0.2.1 was ended: SP_H2_BAD_PREFACE"]);
  });
});

describe("an address whose connection was ended for a flood", () => {
  it("has an eighth of the allowances for a minute, and nobody else has less", async () => {
    await using stage = await Stage.open("protocols: [h2]");
    const pingsUntilEnd = async (from: string): Promise<number> => {
      const client = stage.h2(from);
      client.peer.begin();
      let pings = 0;
      while (client.peer.goodbye === null) {
        client.peer.send(FRAME.ping());
        await stage.settle();
        pings++;
      }
      return pings;
    };
    const first = await pingsUntilEnd("192.0.2.1");
    assert.equal(await pingsUntilEnd("192.0.2.1"), (first - 1) / 8 + 1);
    assert.equal(await pingsUntilEnd("192.0.2.2"), first);
    await stage.advance(60_000);
    assert.equal(await pingsUntilEnd("192.0.2.1"), first);
  });
});

describe("a listener of HTTP/1.1 alone", () => {
  it("answers a preface as the version that it does not speak", async () => {
    await using stage = await Stage.open("protocols: [http/1.1]");
    const client = stage.h1();
    client.send(FRAME.PREFACE.toString("latin1"));
    await stage.settle();
    assert.match(client.text, /^HTTP\/1\.1 505 /);
  });
});

describe("a WebSocket over HTTP/2 to an HTTP/1.1 upstream", () => {
  it("opens where the upstream answers the key that it was shown, and nowhere else", async () => {
    for (const [answers, status] of [
      [(key: string) => `Sec-WebSocket-Accept: ${acceptWebSocketKey(key)}\r\n`, 200],
      [() => `Sec-WebSocket-Accept: ${acceptWebSocketKey("dGhlIHNhbXBsZSBub25jZQ==")}\r\n`, 502],
      [() => "", 502],
    ] as const) {
      await using stage = await Stage.open("protocols: [h2, http/1.1]");
      let closed = 0;
      await stage.network.transport.listen({ host: "127.0.0.1", port: 3001 }, (socket) => ({
        ...silently(socket),
        onData(chunk: Uint8Array) {
          const key = /sec-websocket-key: (\S+)/i.exec(Buffer.from(chunk).toString("latin1"))?.[1] ?? "";
          const head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
          socket.write(Buffer.from(`${head}${answers(key)}\r\n`));
        },
        onClose: () => void closed++,
      }));
      const { peer } = stage.h2();
      peer.begin();
      const { id } = peer.request(
        [
          [":method", "CONNECT"],
          [":protocol", "websocket"],
          [":scheme", "http"],
          [":authority", "a.test"],
          [":path", "/hole"],
        ],
        0,
      );
      await stage.settle();
      assert.deepEqual([peer.stream(id).status, closed], [status, status === 200 ? 0 : 1]);
      assert.equal(peer.stream(id).code, status === 200 ? "" : "SP_EXCHANGE_BAD_SWITCH");
      peer.send(FRAME.rstStream(id, 8));
      await stage.settle();
    }
  });
});

describe("a reload of a listener's protocols", () => {
  it("holds for connections that come from then on, and leaves those that are open what they speak", async () => {
    await using stage = await Stage.open("protocols: [http/1.1]");
    const old = stage.h1();
    old.send(GET);
    await stage.settle();
    await stage.reload("protocols: [h2]");
    const modern = stage.h2();
    modern.peer.begin();
    assert.equal(await stage.ask(modern), "200 hello");
    old.send(GET);
    await stage.settle();
    assert.equal(old.text.split("hello").length, 3, "the open connection goes on");
    await stage.reload("protocols: [http/1.1]");
    assert.equal(await stage.ask(modern), "200 hello");
    const fresh = stage.h1();
    fresh.send(FRAME.PREFACE.toString("latin1"));
    await stage.settle();
    assert.match(fresh.text, /^HTTP\/1\.1 505 /);
  });
});
