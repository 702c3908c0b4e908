import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { FakeClock } from "../../base/index.ts";
import { makeMeter } from "../counters.contract.ts";
import { Ask, Take } from "../counters.ts";
import { type MeterModel, makeModel } from "../models/index.ts";
import type { LimitRule, Meter } from "../rule.ts";
import { LocalCounters } from "./index.ts";
import { LogNodes } from "./log-nodes.ts";

const owner = { onDecided: () => undefined };
const limit = fc.integer({ min: 1, max: 6 });
const windowMs = fc.constantFrom(20, 100, 1000);
const ratePerMs = fc.constantFrom(0.0625, 0.125, 0.5);
const rules: fc.Arbitrary<LimitRule> = fc.oneof(
  fc.record({ kind: fc.constant("fixedWindow" as const), limit, windowMs }),
  fc.record({ kind: fc.constant("slidingWindow" as const), limit, windowMs }),
  fc.record({ kind: fc.constant("slidingLog" as const), limit, windowMs }),
  fc.record({ kind: fc.constant("slidingLog" as const), limit: fc.constant(5000), windowMs: fc.constantFrom(20_000, 100_000) }),
  fc.record({ kind: fc.constant("tokenBucket" as const), ratePerMs, burst: limit }),
  fc.record({ kind: fc.constant("leakyBucket" as const), ratePerMs, maxDelayMs: fc.nat(40) }),
  fc.record({ kind: fc.constant("concurrency" as const), limit }),
);
const steps = fc.array(
  fc.record({
    ms: fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.nat(300) }),
    key: fc.nat(11).map(String),
    cost: fc.oneof(fc.nat(3), fc.constantFrom(1, 2000)),
    /** What it costs besides, afterwards. */
    charge: fc.constantFrom(0, 0, 0, 1, 2),
    /** Which earlier ask is given back, if there is such a one. */
    back: fc.nat(60),
  }),
  { minLength: 1, maxLength: 150 },
);

function ask(counters: LocalCounters, meter: Meter, key: string, cost = 1): Ask {
  const made = new Ask(meter, key, cost);
  assert.equal(counters.take(new Take([made], owner)), true);
  return made;
}

