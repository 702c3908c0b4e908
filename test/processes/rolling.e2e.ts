// Workers that are replaced while they are busy: no request is lost, and what lasts is told where its connection goes.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { RUNTIME, Stage, tell, waitFor } from "../e2e/processes.ts";
import { GatewayFixture } from "./gateway-fixture.ts";
import { restartAgainAndAgain } from "./restarts.ts";
import { assertNoneFailed, SteadyLoad, toFigures } from "./steady-load.ts";
import { openEventStream, openWebSocket } from "./tunnels.ts";

describe(`rolling restarts, on ${RUNTIME}`, () => {
  const stage = new Stage();
  after(() => stage.stop());

  it("lose no request, again and again, and every worker is another", async () => {
    const { restarts, pids, report } = await restartAgainAndAgain(stage, 10_000);
    tell(`SIGUSR2: ${restarts} times, ${pids} workers in all, ${toFigures(report)}`);
    assertNoneFailed(report, 1000);
    assert.ok(restarts >= 2, `${restarts} restarts`);
    assert.equal(pids, 2 * (restarts + 1));
  });

  it("are what a reload takes that changes listeners or the number of workers, and lose no request either", async () => {
    const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService(), workers: 2 });
    const load = new SteadyLoad(stage, { port: gateway.port });
    for (const change of [{ hasSecond: true }, { workers: 3 }, { hasSecond: false, workers: 1 }, { workers: 2 }]) {
      // A connection that was kept has one more request on a worker that goes, which follows what that worker began with; a new one has not.
      const revision = await gateway.advance("POST /reload", change);
      const { headers } = await fetch(gateway.process.url, { headers: { Connection: "close" } });
      assert.equal(headers.get("x-revision"), String(revision));
      await waitFor(
        async () => (await gateway.workerPids()).length === gateway.options.workers,
        20_000,
        "as many workers as were asked for",
      );
    }
    const report = await load.stop();
    tell(`reloads that roll: 4, ${toFigures(report)}`);
    assertNoneFailed(report, 300);
  });

  it("tell WebSockets 1001, let streams go on for the time of draining, and cut those that last longer", async () => {
    const upstream = await stage.startService();
    const gateway = await GatewayFixture.start(stage, { upstream, drain: "2s" });
    const before = await gateway.workerPids();
    const sockets = await Promise.all(Array.from({ length: 8 }, () => openWebSocket(gateway.port)));
    const stream = await openEventStream(gateway.port, "last");
    const startedMs = performance.now();
    gateway.signal("SIGUSR2");
    const codes = await Promise.all(sockets.map(({ closed }) => closed));
    assert.deepEqual(
      codes,
      sockets.map(() => 1001),
    );
    const toldMs = performance.now() - startedMs;
    // The old worker carries on what it has begun.
    await fetch(`${upstream}/next?id=last&data=still`);
    await waitFor(() => stream.text().includes("still"), 1500, "an event on the old worker");
    assert.equal(await stream.ended, false);
    await waitFor(
      async () => (await gateway.status()).workers.every(({ pid }) => !before.includes(pid)),
      5000,
      "the old workers have ended",
    );
    tell(
      `SIGUSR2: 8 WebSockets told 1001 within ${toldMs.toFixed(0)} ms, the stream cut after ${(performance.now() - startedMs).toFixed(0)} ms`,
    );
  });
});
