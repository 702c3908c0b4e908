import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LimitRule } from "../limits/index.ts";
import { makeWindow } from "./counting-stage.ts";
import { MeterUses, memoryOf } from "./meter-uses.ts";

describe("meters that counters keep", () => {
  it("are those that counted within the time that a count lasts, when a new one comes", () => {
    const kept: string[][] = [];
    const uses = new MeterUses({ retain: (ids) => kept.push([...ids]) });
    const [a, b, c] = ["a", "b", "c"].map((id) => makeWindow(1, { id }));
    uses.touch(a!, 0);
    uses.sweep(0);
    uses.touch(b!, 30_000);
    uses.sweep(60_000);
    assert.deepEqual(kept, [], "nothing is over yet");
    uses.touch(b!, 70_000);
    uses.sweep(70_000);
    assert.deepEqual(kept, [], "nothing is new");
    uses.touch(c!, 70_000);
    uses.sweep(70_000);
    assert.deepEqual(kept, [["b", "c"]]);
  });

  const CASES: readonly (readonly [LimitRule, number])[] = [
    [{ kind: "fixedWindow", limit: 1, windowMs: 50 }, 50],
    [{ kind: "slidingLog", limit: 1, windowMs: 50 }, 50],
    [{ kind: "slidingWindow", limit: 1, windowMs: 50 }, 100],
    [{ kind: "tokenBucket", burst: 20, ratePerMs: 0.5 }, 40],
    [{ kind: "leakyBucket", maxDelayMs: 100, ratePerMs: 0.1 }, 110],
    [{ kind: "concurrency", limit: 1 }, 0],
    [{ kind: "quota", limit: 1, per: "hour", timeZone: "UTC" }, 3_600_000],
    [{ kind: "quota", limit: 1, per: "day", timeZone: "UTC" }, 90_000_000],
    [{ kind: "quota", limit: 1, per: "month", timeZone: "UTC" }, 2_682_000_000],
  ];
  for (const [rule, memoryMs] of CASES) {
    it(`are remembered as long as they must be: ${JSON.stringify(rule)}`, () => assert.equal(memoryOf(rule), memoryMs));
  }
});