describe("counters whose memory is full", () => {
  it("admit nothing that a model would not admit that has counted the same for the key alone", () => {
    fc.assert(
      fc.property(rules, steps, fc.integer({ min: 1, max: 8 }), (rule, sequence, maxKeys) => {
        const clock = new FakeClock();
        const counters = new LocalCounters({ clock, seed: 99, maxKeys });
        const meter = makeMeter(rule);
        const model: MeterModel = makeModel(rule);
        const admitted: Ask[] = [];
        const charge = (key: string, units: number) => {
          counters.charge(meter, key, units);
          if (rule.kind !== "concurrency") model.add(clock.wall(), key, units);
        };
        for (const step of sequence) {
          const { key, cost } = step;
          clock.advance(step.ms);
          const made = ask(counters, meter, key, cost);
          const verdict = model.judge(clock.wall(), key, cost);
          assert.ok(!made.isAdmitted || verdict.isAdmitted, `${key}: ${made.remaining} are left`);
          if (made.isAdmitted) {
            if (rule.kind === "leakyBucket") assert.ok(made.delayMs >= verdict.delayMs);
            model.add(clock.wall(), key, cost);
            assert.ok(made.remaining <= model.standing(clock.wall(), key).remaining);
            admitted.push(made);
            charge(key, step.charge);
          }
          const [back] = admitted.splice(step.back, 1);
          if (back === undefined) continue;
          charge(back.key, -back.cost);
          if (back.lease !== null) model.add(clock.wall(), back.key, -back.cost);
          counters.release(back);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("give nothing back of what several keys share: it may be another one's", () => {
    for (const rule of [
      { kind: "fixedWindow", limit: 2, windowMs: 1000 },
      { kind: "slidingWindow", limit: 2, windowMs: 1000 },
      { kind: "slidingLog", limit: 2, windowMs: 1000 },
      { kind: "tokenBucket", ratePerMs: 0.002, burst: 2 },
      { kind: "leakyBucket", ratePerMs: 0.002, maxDelayMs: 500 },
    ] as const) {
      const clock = new FakeClock();
      const counters = new LocalCounters({ clock, seed: 99, maxKeys: 1 });
      const meter = makeMeter(rule);
      for (const key of ["first", "late"]) assert.equal(ask(counters, meter, key).isAdmitted, true, rule.kind);
      clock.advance(2000);
      const admitted = ["first", "other", "other", "other"].map((key) => ask(counters, meter, key).isAdmitted);
      assert.deepEqual(admitted, [true, true, true, false], rule.kind);
      counters.charge(meter, "late", -1);
      assert.equal(ask(counters, meter, "other").isAdmitted, false, rule.kind);
    }
  });

  it("hold no more than they may, however many keys come", () => {
    const maxKeys = 20_000;
    for (const rule of [
      { kind: "fixedWindow", limit: 5, windowMs: 60_000 },
      { kind: "slidingWindow", limit: 5, windowMs: 60_000 },
      { kind: "tokenBucket", ratePerMs: 1e-4, burst: 5 },
    ] as const) {
      const counters = new LocalCounters({ clock: new FakeClock(), seed: 1, maxKeys });
      const meter = makeMeter(rule);
      for (let n = 0; n < 5 * maxKeys; n++) ask(counters, meter, `${n}`);
      assert.ok(counters.keys >= maxKeys && counters.keys <= 1.5 * maxKeys, `${counters.keys}`);
      assert.ok(counters.bytes <= 4 * 8192 * 34, `${counters.bytes}`);
    }
  });

  it("keep as many keys apart as they should, while they grow and behind it", () => {
    const clock = new FakeClock();
    const counters = new LocalCounters({ clock, seed: 5, maxKeys: 40_000 });
    const meters = (["fixedWindow", "slidingWindow", "slidingLog"] as const).map((kind) => makeMeter({ kind, limit: 9, windowMs: 60_000 }));
    for (let n = 0; n < 40_000; n++) {
      for (const meter of meters) ask(counters, meter, `${n}`, 1 + (n % 5));
      // Ones that are there already, in between.
      if (n % 3 === 0) for (const meter of meters) ask(counters, meter, `${n >> 1}`, 0);
    }
    for (let n = 0; n < 40_000; n++) {
      for (const meter of meters) assert.equal(ask(counters, meter, `${n}`, 0).remaining, 8 - (n % 5), `${n}`);
    }
  });

  it("give the places of what time has emptied to others, without more memory", () => {
    const clock = new FakeClock();
    const counters = new LocalCounters({ clock, seed: 5, maxKeys: 1000 });
    const meters = (["fixedWindow", "slidingWindow", "slidingLog"] as const).map((kind) => makeMeter({ kind, limit: 3, windowMs: 1000 }));
    let bytes = 0;
    for (let round = 0; round < 20; round++) {
      clock.advance(2000);
      for (let n = 0; n < 1000; n++) {
        for (const meter of meters) assert.equal(ask(counters, meter, `${round} ${n}`).remaining, 2);
      }
      if (round === 1) bytes = counters.bytes;
    }
    assert.equal(counters.bytes, bytes);
    assert.ok(counters.keys <= 3000);
  });

  it("have four entries a key in logs, which others share when they are used up, and lose count of none", () => {
    const clock = new FakeClock();
    const maxKeys = 1000;
    const counters = new LocalCounters({ clock, seed: 5, maxKeys });
    const meter = makeMeter({ kind: "slidingLog", limit: 50, windowMs: 1000 });
    const rest = () => Array.from({ length: maxKeys }, (_, n) => ask(counters, meter, `${n}`, 0).remaining);
    for (let round = 0; round < 10; round++) {
      for (let entry = 0; entry < 10; entry++) {
        for (let n = 0; n < maxKeys; n++) ask(counters, meter, `${n}`, 2);
        clock.advance(1);
        // Some come off again, an entry and a half.
        for (let n = 0; n < maxKeys; n += 3) if (entry % 4 === 0) counters.charge(meter, `${n}`, -3);
      }
      assert.deepEqual(
        rest(),
        Array.from({ length: maxKeys }, (_, n) => (n % 3 === 0 ? 38 : 30)),
      );
      assert.ok(counters.bytes <= 2048 * 33 + (4 + 1) * maxKeys * 32 + 33_000, `${counters.bytes}`);
      clock.advance(994);
      const some = rest();
      assert.ok(some.every((remaining) => remaining < 50) && some.some((remaining) => remaining > 38));
      clock.advance(1000);
      // Others, so that those before are dropped with what is in their logs.
      for (let n = 0; n < maxKeys; n++) ask(counters, meter, `other ${round} ${n}`);
      clock.advance(1000);
      assert.deepEqual(rest(), new Array(maxKeys).fill(50));
    }
  });

  it("have about 4,096 entries in a key's log, whose units leave at most a 4,096th of a window late", () => {
    const clock = new FakeClock();
    const counters = new LocalCounters({ clock, seed: 5, maxKeys: 100_000 });
    const meter = makeMeter({ kind: "slidingLog", limit: 100_000, windowMs: 40_960 });
    for (let ms = 0; ms < 40_960; ms++) {
      assert.equal(ask(counters, meter, "k", 2).isAdmitted, true);
      clock.advance(1);
    }
    assert.ok(counters.bytes < 4200 * 32 + 33_000, `${counters.bytes}`);
    for (let ms = 0; ms < 500; ms++) {
      const { remaining } = ask(counters, meter, "k", 0);
      assert.ok(remaining <= 18_080 + 2 * (ms + 1) && remaining >= 18_080 + 2 * (ms - 10), `${remaining}`);
      clock.advance(1);
    }
  });
});

describe("the nodes of logs", () => {
  it("are used again when they were given back, one by one or as a list", () => {
    const nodes = new LogNodes();
    const list = [nodes.make(1, 1, 0)];
    for (let n = 1; n < 1000; n++) {
      list.push(nodes.make(n, 1, list[n - 1]!));
      nodes.setNext(list[n - 1]!, list[n]!);
    }
    const { bytes } = nodes;
    nodes.giveBack(list[0]!, list[999]!, 1000);
    assert.equal(nodes.used, 0);
    const seen = new Set<number>();
    for (let n = 0; n < 1000; n++) seen.add(nodes.make(n, 1, 0));
    assert.equal(seen.size, 1000);
    assert.ok(!seen.has(0));
    assert.equal(nodes.bytes, bytes);
  });
});
