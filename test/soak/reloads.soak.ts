// What an edge must show for a minute rather than for seconds: reloads, restarts, handovers and renewed certificates under load, and a
// thousand reloads that leave nothing behind.

import assert from "node:assert/strict";
import { Stage } from "../e2e/processes.ts";
import { reloadManyTimes } from "../processes/flat.ts";
import { cannotLook, findGrowth, toHeldText } from "../processes/held.ts";
import { cannotMigrate, handOverInOwnNetwork } from "../processes/own-network.ts";
import { reloadEachSecond } from "../processes/reloads.ts";
import { restartAgainAndAgain } from "../processes/restarts.ts";
import { rotateEachSecond } from "../processes/rotation.ts";
import { assertNoneFailed, toFigures } from "../processes/steady-load.ts";
import { measure } from "./measure.ts";

const MINUTE_MS = 60_000;
const MIB = 1024 * 1024;
/** Ninety in a hundred of a thousand reloads happen between the looks that are compared: what each left behind would be there 900 times. */
const MOST = { heapBytes: 4 * MIB, rssBytes: 64 * MIB, timers: 12, descriptors: 24 };

export async function soak(): Promise<void> {
  await onStage("a reload each second for a minute, every third one wrong", async (stage) => {
    const { valid, refused, report } = await reloadEachSecond(stage, MINUTE_MS);
    console.log(`  ${valid} applied, ${refused} refused; ${toFigures(report)}`);
    assertNoneFailed(report, 5000);
  });

  await onStage("SIGUSR2 again and again for a minute", async (stage) => {
    const { restarts, pids, report } = await restartAgainAndAgain(stage, MINUTE_MS);
    console.log(`  ${restarts} restarts, ${pids} workers in all; ${toFigures(report)}`);
    assertNoneFailed(report, 5000);
    assert.equal(pids, 2 * (restarts + 1));
  });

  const unable = cannotMigrate();
  if (unable === false) {
    for (const migrate of [1, 0] as const) {
      await measure(`instance after instance at one port for a minute, tcp_migrate_req=${migrate}`, async () => {
        const { handovers, report } = await handOverInOwnNetwork(migrate, MINUTE_MS);
        console.log(`  ${handovers} handovers; ${toFigures(report)}`);
        // Without the setting some are lost, and how many is what this tells.
        if (migrate === 1) assertNoneFailed(report, 5000);
      });
    }
  } else console.log(`\ninstance after instance at one port: skipped: ${unable}`);

  await onStage("another certificate each second for a minute", async (stage) => {
    const { rotations, fingerprints, report } = await rotateEachSecond(stage, MINUTE_MS);
    console.log(`  ${rotations} rotations; ${toFigures(report)}`);
    assertNoneFailed(report, 3000);
    assert.deepEqual(Object.keys(report.certificates).sort(), [...fingerprints].sort());
  });

  const blind = cannotLook();
  if (blind === false) {
    await onStage("a thousand reloads", async (stage) => {
      const onLook = (held: Parameters<typeof toHeldText>[0], changes: number) => console.log(`  ${changes}: ${toHeldText(held)}`);
      const { before, after, report } = await reloadManyTimes(stage, { warmUp: 100, reloads: 900, loadEvery: 1, rate: 100, onLook });
      console.log(`  before: ${toHeldText(before)}\n  after: ${toHeldText(after)}\n  ${toFigures(report)}`);
      assertNoneFailed(report, 5000);
      assert.deepEqual(findGrowth(before, after, MOST), []);
    });
  } else console.log(`\na thousand reloads: skipped: ${blind}`);
}

function onStage(name: string, body: (stage: Stage) => Promise<void>): Promise<void> {
  return measure(name, async () => {
    const stage = new Stage();
    try {
      await body(stage);
    } finally {
      await stage.stop();
    }
  });
}
