import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ScriptedUpstream, SILENT } from "../../../test/kit/index.ts";
import { answering, reply } from "../../../test/pipeline/policy-stage.ts";
import { FakeClock, TimerWheel } from "../../base/index.ts";
import { Fields, FLOW, fieldName, ResponseHead, type UpstreamEvents, type UpstreamRequest, type UpstreamStream } from "../../http/index.ts";
import type { MultiplexedConnection, MultiplexedOwner } from "../../http2/index.ts";
import { MemoryNetwork } from "../../transport/index.ts";
import { Pool } from "../pool.ts";
import type { PoolSettings } from "../settings.ts";
import { HealthChecks, type HealthSettings } from "./index.ts";
import type { LineSettings } from "./line.ts";

const BOUNDS = { connectMs: 500, firstByteMs: 200, betweenBytesMs: 200, idleMs: 1000 };
const SETTINGS: HealthSettings = {
  ask: { kind: "http", path: "/healthz?full" },
  intervalMs: 5000,
  timeoutMs: 1000,
  healthyAfter: 2,
  unhealthyAfter: 3,
};
const GRPC: HealthSettings = { ...SETTINGS, ask: { kind: "grpc", service: "a.B" } };

class Stage {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly clock = new FakeClock(1000);
  readonly wheel = new TimerWheel(this.clock);
  readonly servers: ScriptedUpstream[] = [];
  /** What was told of endpoints: `0 down why`. */
  readonly told: string[] = [];
  pool!: Pool;
  checks!: HealthChecks;

  static async open(
    settings: Partial<HealthSettings> = {},
    endpoints = 1,
    more: Partial<LineSettings> & Partial<PoolSettings> = {},
  ): Promise<Stage> {
    const stage = new Stage();
    for (let i = 0; i < endpoints; i++) {
      const server = new ScriptedUpstream();
      await server.listen(stage.network.transport);
      stage.servers.push(server);
      server.script = answers(200);
    }
    const targets = stage.servers.map(({ address }, at) => ({ address, authority: `e${at}.test`, weight: 1, tls: null }));
    const { transport } = stage.network;
    const own = { name: "u", endpoints: targets, bounds: BOUNDS, connections: 4, pending: 4 };
    stage.pool = new Pool({ ...own, ...more }, transport, stage.wheel);
    const lines = { transport, wheel: stage.wheel, bounds: BOUNDS, proxyProtocol: null, connectMultiplexed: null, ...more };
    stage.checks = new HealthChecks(
      stage.pool,
      { ...SETTINGS, ...settings },
      lines,
      () => 0.5,
      (endpoint, isHealthy, why) => {
        const at = stage.pool.endpoints.indexOf(endpoint as never);
        assert.equal(endpoint.isHealthy, isHealthy);
        stage.told.push(`${at} ${isHealthy ? "up" : "down"} ${why}`.trimEnd());
      },
    );
    return stage;
  }

  get server(): ScriptedUpstream {
    return this.servers[0] as ScriptedUpstream;
  }

  advance(ms: number): void {
    const endMs = this.clock.now() + ms;
    for (let due = this.clock.nextDueMs; due !== null && due <= endMs; due = this.clock.nextDueMs) {
      this.clock.advance(due - this.clock.now());
      this.network.pump(10_000);
    }
    this.clock.advance(endMs - this.clock.now());
    this.network.pump(10_000);
  }

  finish(): void {
    this.checks.stop();
    this.pool.close();
    for (const server of this.servers) server.stop();
    this.network.pump(10_000);
    this.advance(10_000);
    assert.equal(this.network.openSockets.length, 0, "sockets are left open");
    assert.equal(this.wheel.size, 0, "timers are left armed");
  }
}

function answers(status: number, body = ""): ScriptedUpstream["script"] {
  return answering((connection) => reply(connection, status, body));
}

