// Floods again and again: memory after the last round is what it was after the second, and other clients never notice.

import assert from "node:assert/strict";
import { floodHalfOpen } from "../e2e/floods.ts";
import { run, Stage, sleep, tell, toMiB } from "../e2e/processes.ts";
import { measure } from "./measure.ts";

const MIB = 1024 * 1024;
const ROUNDS = 8;
const HALF_OPEN = 10_000;
const HEAD_TIMEOUT_MS = 3000;
/** Between the end of the second round and the end of the last. */
const CREEP_BYTES = 48 * MIB;
const WARM_SECONDS = 10;
const LOAD_SECONDS = 20;

export async function soak(): Promise<void> {
  const stage = new Stage();
  const upstream = await stage.startService();

  await measure(`${ROUNDS} rounds of ${HALF_OPEN} half-open connections`, async () => {
    const gateway = await stage.startGateway({ upstream, bounds: `headTimeout: ${HEAD_TIMEOUT_MS}ms`, workers: 1 });
    let settledBytes = 0;
    // A runtime collects its old garbage once in five rounds or so: what it leaves then is what is kept.
    let lowestBytes = Number.POSITIVE_INFINITY;
    for (let round = 1; round <= ROUNDS; round++) {
      const result = await floodHalfOpen(gateway, HALF_OPEN, HEAD_TIMEOUT_MS + 15_000);
      await sleep(1000);
      const restBytes = gateway.rssBytes;
      tell(
        `round ${round}: ${result.cut} cut, memory +${toMiB(result.growthBytes)} at its peak, ${toMiB(restBytes)} after; ${result.served.count} others served, ${result.served.failed} failed`,
      );
      assert.equal(result.with408, HALF_OPEN);
      assert.equal(result.served.failed, 0);
      if (round === 2) settledBytes = restBytes;
      if (round > 3) lowestBytes = Math.min(lowestBytes, restBytes);
    }
    assert.ok(lowestBytes - settledBytes < CREEP_BYTES, `crept up by ${toMiB(lowestBytes - settledBytes)}`);
    await gateway.stop();
  });

  await measure(`${LOAD_SECONDS} s of load with connections that come and go`, async () => {
    const gateway = await stage.startGateway({ upstream, workers: 1 });
    const load = (seconds: number): string[] => ["-t1", "-c64", `-d${seconds}s`, `${gateway.url}/things`];
    // Memory rises to a plateau, with either load to one of its own; it is what rises above that which would be a leak.
    await run("wrk", load(WARM_SECONDS));
    await run("wrk", ["-H", "Connection: close", ...load(WARM_SECONDS)]);
    const beforeBytes = gateway.rssBytes;
    const kept = await run("wrk", load(LOAD_SECONDS));
    const closing = await run("wrk", ["-H", "Connection: close", ...load(LOAD_SECONDS)]);
    for (const { out } of [kept, closing]) assert.ok(!/Socket errors: connect [1-9]|Non-2xx/.test(out), out);
    await sleep(1000);
    const creepBytes = gateway.rssBytes - beforeBytes;
    const rate = (out: string): string => /Requests\/sec:\s+(\d+)/.exec(out)?.[1] ?? "?";
    tell(`${rate(kept.out)} requests/s kept alive, ${rate(closing.out)} with a connection each; memory ${toMiB(creepBytes)} over before`);
    assert.ok(creepBytes < CREEP_BYTES, `crept up by ${toMiB(creepBytes)}`);
    await gateway.stop();
  });

  await stage.stop();
}
