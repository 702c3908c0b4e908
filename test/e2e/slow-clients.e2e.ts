// Clients that are slow on purpose: each way of being slow is cut by its own bound, in its own time, and what waits for them is
// let go of.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { MemoryWatch } from "./memory-watch.ts";
import { type GatewayProcess, RUNTIME, Stage, sleep, tell, toMiB, waitFor } from "./processes.ts";
import { get, RawConnection } from "./raw-connection.ts";

const HEAD_TIMEOUT_MS = 1000;
const IDLE_TIMEOUT_MS = 1200;
/** Rates are judged over windows of 5 s, so a client that stops is cut after one or two. */
const RATE_CUT_MS = 10_000;
const SLACK_MS = 1500;
const READER_GROWTH_BYTES = 32 * 1024 * 1024;
const SLOW_READERS = 4;

describe(`slow clients on ${RUNTIME}`, () => {
  const stage = new Stage();
  let gateway: GatewayProcess;
  let service: string;
  // The slow ones take 5 to 10 s each, so they are slow at the same time.
  let slowBody: Promise<Cut>;
  let slowChunks: Promise<Cut>;
  let slowReaders: Promise<Cut[]>;
  let readerGrowthBytes = 0;

  before(async () => {
    service = await stage.startService();
    gateway = await stage.startGateway({
      upstream: service,
      bounds: `headTimeout: ${HEAD_TIMEOUT_MS}ms, idleTimeout: ${IDLE_TIMEOUT_MS}ms, minBodyRate: 1KiB/s`,
      routeTimeout: "60s",
      accessLog: true,
      workers: 1,
    });
    for (let i = 0; i < 100; i++) await (await fetch(`${gateway.url}/things`)).text();
    slowBody = dribble("Content-Length: 100000\r\n", "x");
    slowChunks = dribble("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n");
    const watch = new MemoryWatch(gateway);
    slowReaders = Promise.all(Array.from({ length: SLOW_READERS }, (_, index) => readNothing(`reader-${index}`))).finally(() => {
      readerGrowthBytes = watch.stop();
    });
  });

  after(() => stage.stop());

  it("a head that comes byte by byte is cut at headTimeout with 408", async () => {
    const startedMs = performance.now();
    const client = new RawConnection(gateway.port);
    await client.opened;
    for (const byte of get("/things", `X-Long: ${"a".repeat(1000)}\r\n`)) {
      if (client.isOver) break;
      client.send(byte);
      await sleep(50);
    }
    const tookMs = client.endedMs - startedMs;
    client.destroy();
    assert.equal(client.status, 408);
    assert.equal(client.code, "SP_H1_HEAD_TIMEOUT");
    assert.ok(tookMs > HEAD_TIMEOUT_MS - 50 && tookMs < HEAD_TIMEOUT_MS + SLACK_MS, `took ${tookMs} ms`);
    tell(`slow head: 408 after ${tookMs.toFixed(0)} ms (headTimeout ${HEAD_TIMEOUT_MS} ms)`);
  });

  for (const [what, sent, mostMs] of [
    ["that says nothing at all", "", HEAD_TIMEOUT_MS],
    ["that is idle after a request", get("/things"), IDLE_TIMEOUT_MS],
  ] as const) {
    it(`a connection ${what} is closed without a word`, async () => {
      const client = new RawConnection(gateway.port);
      await client.opened;
      const startedMs = performance.now();
      client.send(sent);
      await client.over;
      const tookMs = client.endedMs - startedMs;
      client.destroy();
      assert.equal(client.text.split("HTTP/1.1 ").length - 1, sent === "" ? 0 : 1, client.text);
      assert.ok(!client.isReset);
      assert.ok(tookMs > mostMs - 50 && tookMs < mostMs + SLACK_MS, `took ${tookMs} ms`);
      tell(`connection ${what}: closed after ${tookMs.toFixed(0)} ms (bound ${mostMs} ms)`);
    });
  }

  it("a body slower than minBodyRate is cut with 408, and its request is cancelled upstream", async () => {
    for (const [what, cut] of [
      ["slow body", await slowBody],
      ["slow chunks", await slowChunks],
    ] as const) {
      assert.equal(cut.client.status, 408, cut.client.text);
      assert.equal(cut.client.code, "SP_H1_BODY_TOO_SLOW");
      assert.ok(cut.tookMs < RATE_CUT_MS + SLACK_MS, `took ${cut.tookMs} ms`);
      tell(`${what} of 20 bytes/s: 408 after ${cut.tookMs.toFixed(0)} ms (minBodyRate 1 KiB/s)`);
    }
  });

  it("a client that does not read is cut, its response cancelled upstream, and memory stays flat", async () => {
    const cuts = await slowReaders;
    for (const cut of cuts) assert.ok(cut.tookMs < RATE_CUT_MS + SLACK_MS, `took ${cut.tookMs} ms`);
    tell(
      `${SLOW_READERS} clients that read nothing of an endless response: cut after ${Math.max(...cuts.map((cut) => cut.tookMs)).toFixed(0)} ms; memory +${toMiB(readerGrowthBytes)} (bound ${toMiB(READER_GROWTH_BYTES)})`,
    );
    assert.ok(readerGrowthBytes < READER_GROWTH_BYTES);
  });

  for (const [what, request, status, code] of [
    ["a head over its bound", get("/", `X-Long: ${"a".repeat(40_000)}\r\n`), 431, "SP_H1_HEAD_TOO_LARGE"],
    ["more fields than the bound", get("/", "A: b\r\n".repeat(200)), 431, "SP_H1_HEAD_TOO_LARGE"],
    ["a request line over its bound", get(`/${"a".repeat(10_000)}`), 414, "SP_H1_LINE_TOO_LONG"],
  ] as const) {
    it(`${what} is ${status}`, async () => {
      const client = new RawConnection(gateway.port);
      await client.opened;
      client.send(request);
      await client.over;
      client.destroy();
      assert.equal(client.status, status);
      assert.equal(client.code, code);
      assert.match(client.text, /\r\nConnection: close\r\n/i);
    });
  }

  it("a line of the access log tells of each of them", async () => {
    await Promise.all([slowBody, slowChunks, slowReaders]);
    await waitFor(() => (gateway.out.match(/SP_H1_BODY_TOO_SLOW/g) ?? []).length >= 2, 3000, "the slow bodies' lines");
    assert.match(gateway.out, /SP_H1_HEAD_TIMEOUT/);
    assert.equal((await fetch(`${gateway.url}/things`)).status, 200);
    assert.equal(await gateway.stop(), 0);
  });

  interface Cut {
    readonly client: RawConnection;
    readonly tookMs: number;
  }

  /** 20 bytes of body a second. */
  async function dribble(framing: string, piece: string): Promise<Cut> {
    const client = new RawConnection(gateway.port);
    await client.opened;
    const startedMs = performance.now();
    client.send(`POST /digest HTTP/1.1\r\nHost: gateway.test\r\n${framing}\r\n`);
    while (!client.isOver && performance.now() - startedMs < 20_000) {
      client.send(piece);
      await sleep(50);
    }
    client.destroy();
    return { client, tookMs: client.endedMs - startedMs };
  }

  /** Asks for a response without end and reads none of it; over when the upstream sees the cancel. */
  async function readNothing(id: string): Promise<Cut> {
    const client = new RawConnection(gateway.port, { paused: true });
    await client.opened;
    const startedMs = performance.now();
    client.send(get(`/endless?id=${id}`));
    await waitFor(
      async () => {
        await sleep(100);
        const seen = (await (await fetch(`${service}/seen?id=${id}`)).json()) as { cancelledMs: number | null } | null;
        return (seen?.cancelledMs ?? null) !== null;
      },
      20_000,
      "the cancel at the service",
    );
    client.destroy();
    return { client, tookMs: performance.now() - startedMs };
  }
});
