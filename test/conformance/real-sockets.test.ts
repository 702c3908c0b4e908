// Both tables once over real sockets and the runtime's own transport, whole: what the network in memory may hide, such as a
// reset that swallows a refusal. Cases run on several stages at once.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startGateway } from "../kit/gateway-under-test.ts";
import { createSocketStage, type Stage } from "../kit/index.ts";
import { playRequest } from "./request-runner.ts";
import { requestThemes } from "./requests/index.ts";
import { playResponse } from "./response-runner.ts";
import { responseThemes } from "./responses/index.ts";

const STAGES = 8;
let stages: Stage[] = [];

before(async () => {
  stages = await Promise.all(Array.from({ length: STAGES }, () => createSocketStage(startGateway)));
});

after(async () => {
  await Promise.all(stages.map((stage) => stage.stop()));
});

/** Plays all cases, each stage taking the next one when it is free. */
async function playAll<Case extends { readonly name: string }>(
  cases: readonly Case[],
  play: (stage: Stage, each: Case) => Promise<readonly string[]>,
): Promise<void> {
  const failures: string[] = [];
  const rest = cases.values();
  async function work(stage: Stage): Promise<void> {
    for (const each of rest) {
      const problems = await play(stage, each);
      if (problems.length > 0) failures.push(`${each.name}: ${problems.join("; ")}`);
    }
  }
  await Promise.all(stages.map(work));
  assert.deepEqual(failures, []);
}

describe("over real sockets", () => {
  for (const [theme, cases] of requestThemes) {
    it(`requests: ${theme}`, () => playAll(cases, async (stage, each) => (await playRequest(stage, each, [each.bytes])).problems));
  }
  for (const [theme, cases] of responseThemes) {
    it(theme, () => playAll(cases, (stage, each) => playResponse(stage, each, [each.bytes])));
  }
});
