// Certificates that are renewed on disk while clients connect: each of them is shown the old one or the new one, and none is turned away.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { whyNoCertificates } from "../../src/transport/contract/certificates.ts";
import { RUNTIME, Stage, tell } from "../e2e/processes.ts";
import { rotateEachSecond } from "./rotation.ts";
import { assertNoneFailed, toFigures } from "./steady-load.ts";

describe(`certificate rotation under load, on ${RUNTIME}`, { skip: whyNoCertificates() }, () => {
  const stage = new Stage();
  after(() => stage.stop());

  it("loses no request, and connections see the old certificate or the new one", async () => {
    const { rotations, fingerprints, report } = await rotateEachSecond(stage, 10_000);
    tell(`certificates: ${rotations} rotations, ${toFigures(report)}`);
    assertNoneFailed(report, 500);
    assert.ok(rotations >= 3, `${rotations} rotations`);
    assert.deepEqual(Object.keys(report.certificates).sort(), [...fingerprints].sort());
  });
});
