// Hostile HTTP/2 clients: each flood ends with its connection or is held by its bound, under the fault that says so in the metrics; what it
// costs the gateway is bounded beside what it costs the attacker, so is memory, the upstream is spared, and other clients are served.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { askMeanwhile } from "../e2e/floods.ts";
import { Http2Gateway, startOnNode, writePair } from "../e2e/http2-gateway.ts";
import { head } from "../e2e/http2-transfer.ts";
import { MemoryWatch } from "../e2e/memory-watch.ts";
import { RUNTIME, Stage, sleep, tell, toMiB, waitFor } from "../e2e/processes.ts";
import { FRAME, H2Client, HPACK } from "../kit/index.ts";
import { FATAL_ATTACKS, fight, requestBlock } from "./attacks.ts";

const MIB = 1024 * 1024;
const ATTACK_MS = 1000;
const END_MS = 5000;
const HEAD_TIMEOUT_MS = 1500;
const STREAMS = 100;
/** `minBodyRate` looks every 5 s; the rest is for a busy machine. */
const SLOW_MS = 15_000;
const GROWTH_BYTES = (RUNTIME === "bun" ? 64 : 96) * MIB;
const ENHANCE_YOUR_CALM = 0xb;
/** What one connection of an attacker may make the gateway open to an HTTP/1.1 upstream before it has had enough. */
const UPSTREAM_CONNECTIONS = 200;
/**
 * CPU time of the gateway over the attacker's. Attacks end so soon that connecting again is a good part of it, which costs both sides about
 * the same. Where requests go upstream before the gateway has had enough, it pays for some tens of requests, each on a connection of its
 * own, to an attacker who sends sixty bytes for one.
 */
const CPU_RATIO = 3;
const ASKING_CPU_RATIO = 6;

