import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../base/index.ts";
import { describeCounters, makeMeter } from "../counters.contract.ts";
import { Ask, BY_LOCAL, Take } from "../counters.ts";
import type { LimitRule, Meter } from "../rule.ts";
import { WithoutStore } from "../without-store.ts";
import { LocalCounters } from "./index.ts";

const KINDS = ["fixedWindow", "slidingWindow", "slidingLog", "tokenBucket", "leakyBucket", "concurrency", "quota"] as const;

describeCounters("in this process", {
  kinds: KINDS,
  clock: "fake",
  runs: 1000,
  create: () => {
    const clock = new FakeClock();
    return {
      counters: new LocalCounters({ clock, seed: 7 }),
      now: () => clock.wall(),
      advance: async (ms) => clock.advance(ms),
      close: () => undefined,
    };
  },
});

const owner = { onDecided: () => undefined };

function ask(counters: LocalCounters, meter: Meter, key = "k", cost = 1): Ask {
  const made = new Ask(meter, key, cost);
  counters.take(new Take([made], owner));
  return made;
}

describe("counters in this process", () => {
  it("forget the meters that are no longer used, and those with units out once they are back", () => {
    const clock = new FakeClock();
    const counters = new LocalCounters({ clock, seed: 7 });
    const [window, other] = [1, 2].map(() => makeMeter({ kind: "fixedWindow", limit: 2, windowMs: 60_000 })) as [Meter, Meter];
    const held = makeMeter({ kind: "concurrency", limit: 2 });
    for (const meter of [window, other, other]) ask(counters, meter);
    const out = ask(counters, held);
    assert.equal(counters.keys, 3);
    counters.retain(new Set([window.id]));
    assert.equal(counters.keys, 2);
    assert.deepEqual([ask(counters, window, "k", 0).remaining, ask(counters, held, "k", 0).remaining], [1, 1]);
    assert.equal(ask(counters, other, "k", 0).remaining, 2);
    counters.release(out);
    counters.retain(new Set([window.id]));
    assert.equal(counters.keys, 1);
    counters.close();
    assert.deepEqual([counters.keys, counters.bytes], [0, 0]);
  });

  it("give back to the meter that was taken from, also when that was forgotten", () => {
    const counters = new LocalCounters({ clock: new FakeClock(), seed: 7 });
    const meter = makeMeter({ kind: "concurrency", limit: 2 });
    const out = ask(counters, meter);
    counters.close();
    ask(counters, meter);
    counters.release(out);
    assert.equal(ask(counters, meter, "k", 0).remaining, 1);
  });

  it("go on from where time was when the wall clock is put back, and admit nothing again", () => {
    const clock = new FakeClock();
    const counters = new LocalCounters({ clock, seed: 7 });
    const window = makeMeter({ kind: "fixedWindow", limit: 2, windowMs: 60_000 });
    const bucket = makeMeter({ kind: "tokenBucket", ratePerMs: 0.001, burst: 2 });
    const admitted = (meter: Meter) => [1, 2, 3].filter(() => ask(counters, meter).isAdmitted).length;
    assert.deepEqual([admitted(window), admitted(bucket)], [2, 2]);
    clock.jumpWall(-120_000);
    assert.deepEqual([admitted(window), admitted(bucket)], [0, 0]);
    clock.advance(1002);
    assert.deepEqual([admitted(window), admitted(bucket)], [0, 1]);
    clock.advance(60_061 - 1002);
    assert.equal(admitted(window), 2);
  });

  it("leave it to whoever asks to say that they counted in a store's place", () => {
    const counters = new LocalCounters({ clock: new FakeClock(), seed: 7 });
    const meter = makeMeter({ kind: "fixedWindow", limit: 1, windowMs: 60_000 }, { onStoreFailure: "local" });
    const made = new Ask(meter, "k", 1);
    assert.equal(new WithoutStore(counters).decide(new Take([made], owner)), true);
    assert.deepEqual([made.isAdmitted, made.decidedBy], [true, BY_LOCAL]);
  });

  it("count two asks of one meter after each other, as if they were two takes", () => {
    const counters = new LocalCounters({ clock: new FakeClock(), seed: 7 });
    const meter = makeMeter({ kind: "fixedWindow", limit: 3, windowMs: 60_000 });
    const take = new Take([new Ask(meter, "k", 2), new Ask(meter, "k", 2)], owner);
    counters.take(take);
    assert.equal(take.isAdmitted, false);
    assert.equal(ask(counters, meter, "k", 0).remaining, 3);
  });

  it("answer a refused take with limits beside it as if it had never been", () => {
    const kinds: readonly LimitRule[] = [
      { kind: "fixedWindow", limit: 5, windowMs: 1000 },
      { kind: "slidingWindow", limit: 5, windowMs: 1000 },
      { kind: "slidingLog", limit: 5, windowMs: 1000 },
      { kind: "tokenBucket", ratePerMs: 0.5, burst: 5 },
      { kind: "leakyBucket", ratePerMs: 0.5, maxDelayMs: 10 },
      { kind: "concurrency", limit: 5 },
    ];
    const counters = new LocalCounters({ clock: new FakeClock(), seed: 7 });
    const none = makeMeter({ kind: "fixedWindow", limit: 0, windowMs: 1000 });
    for (const rule of kinds) {
      const meter = makeMeter(rule);
      const before = ask(counters, meter, "k", 0);
      const made = new Ask(meter, "k", 2);
      counters.take(new Take([made, new Ask(none, "k", 1)], owner));
      const told = ({ isAdmitted, remaining, resetMs, retryMs, delayMs, lease }: Ask) => [
        isAdmitted,
        remaining,
        resetMs,
        retryMs,
        delayMs,
        lease,
      ];
      assert.deepEqual(told(made), told(before), rule.kind);
    }
  });
});
