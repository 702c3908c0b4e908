import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FakeClock } from "./fake-clock.ts";
import { Timer, type TimerOwner, TimerWheel } from "./timer-wheel.ts";

class Log implements TimerOwner {
  readonly clock: FakeClock;
  readonly entries: { kind: number; atMs: number }[] = [];
  act: ((timer: Timer) => void) | null = null;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  onTimer(timer: Timer): void {
    this.entries.push({ kind: timer.kind, atMs: this.clock.now() });
    this.act?.(timer);
  }

  get kinds(): number[] {
    return this.entries.map((entry) => entry.kind);
  }
}

function create(nowMs = 0): { clock: FakeClock; wheel: TimerWheel; log: Log } {
  const clock = new FakeClock(nowMs);
  return { clock, wheel: new TimerWheel(clock), log: new Log(clock) };
}

describe("TimerWheel", () => {
  it("fires a timer once, not before it is due and at most a tick late", () => {
    for (const delayMs of [0, 1, 9, 10, 11, 2549, 2550, 2560, 2561, 5000, 60_000, 655_350, 655_360, 655_370, 3_600_000]) {
      const { clock, wheel, log } = create(12.34);
      const timer = new Timer(log, 1);
      wheel.arm(timer, delayMs);
      assert.equal(timer.dueMs, 12.34 + delayMs);
      clock.advance(2 * delayMs + 100);
      assert.equal(log.entries.length, 1, `${delayMs} ms`);
      const lateMs = (log.entries[0]?.atMs ?? 0) - timer.dueMs;
      assert.ok(lateMs >= 0 && lateMs <= 11, `${delayMs} ms came ${lateMs} ms late`);
      assert.equal(wheel.size, 0);
      assert.equal(clock.pendingCalls, 0);
    }
  });

  it("fires timers of one tick in the order in which they were armed", () => {
    const { clock, wheel, log } = create();
    for (let kind = 0; kind < 5; kind++) wheel.arm(new Timer(log, kind), 15);
    clock.advance(20);
    assert.deepEqual(log.kinds, [0, 1, 2, 3, 4]);
  });

  it("wakes only for the next occupied slot and schedules nothing when it is empty", () => {
    const { clock, wheel, log } = create();
    assert.equal(clock.pendingCalls, 0);
    const near = new Timer(log, 1);
    const far = new Timer(log, 2);
    wheel.arm(far, 2000);
    assert.equal(clock.nextDueMs, 2000);
    wheel.arm(near, 1000);
    assert.equal(clock.pendingCalls, 1);
    assert.equal(clock.nextDueMs, 1000);
    clock.advance(1000);
    assert.equal(clock.nextDueMs, 2000);
    wheel.disarm(far);
    clock.advance(1000);
    assert.equal(clock.pendingCalls, 0);
    assert.deepEqual(log.kinds, [1]);
  });

  it("keeps one call of the clock for a timer that is armed and disarmed over and over", () => {
    const { clock, wheel, log } = create();
    const timer = new Timer(log, 1);
    wheel.arm(timer, 1000);
    const dueMs = clock.nextDueMs;
    for (let i = 0; i < 50; i++) {
      wheel.disarm(timer);
      clock.advance(10);
      wheel.arm(timer, 1000);
    }
    assert.equal(clock.nextDueMs, dueMs);
    assert.equal(clock.pendingCalls, 1);
  });

  it("leaves a timer armed to a later time in its slot, and fires it at the later time alone", () => {
    const { clock, wheel, log } = create();
    const timer = new Timer(log, 1);
    wheel.arm(timer, 100);
    const slot = timer.slot;
    clock.advance(50);
    wheel.arm(timer, 5000);
    assert.equal(timer.slot, slot);
    assert.equal(timer.dueMs, 5050);
    clock.advance(4999);
    assert.deepEqual(log.kinds, []);
    clock.advance(1);
    assert.deepEqual(log.entries, [{ kind: 1, atMs: 5050 }]);
  });

  it("moves a timer armed to an earlier time at once, also one that had been put off", () => {
    const { clock, wheel, log } = create();
    const timer = new Timer(log, 1);
    wheel.arm(timer, 60_000);
    wheel.arm(timer, 600_000);
    wheel.arm(timer, 30);
    clock.advance(30);
    assert.deepEqual(log.entries, [{ kind: 1, atMs: 30 }]);
    clock.advance(700_000);
    assert.equal(log.entries.length, 1);
  });

  it("drops every reference to a timer that is disarmed", () => {
    const { wheel, log } = create();
    const timers = [10, 10, 10, 3000, 3000, 900_000].map((delayMs, kind) => {
      const timer = new Timer(log, kind);
      wheel.arm(timer, delayMs);
      return timer;
    });
    for (const timer of timers) {
      assert.ok(wheel.isArmed(timer));
      wheel.disarm(timer);
      wheel.disarm(timer);
      assert.ok(!wheel.isArmed(timer));
      assert.equal(timer.next, null);
      assert.equal(timer.previous, null);
    }
    assert.equal(wheel.size, 0);
  });

  it("lets a callback arm and disarm any timer, itself and its neighbours in the slot too", () => {
    const { clock, wheel, log } = create();
    const timers = [0, 1, 2, 3].map((kind) => new Timer(log, kind));
    const [first, second, third, fourth] = timers as [Timer, Timer, Timer, Timer];
    for (const timer of [first, second, third]) wheel.arm(timer, 10);
    log.act = (timer) => {
      if (timer !== first || log.entries.length > 1) return;
      wheel.disarm(second);
      wheel.arm(third, 40);
      wheel.arm(fourth, 0);
      wheel.arm(first, 20);
    };
    clock.advance(100);
    assert.deepEqual(log.entries, [
      { kind: 0, atMs: 10 },
      { kind: 3, atMs: 20 },
      { kind: 0, atMs: 30 },
      { kind: 2, atMs: 50 },
    ]);
  });

  it("ends its turn though a callback arms itself without delay for ever", () => {
    const { clock, wheel, log } = create();
    const timer = new Timer(log, 1);
    log.act = () => wheel.arm(timer, 0);
    wheel.arm(timer, 0);
    clock.advance(100);
    assert.ok(log.entries.length >= 9 && log.entries.length <= 11);
    wheel.stop();
  });

  it("loses no timer when a callback throws", () => {
    const { clock, wheel, log } = create();
    for (let kind = 0; kind < 4; kind++) wheel.arm(new Timer(log, kind), kind === 3 ? 50 : 10);
    log.act = (timer) => {
      if (timer.kind < 2) throw new Error(`timer ${timer.kind}`);
    };
    assert.throws(() => clock.advance(10), /timer 0/);
    assert.throws(() => clock.advance(0), /timer 1/);
    clock.advance(100);
    assert.deepEqual(log.kinds, [0, 1, 2, 3]);
    assert.equal(clock.pendingCalls, 0);
  });

  it("catches up after the clock stood still, in order of the slots", () => {
    const { clock, wheel, log } = create();
    const delays = [700_000, 3000, 20, 100_000, 2570, 10];
    for (let kind = 0; kind < delays.length; kind++) wheel.arm(new Timer(log, kind), delays[kind] ?? 0);
    clock.advance(1_000_000);
    assert.deepEqual(log.kinds, [5, 2, 4, 1, 3, 0]);
  });

  it("does not fire a timer without an end", () => {
    const { clock, wheel, log } = create();
    wheel.arm(new Timer(log, 1), Number.POSITIVE_INFINITY);
    clock.advance(10_000_000);
    assert.deepEqual(log.kinds, []);
    assert.equal(wheel.size, 1);
    wheel.stop();
    assert.equal(clock.pendingCalls, 0);
  });

  it("works after a year of ticks", () => {
    const { clock, wheel, log } = create();
    clock.advance(365 * 86_400_000);
    for (const [kind, delayMs] of [50, 5000, 700_000].entries()) wheel.arm(new Timer(log, kind), delayMs);
    clock.advance(49);
    assert.deepEqual(log.kinds, []);
    clock.advance(700_000);
    assert.deepEqual(log.kinds, [0, 1, 2]);
  });

  it("disarms everything on stop and stays still", () => {
    const { clock, wheel, log } = create();
    const timer = new Timer(log, 1);
    wheel.arm(timer, 10);
    wheel.arm(new Timer(log, 2), 900_000);
    wheel.stop();
    assert.equal(wheel.size, 0);
    assert.equal(timer.next, null);
    wheel.arm(timer, 10);
    assert.ok(!wheel.isArmed(timer));
    clock.advance(1_000_000);
    assert.deepEqual(log.kinds, []);
    assert.equal(clock.pendingCalls, 0);
  });

  it("fires what a plain list of due times fires, through any sequence of calls", () => {
    const timers = 12;
    const delayMs = fc.oneof(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 2540, max: 2580 }),
      fc.integer({ min: 655_300, max: 655_420 }),
      fc.integer({ min: 0, max: 2_000_000 }),
      fc.double({ min: 0, max: 6000, noNaN: true }),
    );
    const step = fc.oneof(
      fc.record({ what: fc.constant("arm" as const), kind: fc.nat(timers - 1), ms: delayMs }),
      fc.record({ what: fc.constant("disarm" as const), kind: fc.nat(timers - 1), ms: fc.constant(0) }),
      fc.record({ what: fc.constant("advance" as const), kind: fc.constant(0), ms: delayMs }),
    );
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.array(step, { maxLength: 60 }), (startMs, steps) => {
        const { clock, wheel, log } = create(startMs);
        const all = Array.from({ length: timers }, (_, kind) => new Timer(log, kind));
        const due = new Map<number, number>();
        log.act = (timer) => {
          const dueMs = due.get(timer.kind);
          assert.ok(dueMs !== undefined, "fired a timer that was not armed");
          assert.ok(clock.now() - dueMs > -1e-6, `fired ${dueMs - clock.now()} ms early`);
          assert.ok(clock.now() - dueMs <= 11.001, `fired ${clock.now() - dueMs} ms late`);
          due.delete(timer.kind);
        };
        for (const { what, kind, ms } of steps) {
          if (what === "arm") {
            wheel.arm(all[kind] as Timer, ms);
            due.set(kind, clock.now() + ms);
          } else if (what === "disarm") {
            wheel.disarm(all[kind] as Timer);
            due.delete(kind);
          } else {
            clock.advance(ms);
            for (const dueMs of due.values()) assert.ok(dueMs > clock.now() - 11.001, "missed a timer");
          }
          assert.equal(wheel.size, due.size);
          for (const timer of all) assert.equal(wheel.isArmed(timer), due.has(timer.kind));
        }
        clock.advance(2_000_100);
        assert.equal(due.size, 0);
        assert.equal(clock.pendingCalls, 0);
      }),
      { numRuns: 300 },
    );
  });
});
