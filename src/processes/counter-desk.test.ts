import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Meter } from "../limits/index.ts";
import { ANSWER_MS, TELL_EVERY_MS } from "./asked-counters.ts";
import { CountingStage, makeConcurrency, makeWindow, type PlainCounters, type StagedWorker } from "./counting-stage.ts";
import type { CountMessage } from "./messages.ts";

function admitted(worker: StagedWorker, meter: Meter, count: number, stage: CountingStage): number {
  const asks = Array.from({ length: count }, () => worker.ask(meter));
  stage.turn();
  return asks.filter(({ isAdmitted }) => isAdmitted).length;
}

const counted = (stage: CountingStage, meter: Meter) => (stage.counters as PlainCounters).of(meter, "k");

describe("the counters of a gateway", () => {
  it("outlive its workers, and serve those that come later", () => {
    const stage = new CountingStage();
    const [one, other] = stage.hireSome(2);
    const meter = makeWindow(5);
    assert.equal(admitted(one!, meter, 2, stage), 2);
    stage.desk.dismiss(one!);
    const next = stage.hire();
    stage.turn();
    assert.equal(admitted(next, meter, 2, stage), 2);
    assert.equal(admitted(other!, meter, 2, stage), 1);
  });

  it("get back what a worker holds that ends, once", () => {
    const stage = new CountingStage();
    const [one, other] = stage.hireSome(3);
    const busy = makeConcurrency(4);
    const held = [one!.ask(busy, "k", 2), one!.ask(busy), other!.ask(busy)];
    stage.turn();
    assert.ok(held.every(({ isAdmitted }) => isAdmitted));
    one!.counters.release(held[1]!);
    stage.turn();
    assert.equal(counted(stage, busy), 3);
    for (let i = 1; i <= 2; i++) stage.desk.dismiss(one!);
    assert.equal(counted(stage, busy), 1);
    other!.counters.release(held[2]!);
    stage.turn();
    assert.equal(counted(stage, busy), 0);
    stage.desk.dismiss(other!);
    assert.equal(counted(stage, busy), 0);
  });

  it("are closed with the desk", () => {
    const stage = new CountingStage();
    stage.desk.close();
    assert.ok((stage.counters as PlainCounters).isClosed);
  });
});

describe("a worker that is alone", () => {
  it("decides at once, and tells what it counted in sums", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(1);
    const meter = makeWindow(3);
    for (let i = 0; i < 5; i++) worker!.ask(meter);
    assert.equal(worker!.decided.length, 5);
    worker!.counters.charge(meter, "k", 4);
    stage.turn();
    assert.equal(worker!.sent.length, 0);
    stage.pass(TELL_EVERY_MS);
    assert.deepEqual(worker!.sent[0]?.charges, [0, "k", 7]);
    assert.equal(counted(stage, meter), 7);
    stage.pass(1000);
    assert.deepEqual([worker!.sent.length, stage.clock.pendingCalls], [1, 0]);
  });

  it("goes on without a supervisor that hangs, and tells it afterwards", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(1);
    const meter = makeWindow(1000);
    stage.isHung = true;
    for (let i = 1; i <= 100; i++) {
      worker!.ask(meter);
      stage.pass(TELL_EVERY_MS);
    }
    assert.equal(worker!.decided.length, 100);
    assert.ok(worker!.sent.length <= ANSWER_MS / TELL_EVERY_MS + 1, `${worker!.sent.length} messages wait in the channel`);
    stage.isHung = false;
    stage.turn();
    stage.pass(TELL_EVERY_MS);
    assert.equal(counted(stage, meter), 100);
  });

  it("asks as soon as another comes, which goes on from what it counted", () => {
    const stage = new CountingStage();
    const [old] = stage.hireSome(1);
    const [meter, busy] = [makeWindow(5), makeConcurrency(2)];
    for (let i = 0; i < 3; i++) old!.ask(meter);
    const held = old!.ask(busy);
    const next = stage.hire();
    stage.turn();
    assert.equal(admitted(next, meter, 1, stage), 1);
    assert.equal(admitted(old!, meter, 3, stage), 1);
    assert.equal(admitted(next, busy, 2, stage), 1);
    old!.counters.release(held);
    stage.turn();
    assert.equal(counted(stage, busy), 1);
    stage.desk.dismiss(old!);
    stage.turn();
    assert.equal(admitted(next, meter, 1, stage), 0);
  });

  it("is waited for when another comes, so that nothing it counted is missed", () => {
    const stage = new CountingStage();
    const [old] = stage.hireSome(1);
    const meter = makeWindow(5);
    const next = stage.hire();
    const asks = Array.from({ length: 3 }, () => next.ask(meter));
    // The old one has not heard of it yet.
    for (const callback of stage.deferred.splice(0)) callback();
    for (const deliver of stage.toDesk.splice(0)) deliver();
    for (let i = 0; i < 4; i++) old!.ask(meter);
    assert.deepEqual([next.decided.length, old!.decided.length], [0, 4]);
    stage.turn();
    assert.deepEqual(
      asks.map(({ isAdmitted }) => isAdmitted),
      [true, false, false],
    );
  });

  it("and ends when another comes keeps nobody waiting", () => {
    const stage = new CountingStage();
    const [old] = stage.hireSome(1);
    const next = stage.hire();
    next.ask(makeWindow(5));
    for (const callback of stage.deferred.splice(0)) callback();
    for (const deliver of stage.toDesk.splice(0)) deliver();
    stage.desk.dismiss(old!);
    stage.turn();
    assert.equal(next.decided.length, 1);
    stage.desk.dismiss(next);
  });

  it("and was not before asks until its own counters know all that matters, and counts by itself then", () => {
    const stage = new CountingStage();
    const [old] = stage.hireSome(1);
    const meter = makeWindow(5);
    for (let i = 0; i < 3; i++) old!.ask(meter);
    const next = stage.hire();
    stage.turn();
    stage.desk.dismiss(old!);
    stage.turn();
    stage.pass(30_000);
    assert.equal(admitted(next, meter, 1, stage), 1);
    assert.equal(admitted(next, meter, 5, stage), 1, "three were counted before it came");
    assert.equal((next.local as PlainCounters).of(meter, "k"), 2);
    stage.pass(29_999);
    const { length } = next.decided;
    next.ask(meter);
    assert.equal(next.decided.length, length);
    stage.turn();
    stage.pass(1000);
    next.ask(meter);
    assert.equal(next.decided.length, length + 2, "a window later nobody is asked");
  });

  it("holds what it holds of concurrency however it was taken", () => {
    const stage = new CountingStage();
    const [one, other] = stage.hireSome(2);
    const busy = makeConcurrency(3);
    const asked = one!.ask(busy);
    stage.turn();
    stage.desk.dismiss(other!);
    stage.turn();
    const own = one!.ask(busy, "k", 2);
    assert.deepEqual([own.isAdmitted, one!.ask(busy).isAdmitted, one!.decided.length], [true, false, 3]);
    one!.counters.release(asked);
    assert.equal(one!.ask(busy).isAdmitted, true);
    one!.counters.release(own);
    stage.pass(TELL_EVERY_MS);
    assert.equal(counted(stage, busy), 1);
  });

  it("loses with a crash only what it had not told yet", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(1);
    const meter = makeWindow(5);
    worker!.ask(meter);
    stage.pass(TELL_EVERY_MS);
    worker!.ask(meter);
    stage.desk.dismiss(worker!);
    assert.equal(counted(stage, meter), 1);
  });
});

