// Processes that are killed: a worker takes only its own requests with it and comes back, and workers without a supervisor finish and go.

import assert from "node:assert/strict";
import { get, type IncomingMessage } from "node:http";
import { after, describe, it } from "node:test";
import { RUNTIME, Stage, sleep, tell, waitFor } from "../e2e/processes.ts";
import { GatewayFixture } from "./gateway-fixture.ts";
import { HAS_PROC, listClientPorts } from "./ports.ts";
import { SteadyLoad, toFigures } from "./steady-load.ts";

describe(`processes that are killed, on ${RUNTIME}`, { skip: HAS_PROC ? false : "there is no /proc" }, () => {
  const stage = new Stage();
  after(() => stage.stop());

  it("are workers: only requests on their own connections fail, and they are back", async () => {
    const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService() });
    const load = new SteadyLoad(stage, { port: gateway.port });
    let killed = new Set<number>();
    let kills = 0;
    let backMs = 0;
    for (const slot of [0, 1, 0]) {
      await sleep(1000);
      const victim = (await gateway.status()).workers.find((worker) => worker.slot === slot);
      assert.ok(victim !== undefined);
      // It accepts nothing more from here, so that all that it has is known.
      process.kill(victim.pid, "SIGSTOP");
      killed = new Set([...killed, ...listClientPorts(victim.pid, gateway.port)]);
      const startedMs = performance.now();
      process.kill(victim.pid, "SIGKILL");
      kills++;
      await waitFor(
        async () => (await gateway.status()).workers.some((w) => w.slot === slot && w.pid !== victim.pid && w.state === "serving"),
        10_000,
        "the worker is back",
      );
      backMs = Math.max(backMs, performance.now() - startedMs);
    }
    await sleep(500);
    const report = await load.stop();
    const foreign = report.failures.filter(({ localPort }) => !killed.has(localPort));
    tell(`SIGKILL of ${kills} workers: back after ${backMs.toFixed(0)} ms at most; ${toFigures(report)}`);
    assert.deepEqual(foreign, []);
    // One request at a time on each of 16 connections, and the few on connections of their own.
    assert.ok(report.failed <= kills * 24, `${report.failed} failed`);
    const { workers } = await gateway.status();
    assert.deepEqual(
      workers.map(({ slot, crashes, state }) => [slot, crashes, state]),
      [
        [0, 2, "serving"],
        [1, 1, "serving"],
      ],
    );
    const metrics = await gateway.metrics();
    assert.match(metrics, /^sallyport_worker_crashes_total\{slot="0"\} 2$/m);
    assert.match(metrics, /^sallyport_worker_crashes_total\{slot="1"\} 1$/m);
    assert.match(metrics, /^sallyport_workers\{state="serving"\} 2$/m);
    assert.match(gateway.process.err, /worker 0 \(process \d+\) ended: SIGKILL; the next starts at once/);
  });

  it("come back ever later when they die young, and the others serve on", async () => {
    const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService() });
    const load = new SteadyLoad(stage, { port: gateway.port, rate: 60 });
    const untilMs = performance.now() + 6000;
    let last = 0;
    while (performance.now() < untilMs) {
      const worker = (await gateway.status()).workers.find(({ slot, state, pid }) => slot === 0 && state === "serving" && pid !== last);
      if (worker !== undefined) {
        last = worker.pid;
        process.kill(last, "SIGKILL");
      }
      await sleep(20);
    }
    const delays = [...gateway.process.err.matchAll(/worker 0 .* ended: SIGKILL; the next starts (?:at once|in (\d+) ms)/g)].map(
      ([, ms = "0"]) => Number(ms),
    );
    tell(`a crash loop: the next starts after ${delays.join(", ")} ms`);
    assert.ok(delays.length >= 4, delays.join());
    for (const [index, delay] of delays.entries()) {
      const full = index === 0 ? 0 : 100 * 2 ** (index - 1);
      assert.ok(delay >= full / 2 && delay <= full, delays.join());
    }
    assert.equal((await fetch(gateway.process.url)).status, 200);
    const { sent, answered } = await load.stop();
    assert.ok(answered > sent / 2);
  });

  it("are supervisors: workers finish what is under way, and go", async () => {
    const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService() });
    const pids = await gateway.workerPids();
    assert.equal(pids.length, 2);
    const slow = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const port = gateway.port;
        return new Promise<Promise<string>>((resolve) => {
          const request = get({ host: "127.0.0.1", port, path: `/slow?ms=1500&id=${index}`, agent: false });
          const body = new Promise<string>((done, reject) => {
            request.on("error", reject);
            request.on("response", (response) => void readAll(response).then(done, reject));
          });
          request.once("finish", () => resolve(body));
        });
      }),
    );
    await sleep(300);
    process.kill((await gateway.status()).pid, "SIGKILL");
    const startedMs = performance.now();
    assert.deepEqual(
      await Promise.all(slow),
      Array.from({ length: 8 }, () => "late"),
    );
    await waitFor(() => pids.every((pid) => !isAlive(pid)), 10_000, "the workers have ended");
    tell(`supervisor killed: 8 requests under way answered, both workers gone after ${(performance.now() - startedMs).toFixed(0)} ms`);
  });
});

async function readAll(response: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of response.setEncoding("latin1")) body += chunk;
  return body;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
