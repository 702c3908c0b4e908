// The whole gateway in process, from a configuration's text to what clients, upstreams and operators see.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RawClient, readResponse, ScriptedUpstream, statusOf } from "../../test/kit/index.ts";
import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import { MemoryLineSink } from "../telemetry/index.ts";
import { MemoryNetwork, type SocketAddress } from "../transport/index.ts";
import { createGateway, type Gateway } from "./index.ts";

const CONFIG = `version: 1
listeners:
  - name: http
    address: 127.0.0.1:8080
    trustedProxies: [10.0.0.0/8]
    bounds: { body: 100B, connectionsPerIp: 3, idleTimeout: 60s }
  - { name: inner, address: 127.0.0.1:8081 }
upstreams:
  one: { endpoints: [http://127.0.0.1:3001] }
  two: { endpoints: [http://127.0.0.1:3002] }
routes:
  - { name: items, match: { path: /items/* }, public: true, upstream: one }
  - { name: item-get, match: { path: /only, methods: [GET, POST] }, public: true, upstream: one }
  - { name: upload, match: { path: /upload }, public: true, upstream: one, bounds: { body: 1000B } }
  - { name: tiny, match: { path: /tiny }, public: true, upstream: one, bounds: { body: 5B } }
  - { name: host, match: { hosts: [two.test], path: /* }, public: true, upstream: two, timeout: 3s }
`;

class Stage {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly clock = new FakeClock(1000);
  readonly log = new MemoryLineSink();
  readonly one = new ScriptedUpstream();
  readonly two = new ScriptedUpstream();
  readonly clients: RawClient[] = [];
  gateway!: Gateway;

