import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "./clock.ts";
import { FakeClock } from "./fake-clock.ts";

describe("systemClock", () => {
  it("calls back once the delay has passed, and not from inside schedule()", async () => {
    const startMs = systemClock.now();
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.schedule(() => {
        order.push("called");
        resolve();
      }, 5);
      order.push("scheduled");
    });
    assert.deepEqual(order, ["scheduled", "called"]);
    // Timers of both runtimes count whole milliseconds and may cut off a part of the first.
    assert.ok(systemClock.now() - startMs >= 4);
  });

  it("does not call back after cancel(), nor at once for a delay of months", async () => {
    const called: string[] = [];
    const cancelled = systemClock.schedule(() => called.push("cancelled"), 1);
    cancelled.cancel();
    cancelled.cancel();
    const months = systemClock.schedule(() => called.push("months"), 2 ** 33);
    await new Promise<void>((resolve) => systemClock.schedule(resolve, 5));
    months.cancel();
    assert.deepEqual(called, []);
  });

  it("tells the wall time in unix milliseconds", () => {
    assert.ok(Math.abs(systemClock.wall() - Date.now()) < 1000);
  });
});

describe("FakeClock", () => {
  it("makes calls in the order of their due time, ties in the order of scheduling, with now() at the due time", () => {
    const clock = new FakeClock(100);
    const calls: [string, number][] = [];
    const note = (name: string) => () => calls.push([name, clock.now()]);
    clock.schedule(note("c"), 20);
    clock.schedule(note("a"), 10);
    clock.schedule(note("b"), 10);
    clock.schedule(note("d"), 21);
    clock.advance(20);
    assert.deepEqual(calls, [
      ["a", 110],
      ["b", 110],
      ["c", 120],
    ]);
    assert.equal(clock.now(), 120);
    assert.equal(clock.nextDueMs, 121);
    assert.equal(clock.pendingCalls, 1);
  });

  it("makes the calls that calls schedule when they come due in the same advance", () => {
    const clock = new FakeClock();
    const calls: number[] = [];
    const again = () => {
      calls.push(clock.now());
      clock.schedule(again, 10);
    };
    clock.schedule(again, 10);
    clock.advance(35);
    assert.deepEqual(calls, [10, 20, 30]);
  });

  it("makes no call that another cancelled in the meantime", () => {
    const clock = new FakeClock();
    const second = clock.schedule(() => assert.fail("cancelled"), 10);
    clock.schedule(() => second.cancel(), 5);
    clock.advance(20);
    assert.equal(clock.pendingCalls, 0);
  });

  it("refuses to go round for ever", () => {
    const clock = new FakeClock();
    const again = () => void clock.schedule(again, 0);
    clock.schedule(again, 0);
    assert.throws(() => clock.advance(1), /without delay/);
  });

  it("moves the wall with time, and apart from it when asked", () => {
    const clock = new FakeClock(5, 1_000_000);
    clock.advance(250);
    assert.equal(clock.wall(), 1_000_250);
    clock.jumpWall(-3600_000);
    assert.equal(clock.wall(), 1_000_250 - 3600_000);
    assert.equal(clock.now(), 255);
  });
});
