import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { type KnownKey, nextReadingIn, planSuccessor, selectSigner } from "./key-times.ts";

const CONFIG = { rotateEveryMs: 1000_000, overlapMs: 100_000 };
const key = (activeAtMs: number, canSign = true): KnownKey => ({
  activeAtMs,
  retiresAtMs: activeAtMs + 1000_000,
  expiresAtMs: activeAtMs + 1160_000,
  canSign,
});
const plan = (keys: readonly KnownKey[], nowMs: number) => planSuccessor(keys, nowMs, CONFIG, 60_000);

describe("when the next key must be made", () => {
  it("is at once where there is none, and it signs from then on, whoever else makes one in the same moment", () => {
    assert.deepEqual(plan([], 5), { activeAtMs: 0, retiresAtMs: 1000_005, expiresAtMs: 1160_005 });
  });

  it("is when half of the last one's time is over, and it signs when that ends", () => {
    assert.equal(plan([key(0)], 499_999), null);
    assert.equal(plan([key(0)], 500_000)?.activeAtMs, 1000_000);
  });

  it("is two overlaps before the last one's end where that is sooner", () => {
    const long = { rotateEveryMs: 1000_000, overlapMs: 400_000 };
    assert.equal(planSuccessor([key(0)], 199_999, long, 0), null);
    assert.equal(planSuccessor([key(0)], 200_000, long, 0)?.activeAtMs, 1000_000);
  });

  it("is never where one waits for its turn", () => {
    assert.equal(plan([key(0), key(1000_000)], 999_999), null);
  });

  it("is late after the last one's end: the next signs when all nodes, which ask each 5 s by then, know it", () => {
    assert.equal(plan([key(0)], 1000_000)?.activeAtMs, 1006_000);
    assert.equal(plan([key(0)], 999_000)?.activeAtMs, 1005_000);
  });

  it("counts none that can't be opened, and waits for nodes that can open it, which ask each 50 s", () => {
    assert.equal(plan([key(0, false)], 10)?.activeAtMs, 51_010);
  });

  it("is after all that others made, since the store keeps no other", () => {
    assert.equal(plan([key(900_000, false)], 10)?.activeAtMs, 900_001);
  });
});

describe("who signs", () => {
  it("is the youngest that is active, not retired, and can", () => {
    const [old, young, closed, next] = [key(0), key(10), key(20, false), key(500)];
    assert.equal(selectSigner([old, young, closed, next], 100), young);
    assert.equal(selectSigner([old, young], 1000_005), young);
    assert.equal(selectSigner([old, young], 1000_010), null);
    assert.equal(selectSigner([next], 499), null);
    assert.equal(selectSigner([], 0), null);
  });

  it("is somebody at each moment, for as long as somebody looks once in half of a key's time", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 499_000 }), { minLength: 20, maxLength: 60 }), (steps) => {
        const keys: KnownKey[] = [];
        let nowMs = 0;
        for (const step of steps) {
          const times = plan(keys, nowMs);
          if (times !== null) keys.push({ ...times, canSign: true });
          for (const atMs of [nowMs, nowMs + step - 1]) assert.notEqual(selectSigner(keys, atMs), null, `at ${atMs}`);
          nowMs += step;
        }
      }),
    );
  });
});

describe("how often the store is read", () => {
  it("is twice within an overlap, each minute at least, and each 5 s while something is wrong", () => {
    assert.deepEqual(
      [nextReadingIn(true, 3_600_000), nextReadingIn(true, 60_000), nextReadingIn(false, 3_600_000), nextReadingIn(false, 1000)],
      [60_000, 30_000, 5000, 500],
    );
  });
});
