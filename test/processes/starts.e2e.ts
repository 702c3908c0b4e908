// How soon a gateway answers. A machine at rest takes 250 ms at most (`npm run soak -- workers` tells); here others may run beside.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { RUNTIME, Stage, tell } from "../e2e/processes.ts";
import { measureStarts } from "./starts.ts";

const STARTS = 5;
const MOST_MS = 3000;

describe(`the start of a gateway, on ${RUNTIME}`, () => {
  const stage = new Stage();
  after(() => stage.stop());

  it("is over soon: the first request is answered", async () => {
    const { sorted } = await measureStarts(stage, STARTS);
    tell(`start to first answer, ${STARTS} times: ${sorted.map((ms) => ms.toFixed(0)).join(", ")} ms`);
    assert.ok((sorted[0] ?? Number.POSITIVE_INFINITY) <= MOST_MS, sorted.join());
  });
});