describe("an endpoint's health over HTTP/1.1", () => {
  it("is asked for at the interval, the first time after a part of it, on one connection that is kept", async () => {
    const stage = await Stage.open();
    stage.advance(2490);
    assert.equal(stage.server.seen.length, 0);
    stage.advance(20);
    assert.deepEqual(
      stage.server.seen.map(({ startLine, fields }) => [startLine, fields]),
      [
        [
          "GET /healthz?full HTTP/1.1",
          [
            ["host", "e0.test"],
            ["user-agent", "sallyport-health"],
          ],
        ],
      ],
    );
    stage.advance(20_000);
    assert.equal(stage.server.seen.length, 5);
    assert.equal(stage.server.records.length, 1);
    assert.deepEqual(stage.told, []);
    stage.finish();
  });

  it("changes only after so many answers in a row, in both directions", async () => {
    const stage = await Stage.open();
    const say = (...statuses: readonly number[]) => {
      for (const status of statuses) {
        stage.server.script = answers(status);
        stage.advance(5000);
      }
    };
    say(200, 503, 503, 200, 503, 503);
    assert.deepEqual(stage.told, []);
    say(500);
    assert.deepEqual(stage.told, ["0 down it answers 500"]);
    say(200, 500, 200);
    assert.equal(stage.told.length, 1);
    say(204);
    assert.deepEqual(stage.told.slice(1), ["0 up"]);
    assert.equal(stage.server.records.length, 1);
    stage.finish();
  });

  it("is not there in a redirect, in an answer that is late, cut or none, nor where nobody listens", async () => {
    const hang = answering(() => undefined);
    const half = answering((connection) => connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal"));
    const cut = answering((connection) => {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal");
      connection.close();
    });
    const gone = answering((connection) => connection.close());
    const nonsense = answering((connection) => connection.send("hello\r\n\r\n"));
    for (const [script, why] of [
      [answers(302), /^it answers 302$/],
      [hang, /^no answer in time$/],
      [half, /^no complete answer in time$/],
      [cut, /shorter|cut|ended|closed/],
      [gone, /closed/],
      [nonsense, /malformed/],
    ] as const) {
      const stage = await Stage.open({ unhealthyAfter: 1 });
      stage.server.script = script;
      stage.advance(5000);
      assert.equal(stage.told.length, 1);
      assert.match(stage.told[0]?.replace("0 down ", "") ?? "", why);
      stage.finish();
    }
    const stage = await Stage.open({ unhealthyAfter: 1 });
    stage.server.stop();
    stage.advance(5000);
    assert.match(stage.told[0] ?? "", /^0 down The upstream can't be reached. .*: ECONNREFUSED$/);
    stage.finish();
  });

  it("does not suffer from a connection that the upstream closed while it rested", async () => {
    const stage = await Stage.open({ unhealthyAfter: 1 });
    stage.advance(3000);
    stage.server.script = answering((connection) => connection.close());
    const [first] = stage.server.records;
    stage.server.script = answering((connection) => (connection === first ? connection.close() : reply(connection, 200, "")));
    stage.advance(5000);
    first?.close();
    stage.advance(10_000);
    assert.deepEqual(stage.told, []);
    assert.equal(stage.server.records.length, 2);
    stage.finish();
  });

  it("is read off a long page's head", async () => {
    const stage = await Stage.open({ unhealthyAfter: 1 });
    stage.server.script = answers(200, "x".repeat(300_000));
    stage.advance(10_000);
    assert.deepEqual(stage.told, []);
    stage.server.script = answers(200, "x".repeat(30_000));
    stage.advance(10_000);
    assert.deepEqual(stage.told, []);
    stage.finish();
  });

  it("asks nothing once it is stopped, also while it asks", async () => {
    for (const ms of [0, 2600]) {
      const stage = await Stage.open();
      stage.server.script = SILENT;
      stage.advance(ms);
      const { length } = stage.server.records;
      stage.checks.stop();
      stage.advance(60_000);
      assert.equal(stage.server.records.length, length);
      assert.deepEqual(stage.told, []);
      stage.finish();
    }
  });

  it("is asked for behind a PROXY header that names nobody, where connections begin with one", async () => {
    const stage = await Stage.open({}, 1, { proxyProtocol: "v1" });
    const bytes: string[] = [];
    stage.server.script = { onHead() {}, onRequest() {} };
    stage.advance(3000);
    for (const record of stage.server.records) bytes.push(record.text);
    assert.match(bytes[0] ?? "", /^PROXY UNKNOWN\r\nGET \/healthz\?full HTTP\/1\.1\r\n/);
    stage.finish();
  });

  it("keeps new requests from an endpoint that is not well, and takes it back", async () => {
    const stage = await Stage.open({ unhealthyAfter: 1, healthyAfter: 1 }, 2);
    const [bad] = stage.servers;
    const healthy = () => stage.pool.endpoints.map(({ isHealthy }) => isHealthy);
    (bad as ScriptedUpstream).script = answers(500);
    stage.advance(5000);
    assert.deepEqual(healthy(), [false, true]);
    (bad as ScriptedUpstream).script = answers(200);
    stage.advance(5000);
    assert.deepEqual(healthy(), [true, true]);
    stage.finish();
  });
});

/** An upstream that speaks HTTP/2, as far as a connection's owner sees it. */
class FakeGrpc implements MultiplexedConnection {
  readonly client = null;
  freeStreams = 0;
  openStreams = 0;
  hasServed = false;
  readonly requests: UpstreamRequest[] = [];
  readonly bodies: number[][] = [];
  #events: UpstreamEvents | null = null;
  isClosed = false;
  readonly owner: MultiplexedOwner;

  constructor(owner: MultiplexedOwner) {
    this.owner = owner;
  }

  ready(): void {
    this.freeStreams = 1;
    this.owner.onReady(this);
  }

  open(events: UpstreamEvents): UpstreamStream {
    this.#events = events;
    this.freeStreams = 0;
    this.openStreams = 1;
    return {
      isReused: this.hasServed,
      isExclusive: false,
      send: (request) => void this.requests.push(request),
      write: (chunk) => {
        this.bodies.push([...chunk]);
        return true;
      },
      endRequest() {},
      cork() {},
      uncork() {},
      resumeResponse() {},
      cancel: () => this.#release(),
    };
  }

  close(): void {
    this.isClosed = true;
    this.freeStreams = 0;
  }

  answer(status: number, head: string | null, body: readonly number[], trailer: string | null): void {
    const events = this.#events as UpstreamEvents;
    events.onResponseHead(new ResponseHead(status, toFields(head), -1, -1));
    if (body.length > 0) events.onResponseChunk(Uint8Array.from(body));
    this.hasServed = true;
    this.#release();
    events.onResponseEnd(trailer === null ? null : toFields(trailer));
    this.owner.onStreamsFree(this);
  }

  fail(): void {
    const events = this.#events as UpstreamEvents;
    this.#release();
    events.onUpstreamFault(FLOW.UPSTREAM_RESET);
  }

  #release(): void {
    this.openStreams = 0;
    if (!this.isClosed) this.freeStreams = 1;
    this.#events = null;
  }
}

function toFields(status: string | null): Fields {
  const fields = new Fields("");
  if (status !== null) fields.add(fieldName("grpc-status"), status);
  return fields;
}

describe("an endpoint's health over gRPC", () => {
  const SERVING = [0, 0, 0, 0, 2, 8, 1];

  async function open(settings: Partial<HealthSettings> = {}): Promise<{ stage: Stage; made: FakeGrpc[] }> {
    const made: FakeGrpc[] = [];
    const connectMultiplexed = (owner: MultiplexedOwner) => {
      const connection = new FakeGrpc(owner);
      made.push(connection);
      return connection;
    };
    const stage = await Stage.open({ ...GRPC, unhealthyAfter: 1, healthyAfter: 1, ...settings }, 1, { connectMultiplexed });
    return { stage, made };
  }

  it("is asked for by name, with the time that there is, on one connection", async () => {
    const { stage, made } = await open();
    stage.advance(2500);
    made[0]?.ready();
    const [{ method, target, authority, acceptsTrailers, bodyLength, fields } = assert.fail()] = made[0]?.requests ?? [];
    assert.deepEqual([method, target, authority], ["POST", "/grpc.health.v1.Health/Check", "e0.test"]);
    assert.deepEqual([acceptsTrailers, bodyLength], [true, 10]);
    assert.equal(fields.toLines(), "User-Agent: sallyport-health\r\nContent-Type: application/grpc+proto\r\nGrpc-Timeout: 1000m\r\n");
    assert.deepEqual(made[0]?.bodies, [[0, 0, 0, 0, 5, 10, 3, 97, 46, 66]]);
    made[0]?.answer(200, null, SERVING, "0");
    stage.advance(5000);
    assert.equal(made[0]?.requests.length, 2);
    assert.equal(made.length, 1);
    assert.deepEqual(stage.told, []);
    made[0]?.answer(200, null, SERVING, "0");
    stage.finish();
    assert.equal(made[0]?.isClosed, true);
  });

  it("is only there in SERVING with the status OK", async () => {
    for (const [answer, why] of [
      [[200, null, [0, 0, 0, 0, 2, 8, 2], "0"], "it says NOT_SERVING"],
      [[200, null, [0, 0, 0, 0, 0], "0"], "it says UNKNOWN"],
      [[200, null, [1, 2, 3], "0"], "its answer is no HealthCheckResponse"],
      [[200, null, [], "0"], "its answer is no HealthCheckResponse"],
      [[200, null, new Array(5000).fill(0), "0"], "its answer is no HealthCheckResponse"],
      [[200, null, SERVING, "5"], "it answers with the gRPC status 5"],
      [[200, "12", [], null], "it has no grpc.health.v1.Health"],
      [[200, null, SERVING, null], "it answers without a gRPC status"],
      [[404, null, [], null], "it answers 404"],
    ] as const) {
      const { stage, made } = await open();
      stage.advance(2500);
      made[0]?.ready();
      made[0]?.answer(answer[0], answer[1], answer[2], answer[3]);
      assert.deepEqual(stage.told, [`0 down ${why}`]);
      stage.advance(5000);
      made[0]?.answer(200, null, SERVING, "0");
      assert.deepEqual(stage.told.slice(1), ["0 up"]);
      stage.finish();
    }
  });

  it("is asked for on another connection where the one that was kept is closed, drains or turns out stale", async () => {
    const { stage, made } = await open();
    const next = (at: number) => {
      assert.equal(made.length, at + 1);
      made[at]?.ready();
      made[at]?.answer(200, null, SERVING, "0");
    };
    stage.advance(2500);
    next(0);
    made[0]?.owner.onClosed(made[0], null);
    stage.advance(5000);
    next(1);
    (made[1] as FakeGrpc).freeStreams = 0;
    made[1]?.owner.onDraining(made[1]);
    stage.advance(5000);
    next(2);
    stage.advance(5000);
    made[2]?.fail();
    next(3);
    assert.deepEqual(stage.told, []);
    stage.advance(5000);
    made[3]?.fail();
    made[4]?.ready();
    made[4]?.fail();
    assert.equal(stage.told.length, 1, "once is enough");
    stage.finish();
  });
});
