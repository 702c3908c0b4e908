// Whether the tables are worth anything: a relay that passes every byte on must not satisfy them, and what they expect of
// a case must fit together.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createMemoryStage, echoOf, type Stage, startBlindRelay } from "../kit/index.ts";
import { playRequest } from "./request-runner.ts";
import { requestThemes } from "./requests/index.ts";

let stage: Stage;

before(async () => {
  stage = await createMemoryStage(startBlindRelay);
});

after(async () => {
  await stage.stop();
});

const cases = requestThemes.flatMap(([, each]) => each);

describe("the request table", () => {
  it("is not met by a relay that judges nothing, in any refusal", async () => {
    const content: string[] = [];
    let smuggled = 0;
    for (const each of cases) {
      const played = await playRequest(stage, each, [each.bytes]);
      // Nobody expects the relay to sign; all else is judged.
      const problems = played.problems.filter((problem) => !/ \d+ times$| Via: /.test(problem));
      if (each.closes && problems.length === 0) content.push(each.name);
      if (stage.upstream.seen.some((seen) => echoOf(seen) === "GET /smuggled")) smuggled++;
      stage.upstream.closeConnections();
      await stage.settle(() => true);
    }
    assert.deepEqual(content, []);
    assert.ok(smuggled > 150, `the upstream saw /smuggled in ${smuggled} cases`);
  });

  it("says for every refusal that nothing of it reaches the upstream whole", () => {
    for (const each of cases) {
      const isRefusal = (each.statuses.at(-1) ?? 0) >= 400 && each.manner === "echo";
      if (isRefusal) {
        assert.equal(each.upstream.length, each.statuses.length - 1, each.name);
        assert.ok(each.closes, each.name);
      } else if (each.manner === "echo") {
        assert.equal(each.upstream.length, each.statuses.filter((status) => status === 200).length, each.name);
      }
    }
  });

  it("names a second request that an attacker would like to slip through in most refusals", () => {
    const refusals = cases.filter((each) => each.closes);
    const withSecond = refusals.filter((each) => each.bytes.includes("/smuggled"));
    assert.ok(withSecond.length > refusals.length / 2, `${withSecond.length} of ${refusals.length}`);
  });
});