describe("a worker that says what none should", () => {
  const meter = makeWindow(5);
  const GOOD: CountMessage = { type: "count", ask: 1, meters: [meter], isAnew: false, heard: 0, charges: [], takes: [1, 0, "k", 1] };
  const cases: Readonly<Record<string, readonly [change: Readonly<Record<string, unknown>>, reason: RegExp]>> = {
    "takes that are no list": [{ takes: "x" }, /no list/],
    "charges that are no list": [{ charges: null }, /no list/],
    "meters that are no list": [{ meters: {} }, /no list/],
    "a number that no meter has": [{ takes: [1, 1, "k", 1] }, /not told/],
    "a number below nought": [{ takes: [1, -1, "k", 1] }, /no number/],
    "a key that is no text": [{ takes: [1, 0, 7, 1] }, /no key/],
    "a cost below nought": [{ takes: [1, 0, "k", -1] }, /no number/],
    "a cost that is no integer": [{ takes: [1, 0, "k", 0.5] }, /no number/],
    "a take of nothing": [{ takes: [0] }, /no number/],
    "half a take": [{ takes: [2, 0, "k", 1] }, /no number/],
    "units that are no number": [{ charges: [0, "k", "x"] }, /no number/],
    "no meter": [{ meters: [null] }, /no meter/],
    "a meter without a name": [{ meters: [{ ...meter, id: 7 }] }, /no meter/],
    "a meter that counts in no known way": [{ meters: [{ ...meter, rule: { kind: "toString", limit: 1 } }] }, /no meter/],
    "a period that no calendar has": [
      { meters: [{ ...meter, rule: { kind: "quota", limit: 1, per: "week", timeZone: "UTC" } }] },
      /no meter/,
    ],
    "a window of no length": [{ meters: [{ ...meter, rule: { kind: "fixedWindow", limit: 1, windowMs: 0 } }] }, /no meter/],
    "a rule with a number missing": [{ meters: [{ ...meter, rule: { kind: "fixedWindow", limit: 1 } }] }, /no meter/],
  };
  for (const [what, [change, reason]] of Object.entries(cases)) {
    it(`is ended, and harms nobody: ${what}`, () => {
      const stage = new CountingStage();
      const [worker] = stage.hireSome(2);
      worker!.say({ ...GOOD, ...change } as CountMessage);
      stage.turn();
      assert.equal(worker!.killedFor.length, 1);
      assert.match(worker!.killedFor[0]!, /^a worker counts what none should: /);
      assert.match(worker!.killedFor[0]!, reason);
    });
  }

  it("and one that says what it should is not", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    worker!.onCount?.(GOOD);
    assert.deepEqual([worker!.killedFor, counted(stage, meter)], [[], 1]);
  });

  it("hears so too where counters don't decide at once, which is nobody's doing but ours", () => {
    const stage = new CountingStage();
    stage.counters.take = () => false;
    const [worker] = stage.hireSome(2);
    worker!.say(GOOD);
    stage.turn();
    assert.match(worker!.killedFor[0]!, /did not decide at once/);
  });
});
