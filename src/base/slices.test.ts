import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runAtOnce, runInSlices, type Steps } from "./slices.ts";

function* count(to: number, seen: number[]): Steps<string> {
  for (let i = 0; i < to; i++) {
    seen.push(i);
    yield;
  }
  return "done";
}

describe("work in slices", () => {
  it("comes to its result at once when nobody waits", () => {
    const seen: number[] = [];
    assert.equal(runAtOnce(count(3, seen)), "done");
    assert.deepEqual(seen, [0, 1, 2]);
  });

  it("lets the event loop turn whenever a slice is over, and not more often", async () => {
    let now = 0;
    let turns = 0;
    let counting = true;
    const turn = () => {
      turns++;
      if (counting) setImmediate(turn);
    };
    setImmediate(turn);
    const seen: number[] = [];
    // Each look at the clock finds it a millisecond later: a slice holds two steps.
    assert.equal(await runInSlices(count(9, seen), () => now++), "done");
    counting = false;
    assert.equal(seen.length, 9);
    assert.ok(turns >= 3, `${turns} turns`);
    turns = 0;
    assert.equal(await runInSlices(count(9, []), () => 0), "done");
    assert.equal(turns, 0);
  });

  it("hands on what the work throws", async () => {
    function* fail(): Steps<never> {
      yield;
      throw new RangeError("too much");
    }
    assert.throws(() => runAtOnce(fail()), RangeError);
    await assert.rejects(runInSlices(fail()), RangeError);
  });
});
