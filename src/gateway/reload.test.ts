// One gateway that goes from one configuration to the next while requests, streams and tunnels are under way.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RawClient, readResponse, ScriptedUpstream } from "../../test/kit/index.ts";
import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import { MemoryLineSink } from "../telemetry/index.ts";
import { MemoryNetwork, type SocketAddress } from "../transport/index.ts";
import { MAX_LIVE_GENERATIONS } from "./generations.ts";
import { BlueprintError, createGateway, type Gateway } from "./index.ts";

interface Wanted {
  readonly port?: number;
  readonly endpoint?: number;
  readonly route?: string;
  readonly bounds?: string;
  readonly more?: string;
}

function toText({ port = 8080, endpoint = 3001, route = "first", bounds = "", more = "" }: Wanted): string {
  return `version: 1
listeners: [{ name: http, address: 127.0.0.1:${port}${bounds === "" ? "" : `, bounds: { ${bounds} }`} }]
upstreams: { app: { endpoints: [http://127.0.0.1:${endpoint}] } }
routes:
  - { name: ${route}, match: { path: /app/* }, public: true, upstream: app }
  - { name: said, match: { path: /said }, public: true, respond: { status: 200, body: ${route} } }
${more}`;
}

class Stage {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly clock = new FakeClock(1000);
  readonly log = new MemoryLineSink();
  readonly upstreams: ScriptedUpstream[] = [];
  readonly clients: RawClient[] = [];
  gateway!: Gateway;

  static async open(wanted: Wanted = {}): Promise<Stage> {
    const stage = new Stage();
    for (const port of [3001, 3002]) {
      const upstream = new ScriptedUpstream();
      const { transport } = stage.network;
      const listen = (_: SocketAddress, accept: Parameters<typeof transport.listen>[1]) =>
        transport.listen({ host: "127.0.0.1", port }, accept);
      await upstream.listen({ ...transport, listen });
      stage.upstreams.push(upstream);
    }
    stage.gateway = await createGateway(parse(wanted), {
      transport: stage.network.transport,
      clock: stage.clock,
      logSink: stage.log,
      descriptorLimit: 1000,
    });
    return stage;
  }

  connect(): RawClient {
    const client = new RawClient(this.network.transport, { host: "127.0.0.1", port: 8080 });
    this.clients.push(client);
    this.network.pump();
    return client;
  }

  ask(path: string, client = this.connect(), lines = ""): RawClient {
    client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    this.network.pump();
    return client;
  }

  /** The body of the client's newest answer. */
  answer(client: RawClient, at = 0): string {
    return readResponse(client.text, at, "GET", client.ended)?.body ?? assert.fail(`no answer in ${JSON.stringify(client.text)}`);
  }

  async reload(wanted: Wanted): Promise<void> {
    (await this.gateway.prepare(parse(wanted))).commit();
  }

  /** Of the upstream: answers the connection's oldest unanswered request. */
  reply(upstream: number, connection: number, body: string): void {
    this.upstreams[upstream]?.records[connection]?.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    this.network.pump();
  }

  records(): { route: string; generation: string }[] {
    return this.log.lines.map((line) => JSON.parse(line) as { route: string; generation: string });
  }

  async finish(): Promise<void> {
    for (const client of this.clients) client.close();
    this.network.pump();
    const stopped = this.gateway.stop(1000);
    this.network.pump();
    this.clock.advance(10_000);
    this.network.pump();
    await stopped;
    for (const upstream of this.upstreams) upstream.stop();
    this.network.pump();
    assert.equal(this.network.openSockets.length, 0, "sockets are left open");
    assert.equal(this.clock.pendingCalls, 0, "timers are left");
  }
}

function parse(wanted: Wanted) {
  const { config, issues } = parseConfig(toText(wanted), "gateway.yaml");
  assert.deepEqual(issues, []);
  return config ?? assert.fail();
}

