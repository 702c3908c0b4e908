// A hundred changes of the configuration must leave nothing behind: no memory, no descriptor, no timer.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { RUNTIME, Stage, tell } from "../e2e/processes.ts";
import { reloadManyTimes } from "./flat.ts";
import { cannotLook, findGrowth, toHeldText } from "./held.ts";
import { assertNoneFailed, toFigures } from "./steady-load.ts";

const MIB = 1024 * 1024;
/** The soak of 1,000 tells a leak from a heap that finds its size; this finds what is left behind each time. Connections come and go. */
const MOST = { heapBytes: 3 * MIB, rssBytes: 48 * MIB, timers: 12, descriptors: 24 };

describe(`a hundred reloads, on ${RUNTIME}`, { skip: cannotLook() }, () => {
  const stage = new Stage();
  after(() => stage.stop());

  it("leave neither memory nor descriptors nor timers behind", async () => {
    const { before, after: last, report } = await reloadManyTimes(stage, { warmUp: 20, reloads: 100, loadEvery: 10, rate: 60 });
    tell(`100 changes, before: ${toHeldText(before)}`);
    tell(`100 changes, after: ${toHeldText(last)}; ${toFigures(report)}`);
    assertNoneFailed(report, 50);
    assert.deepEqual(findGrowth(before, last, MOST), []);
  });
});