  static async open(text = CONFIG): Promise<Stage> {
    const stage = new Stage();
    await stage.one.listen(stage.#at(3001));
    await stage.two.listen(stage.#at(3002));
    for (const [name, upstream] of [
      ["one", stage.one],
      ["two", stage.two],
    ] as const) {
      upstream.script = {
        onHead() {},
        onRequest(connection, request) {
          const body = `${name} ${request.startLine.split(" ")[1]} ${request.body}`;
          connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        },
      };
    }
    stage.gateway = await stage.start(text);
    return stage;
  }

  /** The network, on which whoever asks for any port gets this one. */
  #at(port: number) {
    const { transport } = this.network;
    return {
      ...transport,
      listen: (_: SocketAddress, accept: Parameters<typeof transport.listen>[1]) => transport.listen({ host: "127.0.0.1", port }, accept),
    };
  }

  start(text = CONFIG): Promise<Gateway> {
    const { config, issues } = parseConfig(text, "gateway.yaml");
    assert.deepEqual(issues, []);
    return createGateway(config ?? assert.fail(), { transport: this.network.transport, clock: this.clock, logSink: this.log });
  }

  /** Each client from an address of its own unless told otherwise. */
  connect(port = 8080, from = `192.0.2.${this.clients.length + 1}`): RawClient {
    const client = new RawClient(this.network.transportFrom(from), { host: "127.0.0.1", port });
    this.clients.push(client);
    this.network.pump();
    return client;
  }

  send(text: string, port = 8080, from?: string): RawClient {
    const client = this.connect(port, from);
    client.send(text);
    this.network.pump();
    return client;
  }

  advance(ms: number): void {
    const endMs = this.clock.now() + ms;
    for (let due = this.clock.nextDueMs; due !== null && due <= endMs; due = this.clock.nextDueMs) {
      this.clock.advance(due - this.clock.now());
      this.network.pump();
    }
    this.clock.advance(endMs - this.clock.now());
    this.network.pump();
  }

  record(at = 0): Record<string, unknown> {
    return JSON.parse(this.log.lines[at] ?? "{}") as Record<string, unknown>;
  }

  /** Stops and shows that nothing is left. */
  async finish(): Promise<void> {
    for (const client of this.clients) client.close();
    this.network.pump();
    const stopped = this.gateway.stop(1000);
    this.network.pump();
    this.advance(10_000);
    await stopped;
    this.one.stop();
    this.two.stop();
    this.network.pump();
    assert.equal(this.network.openSockets.length, 0, "sockets are left open");
    assert.equal(this.clock.pendingCalls, 0, "timers are left");
  }
}

function answerOf(client: RawClient, method = "GET") {
  const response = readResponse(client.text, 0, method, client.ended);
  assert.ok(response !== null, `no whole response in ${JSON.stringify(client.text)}`);
  const field = (name: string) => response.fields.find(([each]) => each === name)?.[1] ?? "";
  return { status: statusOf(response), body: response.body, field, end: response.end };
}

function get(path: string, lines = "", host = "a"): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`;
}

function codeOf(client: RawClient): string {
  return (JSON.parse(answerOf(client).body) as { code: string }).code;
}

describe("a gateway", () => {
  it("refuses more connections of an address than it may have", async () => {
    const stage = await Stage.open();
    const mine = [1, 2, 3].map(() => stage.connect(8080, "203.0.113.7"));
    const fourth = stage.connect(8080, "203.0.113.7");
    assert.equal(answerOf(fourth).status, 503);
    assert.equal(codeOf(fourth), "SP_H1_TOO_MANY_CONNECTIONS");
    assert.equal(answerOf(fourth).field("connection"), "close");
    assert.equal(answerOf(stage.send(get("/items/1"), 8080, "203.0.113.8")).status, 200, "others are served");
    mine[0]?.close();
    stage.network.pump();
    assert.equal(answerOf(stage.send(get("/items/1"), 8080, "203.0.113.7")).status, 200, "its place is free again");
    assert.equal(answerOf(stage.send(get("/items/1"), 8081, "203.0.113.7")).status, 200, "the other listener has its own bound");
    await stage.finish();
  });

  it("bears the same generation for the same configuration, whatever its spelling, and another for another", async () => {
    const stage = await Stage.open();
    const ofPorts = (text: string) => text.replaceAll("127.0.0.1:80", "127.0.0.1:90");
    const other = await stage.start(ofPorts(CONFIG));
    await other.stop(0);
    const same = await stage.start(
      ofPorts(CONFIG).replace("version: 1", "# a comment\nversion: 1").replace("idleTimeout: 60s", "idleTimeout: 1m"),
    );
    await same.stop(0);
    const changed = await stage.start(ofPorts(CONFIG).replace("timeout: 3s", "timeout: 4s"));
    await changed.stop(0);
    assert.equal(same.generation, other.generation);
    assert.notEqual(changed.generation, other.generation);
    assert.notEqual(stage.gateway.generation, other.generation);
    assert.match(other.generation, /^[0-9a-f]{16}$/);
    await stage.finish();
  });

  it("that can't bind an address leaves nothing behind", async () => {
    const stage = await Stage.open();
    const text = CONFIG.replace("127.0.0.1:8080", "127.0.0.1:9080");
    await assert.rejects(stage.start(text), /8081/);
    // Its other address is free, or this would fail.
    const second = await stage.start(text.replace("127.0.0.1:8081", "127.0.0.1:9081"));
    assert.equal(answerOf(stage.send(get("/items/1"), 9080)).status, 200);
    for (const client of stage.clients) client.close();
    stage.network.pump();
    await second.stop(0);
    await stage.finish();
  });
});

describe("the metrics", () => {
  it("are what a scraper can read, and count what happened", async () => {
    const stage = await Stage.open();
    stage.send(get("/items/1") + get("/items/2") + get("/nothing"));
    const body = stage.gateway.exposeMetrics();
    const samples = new Map<string, number>();
    for (const line of body.split("\n")) {
      if (line === "" || /^# (HELP|TYPE) [a-z][a-z0-9_]* ./.test(line)) continue;
      const sample = /^([a-z][a-z0-9_]*(?:\{(?:[a-z]+="[^"\\]*",?)*\})?) (-?[0-9.e+-]+|[+-]Inf|NaN)$/.exec(line);
      assert.ok(sample !== null, `not a sample: ${line}`);
      assert.equal(samples.has(sample[1] ?? ""), false, `twice: ${line}`);
      samples.set(sample[1] ?? "", Number(sample[2]));
    }
    assert.equal(samples.get('sallyport_requests_total{route="items",class="2xx"}'), 2);
    assert.equal(samples.get('sallyport_requests_total{route="",class="4xx"}'), 1);
    assert.equal(samples.get('sallyport_request_duration_seconds_count{route="items"}'), 2);
    assert.equal(samples.get('sallyport_upstream_requests_total{upstream="one",class="2xx"}'), 2);
    assert.equal(samples.get('sallyport_faults_total{code="SP_ROUTE_NOT_FOUND"}'), 1);
    assert.equal(samples.get('sallyport_client_connections{listener="http"}'), 1);
    assert.equal(samples.get('sallyport_upstream_connections{upstream="one",state="idle"}'), 1);
    assert.equal(samples.get('sallyport_upstream_connections{upstream="two",state="open"}'), 0);
    await stage.finish();
  });
});

describe("the access log", () => {
  it("has a line for each request, with what happened to it", async () => {
    const stage = await Stage.open();
    stage.send(
      get("/items/1", "User-Agent: curl/8\r\nX-Forwarded-For: 203.0.113.7\r\nX-Request-Id: abc\r\n", "A.test:8080"),
      8080,
      "10.1.2.3",
    );
    const { time, ...record } = stage.record();
    assert.match(String(time), /^2026-01-01T00:00:00\.\d{3}Z$/);
    assert.deepEqual(record, {
      requestId: "abc",
      listener: "http",
      client: "203.0.113.7",
      method: "GET",
      host: "A.test:8080",
      path: "/items/1",
      protocol: "HTTP/1.1",
      status: 200,
      bytesIn: 0,
      bytesOut: 13,
      durationMs: 0,
      headMs: 0,
      route: "items",
      upstream: "one",
      attempts: 1,
      endpoint: "127.0.0.1:3001",
      reused: false,
      connectMs: 0,
      firstByteMs: 0,
      upstreamStatus: 200,
      userAgent: "curl/8",
      generation: stage.gateway.generation,
    });
    await stage.finish();
  });

  it("holds no secret: no query, no field but the agent, no part of a body", async () => {
    const stage = await Stage.open();
    const secret = "s3cr3t";
    stage.send(
      get(`/items/1?token=${secret}`, `Authorization: Bearer ${secret}\r\nCookie: id=${secret}\r\nReferer: http://a/?${secret}\r\n`),
    );
    stage.send(`POST /nothing?${secret} HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n${secret}`);
    stage.send(get(`http://a/items/1?token=${secret}`));
    stage.send(get(`http://user:${secret}@a/items/1`));
    stage.send(get(`http://b/items/1?${secret}`));
    stage.send(get(`user:${secret}@a:80`));
    stage.send(get(`http://user:${secret}@a?/x`));
    stage.send(`GET /items/1?${secret} HTTP/1.1\r\nHost: a\r\nBad Name ${secret}: x\r\n\r\n`);
    stage.send(`GET /items/1?${secret} HTTP/9.9\r\nHost: a\r\n\r\n`);
    stage.network.setConnectFault({ host: "127.0.0.1", port: 3002 }, "ECONNREFUSED");
    stage.send(get(`/x?${secret}`, `X-Api-Key: ${secret}\r\n`, "two.test"));
    assert.equal(stage.log.lines.length, 10);
    for (const line of stage.log.lines) assert.doesNotMatch(line, new RegExp(secret));
    assert.equal(stage.record(2)["path"], "/items/1");
    await stage.finish();
  });

  it("can't be forged: what clients send stays inside its string", async () => {
    const stage = await Stage.open();
    stage.send(get('/items/"},{"a":"', 'User-Agent: a"b\\c\xff\tend\r\n'));
    stage.send(get("/items/1", 'User-Agent: "}\u2028\r\n'));
    for (const line of stage.log.lines) {
      assert.doesNotMatch(line, /[\n\r]/);
      assert.equal(typeof (JSON.parse(line) as { status: number }).status, "number");
    }
    assert.equal(stage.log.lines.length, 2);
    await stage.finish();
  });
});

