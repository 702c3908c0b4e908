// Reloads of a gateway that is busy: each way to ask for one, good and bad ones, and not a request lost.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { RUNTIME, Stage, tell } from "../e2e/processes.ts";
import { reloadEachSecond } from "./reloads.ts";
import { assertNoneFailed, toFigures } from "./steady-load.ts";

describe(`reloads under load, on ${RUNTIME}`, () => {
  const stage = new Stage();
  after(() => stage.stop());

  it("lose no request and change what answers at once, and wrong ones change nothing", async () => {
    const { valid, refused, report } = await reloadEachSecond(stage, 12_000);
    tell(`reloads: ${valid} applied, ${refused} refused, ${toFigures(report)}`);
    assertNoneFailed(report, 1500);
    assert.ok(valid >= 6 && refused >= 2, `${valid} applied, ${refused} refused`);
    // Each revision was seen by somebody, the first as well.
    assert.equal(Object.keys(report.revisions).length, valid + 1);
  });
});