describe(`HTTP/2 floods on ${RUNTIME}`, { skip: whyNoForge() }, () => {
  const stage = new Stage();
  let gateway: Http2Gateway;

  before(async () => {
    const { port } = await startOnNode(stage, "../e2e/http2-service.ts");
    const [h1, h2] = port.split(" ");
    gateway = await Http2Gateway.start(stage, {
      pair: writePair(stage),
      upstreams: {
        h1: { url: `http://127.0.0.1:${h1}`, protocol: "http/1.1" },
        h2: { url: `http://127.0.0.1:${h2}`, protocol: "h2" },
        hang: { url: `http://127.0.0.1:${h1}`, protocol: "http/1.1", more: "pool: { connections: 64, pending: 64 }" },
      },
      routes: [
        "  - { name: hang, match: { path: /hang }, public: true, upstream: hang, timeout: off }",
        "  - { name: h2, match: { path: /h2/* }, public: true, upstream: h2, rewrite: { stripPrefix: /h2 }, timeout: off }",
        "  - { name: all, match: { path: /* }, public: true, upstream: h1, timeout: off }",
      ],
      bounds: `body: off, headTimeout: ${HEAD_TIMEOUT_MS}ms, minBodyRate: 256B/s, streams: ${STREAMS}`,
    });
    for (let i = 0; i < 200; i++) await (await fetch(`${gateway.process.url}/things`)).text();
    const client = await H2Client.open(gateway.plainPort);
    for (let i = 0; i < 200; i++) {
      const stream = client.request(head("GET", "/h2/things"));
      await client.until(() => stream.isOver, END_MS, "an answer");
    }
    client.destroy();
  });

  after(() => stage.stop());

  async function faultsOf(codes: readonly string[]): Promise<number> {
    let sum = 0;
    for (const code of codes) sum += await gateway.count("sallyport_http2_faults_total", 'listener="plain"', `code="${code}"`);
    return sum;
  }

  async function countConnections(): Promise<number> {
    return Number(await (await fetch(`${gateway.process.url}/connections`)).text());
  }

  for (const attack of FATAL_ATTACKS) {
    it(attack.title, async () => {
      const watch = new MemoryWatch(gateway.process);
      const before = await faultsOf(attack.faults);
      let isOver = false;
      const connectionsBefore = await countConnections();
      const served = askMeanwhile(gateway.process, () => isOver);
      const { attacker, connections, attackerMs, gatewayMs } = await fight(gateway, attack, ATTACK_MS, END_MS);
      isOver = true;
      const { count, failed, slowestMs } = await served;
      const growth = watch.stop();
      const opened = ((await countConnections()) - connectionsBefore) / connections;
      const ratio = gatewayMs / attackerMs;
      tell(
        `${attack.title}: ${connections} connections, CPU of the gateway ${(gatewayMs / connections).toFixed(2)} ms each, ${ratio.toFixed(2)} of the attacker's; ${opened.toFixed(1)} upstream connections each; memory +${toMiB(growth)}; ${count} others served, the slowest ${slowestMs.toFixed(0)} ms`,
      );
      // A reset in place of GOAWAY is what a client gets that still sends.
      if (attacker.goodbye !== null) assert.notEqual(attacker.goodbye.code, 0);
      const counted = (await faultsOf(attack.faults)) - before;
      assert.equal(counted, connections, `of ${attack.faults}: ${JSON.stringify([...(await gateway.metrics("sallyport_http2_faults"))])}`);
      assert.equal(failed, 0, "other clients are served");
      assert.ok(count > 0);
      assert.ok(growth < GROWTH_BYTES, `grew by ${toMiB(growth)}`);
      assert.ok(opened < UPSTREAM_CONNECTIONS, `${opened} upstream connections for one of the attacker's`);
      assert.ok(
        ratio < (attack.asksUpstream ? ASKING_CPU_RATIO : CPU_RATIO),
        `the gateway spent ${gatewayMs} ms, the attacker ${attackerMs.toFixed(0)} ms`,
      );
    });
  }

  it("an attacker that reads is told why by GOAWAY", async () => {
    const client = await H2Client.open(gateway.plainPort);
    for (let i = 0; i < 100_000 && !client.isClosed; i += 100) {
      client.send(...Array.from({ length: 100 }, () => FRAME.ping()));
      await sleep(0);
    }
    await client.until(() => client.isClosed, END_MS, "the end");
    assert.equal(client.goodbye?.code, ENHANCE_YOUR_CALM);
    client.destroy();
  });

  it("pings of a client that does not read are not owed without end", async () => {
    const watch = new MemoryWatch(gateway.process);
    const client = await H2Client.open(gateway.plainPort);
    client.socket.pause();
    const pings = Buffer.concat(Array.from({ length: 100 }, () => FRAME.ping()));
    const deadline = performance.now() + 3000;
    let isClosed = false;
    client.socket.once("close", () => {
      isClosed = true;
    });
    while (!isClosed && performance.now() < deadline) {
      client.socket.write(pings);
      await sleep(1);
    }
    client.socket.resume();
    await client.until(() => client.isClosed, END_MS, "the end");
    client.destroy();
    assert.ok(watch.stop() < GROWTH_BYTES);
  });

  it("a head larger than allowed is answered with 431, and the connection goes on", async () => {
    const client = await H2Client.open(gateway.plainPort);
    const id = client.nextStreamId();
    const block = requestBlock("GET", "/things", [["x-large", "l".repeat(40_000)]]);
    client.send(
      FRAME.frame(FRAME.HEADERS, FRAME.END_STREAM, id, block.subarray(0, 16_000)),
      FRAME.continuation(id, block.subarray(16_000, 32_000)),
      FRAME.continuation(id, block.subarray(32_000), FRAME.END_HEADERS),
    );
    await client.until(() => client.stream(id).isOver, END_MS, "431");
    assert.equal(client.stream(id).status, 431);
    const next = client.request(head("GET", "/things"));
    await client.until(() => next.isOver, END_MS, "the next answer");
    assert.equal(next.status, 200);
    client.destroy();
  });

  it("a bomb of one head is refused, the table stays right for the next", async () => {
    const client = await H2Client.open(gateway.plainPort);
    const bomb = Buffer.concat([
      requestBlock("GET", "/things"),
      HPACK.literal("x-bomb", "b".repeat(3000), HPACK.INCREMENTAL),
      ...Array.from({ length: 50 }, () => HPACK.indexed(62)),
    ]);
    const id = client.nextStreamId();
    client.send(FRAME.headers(id, bomb, FRAME.END_STREAM));
    await client.until(() => client.stream(id).isOver, END_MS, "431");
    assert.equal(client.stream(id).status, 431);
    const next = client.nextStreamId();
    client.send(FRAME.headers(next, Buffer.concat([requestBlock("GET", "/things"), HPACK.indexed(62)]), FRAME.END_STREAM));
    await client.until(() => client.stream(next).isOver, END_MS, "the next answer");
    assert.equal(JSON.parse(client.stream(next).body).headers["x-bomb"].length, 3000);
    client.destroy();
  });

  it("streams beyond the limit are refused, those within it go on", async () => {
    const client = await H2Client.open(gateway.plainPort);
    await client.until(() => client.settings !== null, END_MS, "settings");
    assert.equal(client.settings?.get(FRAME.SETTINGS_MAX_CONCURRENT_STREAMS), STREAMS);
    const streams = Array.from({ length: STREAMS + 5 }, () => client.request(head("GET", "/h2/hang?id=many")));
    await client.until(() => streams.filter((stream) => stream.isOver).length >= 5, END_MS, "the refusals");
    assert.deepEqual(
      streams.filter((stream) => stream.isOver).map((stream) => stream.resetCode),
      [7, 7, 7, 7, 7],
    );
    client.send(FRAME.rstStream(1, 8));
    const next = client.request(head("GET", "/things"));
    await client.until(() => next.isOver, END_MS, "an answer in the place that was left");
    assert.equal(next.status, 200);
    client.destroy();
  });

  it("windows that are never opened: the responses are given up, and held in little memory until then", async () => {
    const watch = new MemoryWatch(gateway.process);
    const options = { opensWindows: false };
    const client = await H2Client.open(gateway.plainPort, options, [FRAME.SETTINGS_INITIAL_WINDOW_SIZE, 0]);
    const streams = Array.from({ length: STREAMS }, (_, index) => {
      return client.request(head("GET", `${index % 2 === 0 ? "/h2" : ""}/bytes?n=${16 * MIB}`));
    });
    await client.until(() => streams.every((stream) => stream.head !== null || stream.isOver), SLOW_MS, "all heads");
    await client.until(() => client.isClosed || streams.every((stream) => stream.isOver), SLOW_MS, "all are given up");
    client.destroy();
    const growth = watch.stop();
    tell(`${STREAMS} responses of 16 MiB without a window: memory +${toMiB(growth)}`);
    assert.ok(growth < 2 * GROWTH_BYTES, `grew by ${toMiB(growth)}`);
    assert.ok((await gateway.count("sallyport_faults_total", 'code="SP_H2_READ_TOO_SLOW"')) > 0);
  });

  it("bodies that never come are given up with 408, and so is a head that is never complete", async () => {
    const client = await H2Client.open(gateway.plainPort);
    const slow = client.request(head("POST", "/digest"), 0);
    await client.until(() => slow.isOver, SLOW_MS, "408");
    assert.ok(slow.status === 408 || slow.resetCode !== null, `${slow.status} ${slow.body}`);
    client.destroy();
    const halfway = await H2Client.open(gateway.plainPort, { acksSettings: false });
    halfway.send(FRAME.frame(FRAME.HEADERS, 0, 1, requestBlock("GET", "/things")));
    const startedMs = performance.now();
    await halfway.until(() => halfway.isClosed, HEAD_TIMEOUT_MS + 5000, "the end of a connection whose head is never complete");
    assert.ok(performance.now() - startedMs >= HEAD_TIMEOUT_MS - 100);
    halfway.destroy();
  });

  it("a preface that never comes, comes in part or is another: the connection ends", async () => {
    for (const bytes of ["", "PRI * HTTP/2.0\r\n\r\nS", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"]) {
      const client = await H2Client.connect(gateway.plainPort);
      if (bytes !== "") client.send(Buffer.from(bytes, "latin1"));
      await client.until(() => client.isClosed, HEAD_TIMEOUT_MS + 5000, `the end behind ${JSON.stringify(bytes)}`);
      client.destroy();
    }
  });

  it("nothing of all that is left: no stream, no request, the workers still the same", async () => {
    for (const gauge of ["sallyport_http2_client_streams", "sallyport_http2_client_connections", "sallyport_upstream_streams"]) {
      assert.ok((await gateway.metrics(gauge)).size > 0, `there is no ${gauge}`);
      await waitFor(async () => (await gateway.count(gauge)) === 0, SLOW_MS, `${gauge} is 0`);
    }
    assert.ok(gateway.process.isAlive);
    assert.equal((await fetch(`${gateway.process.url}/things`)).status, 200);
    assert.doesNotMatch(gateway.process.err, /Error|crash/);
  });
});
