// Workers that are replaced while they are busy: no request is lost, and what lasts is told where its connection goes.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { RUNTIME, Stage, tell, waitFor } from "../e2e/processes.ts";
import { GatewayFixture } from "./gateway-fixture.ts";
import { restartAgainAndAgain } from "./restarts.ts";
import { assertNoneFailed, toFigures } from "./steady-load.ts";
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
