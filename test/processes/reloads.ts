// Reload after reload under load, every third one wrong: what the short test and the long soak have in common.

import assert from "node:assert/strict";
import { type Stage, sleep } from "../e2e/processes.ts";
import { GatewayFixture, WAYS } from "./gateway-fixture.ts";
import type { LoadReport } from "./load-messages.ts";
import { SteadyLoad } from "./steady-load.ts";

const EVERY_MS = 1000;

export interface ReloadFigures {
  readonly valid: number;
  readonly refused: number;
  readonly report: LoadReport;
}

/** A reload each second for so long. Rejects when one does not do what it should. */
export async function reloadEachSecond(stage: Stage, durationMs: number): Promise<ReloadFigures> {
  const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService() });
  const load = new SteadyLoad(stage, { port: gateway.port });
  const untilMs = performance.now() + durationMs;
  let valid = 0;
  let refused = 0;
  for (let round = 0; performance.now() < untilMs; round++) {
    const dueMs = performance.now() + EVERY_MS;
    const way = WAYS[Math.floor((round * 2) / 3) % WAYS.length] ?? "in place";
    if (round % 3 === 2) {
      const said = await gateway.offend(way);
      assert.match(said, /gateway-0\.yaml:9:\d+ SP_CONFIG_\w+/, said);
      refused++;
    } else {
      await load.expect(await gateway.advance(way));
      valid++;
    }
    await sleep(Math.max(0, dueMs - performance.now()));
  }
  const report = await load.stop();
  assert.equal(gateway.process.isAlive, true);
  return { valid, refused, report };
}
