// Limits of a gateway with several processes: they hold for all of them together, and over the life of each.

import assert from "node:assert/strict";
import { get } from "node:http";
import { after, describe, it } from "node:test";
import { RUNTIME, Stage, sleep, tell, waitFor } from "../e2e/processes.ts";
import { GatewayFixture } from "./gateway-fixture.ts";
import { openEventStream } from "./tunnels.ts";

/** No window ends while a test runs. */
const ofDay = (limit: number) => `slidingWindow: { limit: ${limit}, window: 24h }`;

/** So many requests at once, each on a connection of its own; resolves to how many were admitted, the others being told 429. */
async function burst({ port }: GatewayFixture, count: number): Promise<number> {
  const statuses = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<number | undefined>((resolve, reject) => {
          const request = get({ host: "127.0.0.1", port, path: "/hello", agent: false }, (response) => {
            response.resume().once("end", () => resolve(response.statusCode));
          });
          request.once("error", reject);
        }),
    ),
  );
  const [admitted, refused] = [200, 429].map((wanted) => statuses.filter((status) => status === wanted).length);
  assert.equal(admitted! + refused!, count, statuses.join());
  return admitted!;
}

async function replaceWorkers(gateway: GatewayFixture): Promise<void> {
  const before = new Set(await gateway.workerPids());
  gateway.signal("SIGUSR2");
  await waitFor(
    async () => (await gateway.workerPids()).every((pid) => !before.has(pid)) && (await gateway.workerPids()).length === before.size,
    60_000,
    "all workers are new",
  );
}

async function killWorkers(gateway: GatewayFixture, count: number): Promise<void> {
  const before = await gateway.workerPids();
  const killed = before.slice(0, count);
  for (const pid of killed) process.kill(pid, "SIGKILL");
  await waitFor(
    async () => {
      const pids = await gateway.workerPids();
      return pids.length === before.length && !killed.some((pid) => pids.includes(pid));
    },
    60_000,
    "as many workers as before",
  );
}

describe(`limits of several processes, on ${RUNTIME}`, () => {
  const stage = new Stage();
  after(() => stage.stop());

  it("admit exactly as many of a burst as they say, over many connections to four workers", async () => {
    const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService(), workers: 4, limit: ofDay(5) });
    assert.equal(await burst(gateway, 20), 5);
    assert.equal(await burst(gateway, 20), 0);
  });

  for (const workers of [4, 1]) {
    it(`are counted on over reloads, rolling restarts and crashes (workers: ${workers})`, async () => {
      const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService(), workers, limit: ofDay(20) });
      assert.equal(await burst(gateway, 4), 4);
      await gateway.advance("SIGHUP");
      assert.equal(await burst(gateway, 4), 4);
      await replaceWorkers(gateway);
      assert.equal(await burst(gateway, 4), 4);
      // One that is alone tells what it counted every 50 ms.
      if (workers === 1) await sleep(500);
      await killWorkers(gateway, 1);
      assert.equal(await burst(gateway, 4), 4);
      await gateway.advance("POST /reload", { workers: workers + 1 });
      assert.equal(await burst(gateway, 30), 4);
    });
  }

  it("keep nobody waiting while the supervisor hangs, and are exact again when it goes on", async () => {
    const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService(), workers: 2, limit: ofDay(5) });
    assert.equal(await burst(gateway, 1), 1);
    const { pid } = await gateway.status();
    process.kill(pid, "SIGSTOP");
    const startedMs = performance.now();
    let admitted = 0;
    for (let bursts = 1; bursts <= 4; bursts++) admitted += await burst(gateway, 10);
    const tookMs = performance.now() - startedMs;
    process.kill(pid, "SIGCONT");
    tell(`supervisor hangs: 40 requests in ${tookMs.toFixed(0)} ms, ${admitted} admitted of 5 for each of 2 workers`);
    assert.ok(admitted >= 4 && admitted <= 10, `${admitted}`);
    await gateway.status();
    await sleep(500);
    assert.equal(await burst(gateway, 20), 0);
  });

  it("get back what workers held that are killed", async () => {
    const upstream = await stage.startService();
    const gateway = await GatewayFixture.start(stage, { upstream, workers: 2, limit: "concurrency: { limit: 4 }" });
    const streams = await Promise.all(["a", "b", "c", "d"].map((id) => openEventStream(gateway.port, id)));
    assert.equal(await burst(gateway, 6), 0);
    await killWorkers(gateway, 2);
    assert.deepEqual(await Promise.all(streams.map(({ ended }) => ended)), [false, false, false, false]);
    assert.equal(await burst(gateway, 4), 4);
  });
});
