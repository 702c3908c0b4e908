// The table of upstream responses against the whole gateway in memory: each whole, cut once at every byte, byte by byte.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startGateway } from "../kit/gateway-under-test.ts";
import { createMemoryStage, type Stage } from "../kit/index.ts";
import { cutPositions, singleBytes } from "./cuts.ts";
import { playResponse } from "./response-runner.ts";
import { type ResponseCase, responseThemes } from "./responses/index.ts";

let stage: Stage;

before(async () => {
  stage = await createMemoryStage(startGateway);
});

after(async () => {
  await stage.stop();
});

describe("the table of upstream responses", () => {
  it("holds at least 65 cases, each under a name of its own", () => {
    const names = responseThemes.flatMap(([, cases]) => cases.map((each) => each.name));
    assert.ok(names.length >= 65, `${names.length} cases`);
    assert.deepEqual(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    );
  });
});

for (const [theme, cases] of responseThemes) {
  describe(theme, () => {
    for (const each of cases) it(each.name, () => playInEveryWay(each));
  });
}

async function playInEveryWay(each: ResponseCase): Promise<void> {
  assert.deepEqual(await playResponse(stage, each, [each.bytes]), [], "sent whole");
  for (const at of cutPositions(each.bytes.length, each.cuts)) {
    assert.deepEqual(await playResponse(stage, each, [each.bytes.slice(0, at), each.bytes.slice(at)]), [], `cut after byte ${at}`);
  }
  if (each.cuts === "all") assert.deepEqual(await playResponse(stage, each, singleBytes(each.bytes)), [], "byte by byte");
}
