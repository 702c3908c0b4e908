// A reload of ten thousand routes: clients of the gateway must not notice.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { RUNTIME, Stage, sleep, tell } from "../e2e/processes.ts";
import { GatewayFixture } from "./gateway-fixture.ts";
import { cannotMeasureStalls, readStalls, stallEnvironment } from "./stalls.ts";
import { assertNoneFailed, SteadyLoad, toFigures } from "./steady-load.ts";

const ROUTES = 10_000;
const RELOADS = 1;
/** 20 ms is what a reload may hold a loop on a machine at rest; a shared one has colder caches, and a collection of garbage may come on top. */
const MOST_STALL_MS = 40;
const MOST_RELOAD_MS = 20_000;

describe(`a reload of ${ROUTES} routes, on ${RUNTIME}`, () => {
  const stage = new Stage();
  after(() => stage.stop());

  it("keeps no worker's loop from its requests", { skip: cannotMeasureStalls() }, async () => {
    const env = stallEnvironment(stage.folder);
    const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService(), routes: ROUTES, env });
    const load = new SteadyLoad(stage, { port: gateway.port });
    await sleep(1500);
    const pids = await gateway.workerPids();
    const fromMs = Date.now();
    await load.resetTimes();
    const tookMs: number[] = [];
    for (let round = 0; round < RELOADS; round++) {
      const startedMs = performance.now();
      await load.expect(await gateway.advance("rename"));
      tookMs.push(performance.now() - startedMs);
      await sleep(300);
    }
    const report = await load.stop();
    const stalls = pids.flatMap((pid) => readStalls(stage.folder, pid, fromMs)).sort((a, b) => b - a);
    tell(
      `${RELOADS} reloads of ${ROUTES} routes: ${tookMs.map((ms) => ms.toFixed(0)).join(", ")} ms each; stalls of ${stalls.slice(0, 6).join(", ")} ms; ${toFigures(report)}`,
    );
    assertNoneFailed(report, 100);
    assert.ok(Math.max(0, ...stalls) <= MOST_STALL_MS, `${stalls.slice(0, 20).join(", ")} ms`);
    assert.ok(Math.max(...tookMs) <= MOST_RELOAD_MS, `${tookMs.join(", ")} ms`);
    // The probe was there, or it has shown nothing: taking up so many routes does hold the loop for some milliseconds somewhere.
    assert.ok(stalls.length > 0);
  });
});
