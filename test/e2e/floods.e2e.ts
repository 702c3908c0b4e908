// Floods: 10,000 half-open connections, one address with too many, requests without end, heads without end, and bodies that nobody
// takes. Each is cut or held by its bound, memory stays under the bound stated here, and other clients are served meanwhile.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { askMeanwhile, floodHalfOpen, floodPipeline, openMany, pauseDownloads, pauseUploads, type Served } from "./floods.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { type GatewayProcess, maxOpenFiles, RUNTIME, Stage, tell, toMiB, waitFor } from "./processes.ts";
import { get, RawConnection } from "./raw-connection.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

const HALF_OPEN = 10_000;
const HEAD_TIMEOUT_MS = 3000;
const HALF_OPEN_GROWTH_BYTES = 160 * MIB;
const PER_IP = 50;
const PAUSED = 300;
const PAUSED_BODY_BYTES = 4 * MIB;
// A client that takes nothing for 5 s is cut: the rest of them is for a busy machine.
const LATE_MS = 1000;
/** Of the gateway's own memory for a connection whose body is held, both its sides together. Bun reads pieces of 512 KiB, Node of 64. */
const PER_CONNECTION_BYTES = (RUNTIME === "bun" ? 2048 : 1024) * KIB;
const FLOOD_GROWTH_BYTES = 96 * MIB;

