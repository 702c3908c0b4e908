import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { FakeClock } from "../../base/index.ts";
import { SteadyTime } from "./steady-time.ts";

describe("time that never goes back", () => {
  it("is the wall clock's, also where that is put forward", () => {
    const clock = new FakeClock();
    const time = new SteadyTime(clock);
    assert.equal(time.now(), clock.wall());
    clock.advance(5);
    clock.jumpWall(3_600_000);
    assert.equal(time.now(), clock.wall());
  });

  it("goes on, a thousandth slower, where the wall clock is put back, until that has caught up", () => {
    const clock = new FakeClock();
    const time = new SteadyTime(clock);
    const fromMs = time.now();
    clock.jumpWall(-10_000);
    assert.equal(time.now(), fromMs);
    clock.advance(100_000);
    assert.equal(time.now(), fromMs + 99_900);
    clock.advance(9_899_000);
    assert.ok(time.now() > clock.wall());
    clock.advance(1000);
    assert.equal(time.now(), clock.wall());
    clock.advance(7);
    assert.equal(time.now(), fromMs + 9_990_007);
  });

  it("never goes back, and is never ahead of what has passed and what the wall clock was put forward", () => {
    const step = fc.record({ ms: fc.nat(5000), jumpMs: fc.oneof(fc.constant(0), fc.integer({ min: -100_000, max: 100_000 })) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 50 }), (stretches) => {
        const clock = new FakeClock();
        const time = new SteadyTime(clock);
        let lastMs = time.now();
        let mostMs = lastMs;
        for (const { ms, jumpMs } of stretches) {
          clock.jumpWall(jumpMs);
          clock.advance(ms);
          const nowMs = time.now();
          mostMs += ms + Math.max(0, jumpMs);
          assert.ok(nowMs >= lastMs && nowMs >= clock.wall() && nowMs <= mostMs, `${lastMs} ${nowMs} ${mostMs}`);
          lastMs = nowMs;
        }
      }),
    );
  });
});