describe("a graceful stop", () => {
  it("lets requests in flight finish and refuses new connections", async () => {
    const stage = await Stage.open();
    const { script } = stage.two;
    stage.two.script = { onHead() {}, onRequest() {} };
    const busy = stage.send(get("/slow", "", "two.test"));
    const idle = stage.send(get("/items/1"));
    const silent = stage.connect(8081);
    let isStopped = false;
    const stopped = stage.gateway.stop(10_000).then(() => {
      isStopped = true;
    });
    stage.network.pump();
    // Their requests may be on the way: they end last.
    assert.equal(idle.ended, false);
    assert.equal(silent.ended, false);
    assert.equal(busy.ended, false);
    assert.equal(stage.connect().error, "ECONNREFUSED");
    stage.two.script = script;
    stage.advance(1000);
    assert.equal(isStopped, false);
    stage.two.records[0]?.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    stage.network.pump();
    assert.equal(answerOf(busy).body, "late");
    assert.equal(answerOf(busy).field("connection"), "close");
    const before = idle.text.length;
    idle.send(get("/items/2"));
    stage.network.pump();
    assert.match(idle.text.slice(before), /^HTTP\/1\.1 200 .*\r\nConnection: close\r\n/s);
    assert.equal(silent.ended, false);
    stage.advance(4100);
    assert.equal(silent.ended, true);
    for (const client of stage.clients) client.close();
    stage.advance(3000);
    await stopped;
    await stage.finish();
  });

  it("answers what is not done when its time is over, and goes on without whoever does not leave then", async () => {
    const stage = await Stage.open();
    stage.two.script = { onHead() {}, onRequest() {} };
    const busy = stage.send(get("/slow", "", "two.test"));
    const stopped = stage.gateway.stop(500);
    stage.advance(400);
    assert.equal(busy.ended, false);
    stage.advance(110);
    assert.equal(busy.ended, true);
    assert.equal(answerOf(busy).status, 503);
    assert.match(answerOf(busy).body, /SP_GATEWAY_STOPPED/);
    assert.equal(stage.two.records[0]?.dropped, true, "cancelled upstream");
    stage.advance(510);
    await stopped;
    assert.equal(stage.log.lines.length, 1);
    await stage.finish();
  });

  it("takes the second of two pipelined requests no more", async () => {
    const stage = await Stage.open();
    stage.two.script = { onHead() {}, onRequest() {} };
    const client = stage.send(get("/1", "", "two.test") + get("/2", "", "two.test"));
    const stopped = stage.gateway.stop(5000);
    stage.network.pump();
    stage.two.records[0]?.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
    stage.network.pump();
    assert.equal(answerOf(client).end, client.text.length);
    assert.equal(answerOf(client).field("connection"), "close");
    assert.equal(client.ended, true);
    assert.equal(stage.two.seen.length, 1);
    client.close();
    stage.advance(3000);
    await stopped;
    await stage.finish();
  });

  it("may be asked for twice", async () => {
    const stage = await Stage.open();
    const first = stage.gateway.stop(0);
    assert.equal(stage.gateway.stop(1000), first);
    stage.advance(10);
    await first;
    await stage.finish();
  });
});
