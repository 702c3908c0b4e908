// The request table against the whole gateway in memory: each case whole, with a valid request right behind, cut once at
// every byte, and byte by byte; the answer is the same each time.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startGateway } from "../kit/gateway-under-test.ts";
import { createMemoryStage, type Stage } from "../kit/index.ts";
import { cutPositions, singleBytes } from "./cuts.ts";
import { playRequest } from "./request-runner.ts";
import { type RequestCase, requestThemes } from "./requests/index.ts";
import { SMUGGLED } from "./requests/request-case.ts";

let stage: Stage;

before(async () => {
  stage = await createMemoryStage(startGateway);
});

after(async () => {
  await stage.stop();
});

describe("the request table", () => {
  it("holds at least 220 cases, each under a name of its own", () => {
    const names = requestThemes.flatMap(([, cases]) => cases.map((each) => each.name));
    assert.ok(names.length >= 220, `${names.length} cases`);
    assert.deepEqual(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    );
  });
});

for (const [theme, cases] of requestThemes) {
  describe(`requests: ${theme}`, () => {
    for (const each of cases) it(each.name, () => playInEveryWay(each));
  });
}

async function playInEveryWay(each: RequestCase): Promise<void> {
  const whole = await playRequest(stage, each, [each.bytes]);
  assert.deepEqual(whole.problems, [], "sent whole");
  if (each.closes) {
    const behind = await playRequest(stage, each, [each.bytes + SMUGGLED]);
    assert.deepEqual(behind.problems, [], "with a valid request right behind");
  }
  for (const at of cutPositions(each.bytes.length, each.cuts)) {
    const cut = await playRequest(stage, each, [each.bytes.slice(0, at), each.bytes.slice(at)]);
    assert.deepEqual(cut.problems, [], `cut after byte ${at}`);
    assert.deepEqual(cut.statuses, whole.statuses, `cut after byte ${at}`);
  }
  if (each.cuts === "all") {
    const single = await playRequest(stage, each, singleBytes(each.bytes));
    assert.deepEqual(single.problems, [], "byte by byte");
    assert.deepEqual(single.statuses, whole.statuses, "byte by byte");
  }
}