describe("a reload", () => {
  it("is followed by the next request of a connection that was open before, and by none until it is committed", async () => {
    const stage = await Stage.open();
    const client = stage.ask("/said");
    assert.equal(stage.answer(client), "first");
    const before = stage.gateway.generation;
    const prepared = await stage.gateway.prepare(parse({ route: "second" }));
    const at = client.text.length;
    stage.ask("/said", client);
    assert.equal(stage.answer(client, at), "first");
    prepared.commit();
    assert.equal(stage.gateway.generation, prepared.generation);
    assert.notEqual(prepared.generation, before);
    const last = client.text.length;
    stage.ask("/said", client);
    assert.equal(stage.answer(client, last), "second");
    assert.deepEqual(
      stage.records().map(({ generation }) => generation),
      [before, before, prepared.generation],
    );
    await stage.finish();
  });

  it("leaves a request under way to the generation that it began with, also when it takes long", async () => {
    const stage = await Stage.open();
    const before = stage.gateway.generation;
    const slow = stage.ask("/app/slow");
    await stage.reload({ route: "second", endpoint: 3002 });
    assert.deepEqual(stage.gateway.status().generations, [stage.gateway.generation, before]);
    stage.reply(0, 0, "late");
    assert.equal(stage.answer(slow), "late");
    assert.deepEqual(
      stage.records().map(({ route, generation }) => [route, generation]),
      [["first", before]],
    );
    assert.deepEqual(stage.gateway.status().generations, [stage.gateway.generation]);
    await stage.finish();
  });

  it("keeps the connections of an upstream that it does not change, and none of one that it does", async () => {
    const stage = await Stage.open();
    stage.ask("/app/1");
    stage.reply(0, 0, "1");
    await stage.reload({ route: "second" });
    stage.ask("/app/2");
    stage.reply(0, 0, "2");
    assert.equal(stage.upstreams[0]?.records.length, 1);
    await stage.reload({ route: "second", endpoint: 3002 });
    stage.network.pump();
    assert.equal(stage.upstreams[0]?.records[0]?.dropped, true);
    const client = stage.ask("/app/3");
    stage.reply(1, 0, "3");
    assert.equal(stage.answer(client), "3");
    await stage.finish();
  });

  it("that is discarded changes nothing and leaves nothing", async () => {
    const stage = await Stage.open();
    const before = stage.gateway.exposeMetrics();
    const prepared = await stage.gateway.prepare(parse({ route: "second", endpoint: 3002 }));
    prepared.discard();
    prepared.commit();
    assert.equal(stage.answer(stage.ask("/said")), "first");
    const names = (text: string) => text.split("\n").map((line) => line.split(" ")[0]);
    assert.deepEqual(names(stage.gateway.exposeMetrics()), names(before));
    await stage.finish();
  });

  it("refuses routes that clash and listeners that are elsewhere, and goes on as before", async () => {
    const stage = await Stage.open();
    const config = parse({ route: "second" });
    const clash = { ...config, routes: [...config.routes, { ...(config.routes[1] ?? assert.fail()), name: "other" }] };
    await assert.rejects(stage.gateway.prepare(clash), BlueprintError);
    await assert.rejects(stage.gateway.prepare(parse({ port: 8081 })), /listeners: http is elsewhere/);
    assert.equal(stage.answer(stage.ask("/said")), "first");
    assert.equal(stage.gateway.status().generations.length, 1);
    await stage.finish();
  });

  it("changes what clients may take, also of connections that are open", async () => {
    const stage = await Stage.open();
    const client = stage.ask("/said");
    await stage.reload({ bounds: "head: 100B" });
    const at = client.text.length;
    stage.ask("/said", client, `X-Long: ${"x".repeat(200)}\r\n`);
    assert.match(client.text.slice(at), /^HTTP\/1.1 431 /);
    await stage.reload({ bounds: "connectionsPerIp: 2" });
    const one = stage.connect();
    const two = stage.connect();
    assert.equal(one.text, "");
    assert.match(two.text, /^HTTP\/1.1 503 /);
    await stage.finish();
  });

  it("does not wait for tunnels", async () => {
    const stage = await Stage.open();
    const client = stage.ask("/app/ws", stage.connect(), "Connection: Upgrade\r\nUpgrade: echo\r\n");
    stage.upstreams[0]?.records[0]?.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    stage.network.pump();
    await stage.reload({ route: "second", endpoint: 3002 });
    assert.equal(stage.gateway.status().generations.length, 1);
    const at = client.text.length;
    stage.upstreams[0]?.records[0]?.send("still here");
    stage.network.pump();
    assert.equal(client.text.slice(at), "still here");
    client.close();
    stage.network.pump();
    assert.equal(stage.records()[0]?.route, "first");
    await stage.finish();
  });

  it("ends the requests of the oldest generation when too many are alive", async () => {
    const stage = await Stage.open();
    const streams = [stage.ask("/app/0")];
    for (let i = 1; i <= MAX_LIVE_GENERATIONS; i++) {
      await stage.reload({ route: `r${i}` });
      stage.network.pump();
      streams.push(stage.ask(`/app/${i}`));
    }
    assert.equal(stage.gateway.status().generations.length, MAX_LIVE_GENERATIONS);
    assert.deepEqual(
      streams.map(({ ended }) => ended),
      streams.map((_, index) => index === 0),
    );
    await stage.finish();
  });

  it("leaves no pool, no series and no timer behind, a thousand times", async () => {
    const stage = await Stage.open();
    const count = () => stage.gateway.exposeMetrics().split("\n").length;
    await stage.reload({ route: "r0", endpoint: 3002 });
    const lines = count();
    const timers = stage.clock.pendingCalls;
    for (let i = 1; i <= 1000; i++) {
      await stage.reload({ route: `r${i}`, endpoint: 3001 + (i % 2) });
      if (i % 100 === 0) {
        const client = stage.ask("/app/x");
        stage.reply(i % 2, (stage.upstreams[i % 2]?.records.length ?? 0) - 1, "x");
        assert.equal(stage.answer(client), "x");
      }
    }
    assert.equal(count(), lines);
    // One more: the wheel turns while connections are open.
    assert.equal(stage.clock.pendingCalls, timers + 1);
    assert.equal(stage.gateway.status().generations.length, 1);
    for (const client of stage.clients) client.close();
    stage.network.pump();
    assert.ok(stage.network.openSockets.length <= 2, `${stage.network.openSockets.length} sockets`);
    await stage.finish();
  });

  it("leaves nothing behind either when the log can't be opened", async () => {
    const network = new MemoryNetwork({ schedule: null });
    const gateway = await createGateway(parse({ more: "telemetry: { accessLog: off }\n" }), {
      transport: network.transport,
      clock: new FakeClock(1000),
      descriptorLimit: 1000,
    });
    const before = gateway.exposeMetrics();
    const next = parse({ route: "next", endpoint: 3002, more: "telemetry: { accessLog: { to: /nonexistent/access.log } }\n" });
    await assert.rejects(gateway.prepare(next), /^BlueprintError: telemetry\.accessLog can't be opened: ENOENT/);
    await new Promise(setImmediate);
    const names = (text: string) => text.split("\n").map((line) => line.replace(/ [^ ]+$/, ""));
    assert.deepEqual(names(gateway.exposeMetrics()), names(before));
    await gateway.stop(0);
  });
});
