// A second instance at the same port takes over: nobody's connection is lost where the kernel moves those that wait.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RUNTIME, tell } from "../e2e/processes.ts";
import { cannotMigrate, handOverInOwnNetwork } from "./own-network.ts";
import { assertNoneFailed, toFigures } from "./steady-load.ts";

describe(`a second instance at one port, on ${RUNTIME}`, () => {
  it("takes over without a lost request where net.ipv4.tcp_migrate_req is 1", { skip: cannotMigrate() }, async () => {
    const { handovers, exitCodes, report } = await handOverInOwnNetwork(1, 6000);
    tell(`handover with reusePort and tcp_migrate_req=1: ${handovers} times, ${toFigures(report)}`);
    assertNoneFailed(report, 500);
    assert.ok(handovers >= 2, `${handovers} handovers`);
    assert.deepEqual(
      exitCodes,
      exitCodes.map(() => 0),
    );
  });
});