describe(`floods on ${RUNTIME}`, () => {
  const stage = new Stage();
  let gateway: GatewayProcess;
  let service: string;

  function startLargeGateway(): Promise<GatewayProcess> {
    return stage.startGateway({
      upstream: service,
      bounds: `body: off, minBodyRate: off, headTimeout: ${HEAD_TIMEOUT_MS}ms`,
      pool: "connections: 2000, pending: 2000",
      routeTimeout: "off",
      workers: 1,
    });
  }

  before(async () => {
    service = await stage.startService();
    gateway = await startLargeGateway();
    for (let i = 0; i < 200; i++) await (await fetch(`${gateway.url}/things`)).text();
  });

  after(() => stage.stop());

  function judgeServed(served: Served): string {
    assert.ok(served.count > 0);
    assert.equal(served.failed, 0, "other clients are served");
    return `${served.count} requests of another client meanwhile, none failed, the slowest ${served.slowestMs.toFixed(0)} ms`;
  }

  const filesNeeded = HALF_OPEN + 1000;
  const skip = maxOpenFiles() < filesNeeded && `needs ulimit -Hn of ${filesNeeded}, has ${maxOpenFiles()}`;
  it(`${HALF_OPEN} half-open connections`, { skip }, async () => {
    const result = await floodHalfOpen(gateway, HALF_OPEN, HEAD_TIMEOUT_MS + 15_000);
    tell(
      `${HALF_OPEN} half-open connections, opened within ${result.openMs.toFixed(0)} ms: ${result.cut} cut (${result.with408} with 408), the last ${result.cutMs.toFixed(0)} ms after the last was opened (headTimeout ${HEAD_TIMEOUT_MS} ms); memory +${toMiB(result.growthBytes)} (bound ${toMiB(HALF_OPEN_GROWTH_BYTES)}); ${judgeServed(result.served)}`,
    );
    assert.equal(result.cut, HALF_OPEN);
    assert.equal(result.with408, HALF_OPEN);
    assert.ok(result.growthBytes < HALF_OPEN_GROWTH_BYTES);
  });

  it("more connections of one address than it may have", async () => {
    const small = await stage.startGateway({ upstream: service, bounds: `connectionsPerIp: ${PER_IP}`, workers: 1 });
    const kept = Array.from({ length: PER_IP }, () => new RawConnection(small.port, { localAddress: "127.0.2.1" }));
    await Promise.all(kept.map((client) => client.opened));
    for (const client of kept) client.send(get("/things"));
    await waitFor(() => kept.every((client) => client.status === 200), 5000, "those within the bound are served");
    const refused = Array.from({ length: 20 }, () => new RawConnection(small.port, { localAddress: "127.0.2.1" }));
    for (const client of refused) {
      await client.opened;
      client.send(get("/things"));
      await client.over;
      assert.equal(client.status, 503);
      assert.equal(client.code, "SP_H1_TOO_MANY_CONNECTIONS");
      client.destroy();
    }
    const other = new RawConnection(small.port, { localAddress: "127.0.2.2" });
    other.send(get("/things"));
    await waitFor(() => other.status === 200, 3000, "another address is served");
    for (const client of kept) client.send(get("/things"));
    await waitFor(() => kept.every((client) => client.text.split("HTTP/1.1 200").length === 3), 5000, "those within it still are");
    kept.pop()?.destroy();
    await waitFor(
      async () => {
        const next = new RawConnection(small.port, { localAddress: "127.0.2.1" });
        await next.opened;
        next.send(get("/things", "Connection: close\r\n"));
        await next.over;
        next.destroy();
        return next.status === 200;
      },
      3000,
      "a place that is left is given again",
    );
    for (const client of [...kept, other]) client.destroy();
    tell(`connectionsPerIp ${PER_IP}: ${refused.length} more got 503, other addresses and those within it are served`);
  });

  for (const [what, request] of [
    ["requests", get("/bytes?n=20000")],
    ["requests that the gateway itself answers", "OPTIONS * HTTP/1.1\r\nHost: gateway.test\r\n\r\n"],
  ]) {
    it(`${what} without end from a client that reads nothing`, async () => {
      let isOver = false;
      const served = askMeanwhile(gateway, () => isOver);
      const result = await floodPipeline(gateway, request ?? "", 4000);
      isOver = true;
      tell(
        `${what} without end, nothing read: ${toMiB(result.sentBytes)} got rid of${result.isCut ? " before the cut" : ""}; memory +${toMiB(result.growthBytes)} (bound ${toMiB(FLOOD_GROWTH_BYTES)}); ${judgeServed(await served)}`,
      );
      assert.ok(result.growthBytes < FLOOD_GROWTH_BYTES);
      assert.ok(result.sentBytes < 32 * MIB);
    });
  }

  it("heads without end", async () => {
    const watch = new MemoryWatch(gateway);
    const clients = await openMany(gateway.port, 500, 1000);
    const field = `X-Filler: ${"a".repeat(1000)}\r\n`;
    for (const client of clients) client.send(`GET / HTTP/1.1\r\nHost: gateway.test\r\n${field.repeat(100)}`);
    await waitFor(() => clients.every((client) => client.isOver), 10_000, "all are refused");
    const with431 = clients.filter((client) => client.status === 431).length;
    for (const client of clients) client.destroy();
    const growth = watch.stop();
    tell(`500 heads of 100 KiB at once: ${with431} got 431; memory +${toMiB(growth)} (bound ${toMiB(FLOOD_GROWTH_BYTES)})`);
    assert.equal(with431, clients.length);
    assert.ok(growth < FLOOD_GROWTH_BYTES);
  });

  it(`${PAUSED} uploads that the upstream does not take`, async () => {
    const other = await startLargeGateway();
    const result = await pauseUploads(other, PAUSED, 16 * MIB, 2500);
    await other.stop();
    tell(
      `${PAUSED} uploads held: ${toMiB(result.heldBytes)} on their way; memory +${toMiB(result.growthBytes)}, ${(result.growthPerConnectionBytes / KIB).toFixed(0)} KiB a connection (bound ${PER_CONNECTION_BYTES / KIB})`,
    );
    assert.ok(result.growthPerConnectionBytes < PER_CONNECTION_BYTES);
  });

  it(`${PAUSED} downloads of ${toMiB(PAUSED_BODY_BYTES)} that are read late`, async () => {
    const result = await pauseDownloads(gateway, PAUSED, PAUSED_BODY_BYTES, LATE_MS);
    tell(
      `${PAUSED} downloads, ${toMiB(result.receivedBytes)} in all, read ${LATE_MS} ms late, in ${result.seconds.toFixed(1)} s: ${result.incomplete} incomplete; memory +${toMiB(result.heldGrowthBytes)} while held, +${toMiB(result.growthBytes)} at its peak, ${(result.growthPerConnectionBytes / KIB).toFixed(0)} KiB a connection (bound ${PER_CONNECTION_BYTES / KIB})`,
    );
    assert.equal(result.incomplete, 0);
    assert.ok(result.growthPerConnectionBytes < PER_CONNECTION_BYTES);
  });

  it("ends well after all of it", async () => {
    assert.equal((await fetch(`${gateway.url}/things`)).status, 200);
    assert.equal(await gateway.stop(), 0);
  });
});
