// What an operator is told of each kind of end: the line of the access log and the counters, which must agree with what was sent.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import { MemoryLineSink } from "../telemetry/index.ts";
import { MemoryNetwork, type Socket, type SocketHandler } from "../transport/index.ts";
import { createGateway, type Gateway } from "./index.ts";

const CONFIG = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080, bounds: { idleTimeout: 20s, minBodyRate: 1000B/s } }]
upstreams:
  app:
    endpoints: [http://127.0.0.1:3001, http://127.0.0.1:3002]
    pool: { connections: 1, pending: 1 }
routes: [{ name: all, match: { path: /* }, public: true, upstream: app, timeout: 3s }]
`;
const GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

/** One end of a connection: keeps what it gets, says what it is made to say. */
class End implements SocketHandler {
  text = "";
  isClosed = false;
  socket: Socket | null = null;
  onOpen(): void {}
  onDrain(): void {}
  onEnd(): void {}
  onData(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk).toString("latin1");
  }
  onClose(): void {
    this.isClosed = true;
  }
}

class GatewayStage {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly clock = new FakeClock(1_000);
  readonly log = new MemoryLineSink();
  readonly upstreams: End[] = [];
  gateway: Gateway | null = null;

  async open(): Promise<this> {
    const { config } = parseConfig(CONFIG, "gateway.yaml");
    assert.ok(config !== null);
    this.gateway = await createGateway(config, { transport: this.network.transport, clock: this.clock, logSink: this.log });
    return this;
  }

  /** An upstream listens at the port. */
  listen(port: number): this {
    void this.network.transport.listen({ host: "127.0.0.1", port }, (socket) => {
      const end = new End();
      end.socket = socket;
      this.upstreams.push(end);
      return end;
    });
    return this;
  }

  send(text: string): End {
    const end = new End();
    end.socket = this.network.transport.connect({ host: "127.0.0.1", port: 8080 }, end);
    end.socket.writeText(text);
    this.network.pump();
    return end;
  }

  say(text: string): void {
    this.upstreams.at(-1)?.socket?.writeText(text);
    this.network.pump();
  }

  advance(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(100);
      this.network.pump();
    }
  }

  record(at = 0): Record<string, unknown> {
    return JSON.parse(this.log.lines[at] ?? "{}") as Record<string, unknown>;
  }

  /** The lines of /metrics that begin with the name and are not zero. */
  metrics(name: string): string[] {
    const text = this.gateway?.exposeMetrics() ?? "";
    return text.split("\n").filter((line) => line.startsWith(`sallyport_${name}{`) && !line.endsWith(" 0"));
  }
}

describe("an upstream that does not answer within the route's time", () => {
  it("is counted against the upstream, and the line names the endpoint", async () => {
    const stage = (await new GatewayStage().open()).listen(3001);
    const client = stage.send(GET);
    stage.advance(3_100);
    assert.match(client.text, /^HTTP\/1\.1 504 /);
    const record = stage.record();
    assert.equal(record["fault"], "SP_EXCHANGE_DEADLINE");
    assert.equal(record["status"], 504);
    assert.equal(record["endpoint"], "127.0.0.1:3001");
    assert.equal(record["detail"], "for the response head of 127.0.0.1:3001");
    assert.deepEqual(stage.metrics("upstream_requests_total"), ['sallyport_upstream_requests_total{upstream="app",class="cancelled"} 1']);
    assert.deepEqual(stage.metrics("faults_total"), ['sallyport_faults_total{code="SP_EXCHANGE_DEADLINE"} 1']);
  });

  it("is not named where the request still waited for a connection", async () => {
    const stage = (await new GatewayStage().open()).listen(3001);
    stage.send(GET);
    stage.send(GET);
    stage.advance(3_100);
    const records = [stage.record(0), stage.record(1)];
    assert.deepEqual(
      records.map((record) => record["endpoint"]),
      ["127.0.0.1:3001", undefined],
    );
    assert.equal(records[1]?.["connectMs"], undefined);
    assert.equal(records[1]?.["detail"], "for a connection to app");
    assert.equal(records[1]?.["upstream"], "app");
  });
});

describe("a request whose body does not come within the route's time", () => {
  it("is told apart from an upstream that is slow, and from one that does not take it", async () => {
    const post = `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n`;
    const slow = (await new GatewayStage().open()).listen(3001);
    slow.send(`${post}hello`);
    slow.advance(3_100);
    const late = slow.record();
    assert.deepEqual([late["status"], late["fault"], late["blame"]], [408, "SP_EXCHANGE_BODY_LATE", "client"]);
    assert.equal(late["detail"], "5 bytes of the request body came");
    const deaf = (await new GatewayStage().open()).listen(3001);
    const client = deaf.send(post);
    deaf.upstreams[0]?.socket?.pause();
    client.socket?.writeText("x".repeat(900_000));
    deaf.network.pump();
    deaf.advance(3_100);
    assert.equal(deaf.record()["detail"], "for 127.0.0.1:3001 to take the request body");
  });
});

describe("a pool that is full", () => {
  it("is told apart from an endpoint that fails", async () => {
    const stage = (await new GatewayStage().open()).listen(3001);
    for (let i = 0; i < 3; i++) stage.send(GET);
    const record = stage.record();
    assert.equal(record["fault"], "SP_UPSTREAM_POOL_FULL");
    assert.equal(record["endpoint"], undefined);
    assert.equal(record["detail"], "1 connections busy, 1 requests waiting");
  });
});

describe("an endpoint that is dead beside one that is not", () => {
  it("is an attempt that failed, not a request that did", async () => {
    const stage = (await new GatewayStage().open()).listen(3002);
    const client = stage.send(GET);
    stage.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert.match(client.text, /^HTTP\/1\.1 200 /);
    const record = stage.record();
    assert.equal(record["attempts"], 2);
    assert.equal(record["endpoint"], "127.0.0.1:3002");
    assert.equal(record["fault"], undefined);
    assert.deepEqual(stage.metrics("faults_total"), []);
    assert.deepEqual(stage.metrics("upstream_requests_total"), [
      'sallyport_upstream_requests_total{upstream="app",class="2xx"} 1',
      'sallyport_upstream_requests_total{upstream="app",class="fault"} 1',
    ]);
  });
});

describe("a connection that goes while its request is under way", () => {
  it("is the client's doing when the client left", async () => {
    const stage = (await new GatewayStage().open()).listen(3001);
    stage.send(GET).socket?.reset();
    stage.network.pump();
    assert.equal(stage.record()["fault"], "SP_CLIENT_GONE");
    assert.equal(stage.record()["status"], 499);
  });

  it("is the gateway's when the time for a graceful stop was over", async () => {
    const stage = (await new GatewayStage().open()).listen(3001);
    stage.send(GET);
    void stage.gateway?.stop(1_000);
    stage.advance(1_200);
    assert.equal(stage.record()["fault"], "SP_GATEWAY_STOPPED");
    assert.equal(stage.record()["blame"], "gateway");
  });

  it("is cut when the client does not read, and the line says so", async () => {
    const stage = (await new GatewayStage().open()).listen(3001);
    const client = stage.send(GET);
    client.socket?.pause();
    stage.say(`HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(1_000_000)}`);
    stage.advance(11_000);
    const record = stage.record();
    assert.equal(record["fault"], "SP_H1_READ_TOO_SLOW");
    assert.equal(record["status"], 200);
    assert.equal(record["blame"], "client");
  });

  it("is cut when nothing moves in a tunnel, and the line says so", async () => {
    const stage = (await new GatewayStage().open()).listen(3001);
    stage.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    stage.say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    stage.advance(41_000);
    assert.equal(stage.record()["fault"], "SP_H1_TUNNEL_IDLE");
    assert.equal(stage.record()["status"], 101);
  });
});

describe("an access log that can't be opened", () => {
  it("is a mistake in the configuration, and nothing is bound", async () => {
    const { config } = parseConfig(`${CONFIG}telemetry: { accessLog: { to: /nonexistent/access.log } }\n`, "gateway.yaml");
    assert.ok(config !== null);
    const network = new MemoryNetwork({ schedule: null });
    const opened = createGateway(config, { transport: network.transport, clock: new FakeClock() });
    await assert.rejects(opened, { name: "BlueprintError", message: /^telemetry\.accessLog can't be opened: ENOENT/ });
  });
});
