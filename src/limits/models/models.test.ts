import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import type { LimitRule } from "../rule.ts";
import { makeModel } from "./index.ts";

const START_MS = Date.UTC(2026, 0, 1);
const limit = fc.integer({ min: 1, max: 10 });
const windowMs = fc.integer({ min: 1, max: 50 });
const ratePerMs = fc.double({ min: 0.05, max: 3, noNaN: true });
const fixedWindow = fc.record({ kind: fc.constant("fixedWindow" as const), limit, windowMs });
const slidingWindow = fc.record({ kind: fc.constant("slidingWindow" as const), limit, windowMs });
const slidingLog = fc.record({ kind: fc.constant("slidingLog" as const), limit, windowMs });
const tokenBucket = fc.record({ kind: fc.constant("tokenBucket" as const), ratePerMs, burst: limit });
const leakyBucket = fc.record({ kind: fc.constant("leakyBucket" as const), ratePerMs, maxDelayMs: fc.nat(30) });
const steps = fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 80 });

interface Admitted {
  readonly atMs: number;
  readonly units: number;
  readonly delayMs: number;
}

function admit(rule: LimitRule, sequence: readonly (readonly [ms: number, cost: number])[]): Admitted[] {
  const model = makeModel(rule);
  const admitted: Admitted[] = [];
  let atMs = START_MS;
  for (const [ms, units] of sequence) {
    atMs += ms;
    const { isAdmitted, delayMs } = model.take(atMs, "k", units);
    if (isAdmitted) admitted.push({ atMs, units, delayMs });
  }
  return admitted;
}

/** The most units whose times lie within less than `spanMs`. */
function mostWithin(admitted: readonly Admitted[], spanMs: number): number {
  const sums = admitted.map(({ atMs: from }) =>
    admitted.reduce((sum, { atMs, units }) => (atMs >= from && atMs < from + spanMs ? sum + units : sum), 0),
  );
  return Math.max(0, ...sums);
}

describe("models", () => {
  it("admit at most twice the limit in any span of a fixed window's length, and the limit in a log's", () => {
    fc.assert(fc.property(fixedWindow, steps, (rule, s) => mostWithin(admit(rule, s), rule.windowMs) <= 2 * rule.limit));
    fc.assert(fc.property(slidingLog, steps, (rule, s) => mostWithin(admit(rule, s), rule.windowMs) <= rule.limit));
  });

  it("admit the limit in each window of the clock, also by the sliding estimate", () => {
    fc.assert(
      fc.property(fc.oneof(fixedWindow, slidingWindow), steps, (rule, sequence) => {
        const windows = new Map<number, number>();
        for (const { atMs, units } of admit(rule, sequence)) {
          const window = Math.floor(atMs / rule.windowMs);
          windows.set(window, (windows.get(window) ?? 0) + units);
        }
        return [...windows.values()].every((units) => units <= rule.limit);
      }),
    );
  });

  it("admit from a bucket, in any span, its burst and what came back meanwhile", () => {
    fc.assert(
      fc.property(tokenBucket, steps, fc.integer({ min: 1, max: 300 }), (rule, sequence, spanMs) => {
        assert.ok(mostWithin(admit(rule, sequence), spanMs) <= rule.burst + spanMs * rule.ratePerMs + 1e-3);
      }),
    );
  });

  it("let a leaky bucket's line go one behind the other, and nobody wait beyond the bound", () => {
    fc.assert(
      fc.property(leakyBucket, steps, (rule, sequence) => {
        let freeMs = 0;
        for (const { atMs, units, delayMs } of admit(rule, sequence)) {
          assert.ok(delayMs <= rule.maxDelayMs);
          // Delays are rounded up to whole ms.
          assert.ok(atMs + delayMs >= freeMs - 1e-3);
          freeMs = Math.max(atMs + delayMs - 1, freeMs, atMs) + units / rule.ratePerMs;
        }
      }),
    );
  });

  it("admit what was refused after the time that it was told, and not a ms sooner", () => {
    fc.assert(
      fc.property(fc.oneof(fixedWindow, slidingWindow, slidingLog, tokenBucket, leakyBucket), steps, (rule, sequence) => {
        const model = makeModel(rule);
        let nowMs = START_MS;
        for (const [ms, cost] of sequence) {
          nowMs += ms;
          const { isAdmitted, retryMs } = model.take(nowMs, "k", cost);
          if (isAdmitted || retryMs === 0) continue;
          assert.equal(model.judge(nowMs + retryMs - 1, "k", cost).isAdmitted, false);
          assert.equal(model.judge(nowMs + retryMs, "k", cost).isAdmitted, true);
        }
      }),
    );
  });

  it("are as if nothing had been counted after the time of the reset", () => {
    fc.assert(
      fc.property(fc.oneof(fixedWindow, slidingWindow, slidingLog, tokenBucket, leakyBucket), steps, (rule, sequence) => {
        const model = makeModel(rule);
        let nowMs = START_MS;
        for (const [ms, cost] of sequence) {
          nowMs += ms;
          const { resetMs } = model.take(nowMs, "k", cost);
          const [used, fresh] = [model, makeModel(rule)].map((one) => one.standing(nowMs + resetMs, "k").remaining);
          assert.equal(used, fresh);
        }
      }),
    );
  });

  it("have a quota's day end where the zone's clocks say so, with 23 hours or 25", () => {
    const model = makeModel({ kind: "quota", limit: 1, per: "day", timeZone: "Europe/Berlin" });
    const hours = (noon: string) => model.standing(Date.parse(noon), "k").resetMs / 3_600_000;
    assert.equal(hours("2026-03-28T23:00:00Z"), 23);
    assert.equal(hours("2026-10-24T22:00:00Z"), 25);
    assert.equal(hours("2026-11-25T11:00:00Z"), 12);
  });
});
