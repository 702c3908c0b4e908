import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ask, BY_LOCAL, BY_STORE } from "../limits/index.ts";
import { ANSWER_MS, MOST_WAITING } from "./asked-counters.ts";
import { MOST_METERS } from "./asked-meters.ts";
import { CountingStage, makeConcurrency, makeWindow, type PlainCounters } from "./counting-stage.ts";

function admittedOf(asks: readonly Ask[]): number {
  return asks.filter(({ isAdmitted }) => isAdmitted).length;
}

describe("counters of several workers", () => {
  it("admit as many as the limit says, whoever is asked", () => {
    const stage = new CountingStage();
    const workers = stage.hireSome(4);
    const meter = makeWindow(5);
    const asks = Array.from({ length: 20 }, (_, index) => workers[index % 4]!.ask(meter));
    assert.ok(
      workers.every(({ decided }) => decided.length === 0),
      "none is decided from inside of take()",
    );
    stage.turn();
    assert.equal(admittedOf(asks), 5);
    assert.deepEqual(
      workers.map(({ decided }) => decided.length),
      [5, 5, 5, 5],
    );
    assert.equal(asks[0]!.remaining, 4);
    assert.deepEqual([asks[19]!.remaining, asks[19]!.resetMs, asks[19]!.retryMs, asks[19]!.decidedBy], [0, 5000, 5000, BY_STORE]);
  });

  it("are asked once a turn, with charges first, and told of a meter once", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    const [wide, narrow] = [makeWindow(100), makeWindow(3)];
    worker!.take([new Ask(wide, "a", 2), new Ask(narrow, "b", 1)]);
    worker!.ask(wide, "c");
    worker!.counters.charge(narrow, "b", 2);
    worker!.counters.charge(narrow, "b", -1);
    stage.turn();
    worker!.ask(narrow, "b");
    stage.turn();
    assert.deepEqual(
      worker!.sent.map(({ ask, meters, charges, takes }) => ({ ask, meters: meters.map(({ id }) => id), charges, takes })),
      [
        { ask: 2, meters: ["window-3", "window-100"], charges: [0, "b", 1], takes: [2, 1, "a", 2, 0, "b", 1, 1, 1, "c", 1] },
        { ask: 3, meters: [], charges: [], takes: [1, 0, "b", 1] },
      ],
    );
    assert.equal((stage.counters as PlainCounters).of(narrow, "b"), 3);
  });

  it("take all limits of a request or none of them", () => {
    const stage = new CountingStage();
    const [one, other] = stage.hireSome(2);
    const [wide, narrow] = [makeWindow(10), makeWindow(1)];
    for (const worker of [one!, other!]) worker.take([new Ask(wide, "k", 1), new Ask(narrow, "k", 1)]);
    stage.turn();
    assert.deepEqual([one!.decided[0]!.isAdmitted, other!.decided[0]!.isAdmitted], [true, false]);
    assert.equal((stage.counters as PlainCounters).of(wide, "k"), 1);
  });

  it("tell their meters anew when there have been many, so that those of old configurations go", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    for (let i = 0; i <= MOST_METERS; i++) worker!.ask(makeWindow(3, { id: `m${i}` }));
    stage.turn();
    const ask = worker!.ask(makeWindow(3, { id: "m7" }));
    stage.turn();
    assert.deepEqual(
      worker!.sent.map(({ isAnew, meters }) => [isAnew, meters.length]),
      [
        [true, MOST_METERS + 1],
        [true, 1],
      ],
    );
    assert.equal(ask.remaining, 1);
  });
});

describe("a refusal", () => {
  it("is repeated in the worker for a second, and costs nobody anything", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    const meter = makeWindow(1);
    worker!.ask(meter);
    stage.turn();
    worker!.ask(meter);
    stage.turn();
    const sent = worker!.sent.length;
    stage.pass(400);
    const again = worker!.ask(meter);
    assert.equal(worker!.decided.length, 3, "decided at once");
    assert.deepEqual([again.isAdmitted, again.remaining, again.retryMs, again.resetMs], [false, 0, 4600, 4600]);
    stage.pass(599);
    worker!.ask(meter);
    assert.equal(worker!.sent.length, sent);
    stage.pass(1);
    worker!.ask(meter);
    stage.turn();
    assert.equal(worker!.sent.length, sent + 1);
  });

  it("is nobody else's: another key, cost or set of limits is asked for", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    const [meter, wide] = [makeWindow(2), makeWindow(10)];
    worker!.ask(meter, "k", 2);
    worker!.ask(meter, "k", 1);
    stage.turn();
    const { length } = worker!.decided;
    worker!.ask(meter, "other", 1);
    worker!.ask(meter, "k", 0);
    worker!.take([new Ask(meter, "k", 1), new Ask(wide, "k", 1)]);
    assert.equal(worker!.decided.length, length);
    stage.turn();
    worker!.take([new Ask(meter, "k", 1), new Ask(wide, "k", 1)]);
    assert.equal(worker!.decided.length, length + 4, "of two limits it is kept too");
    assert.equal(worker!.decided.at(-1)!.asks[1]!.remaining, 10);
  });

  it("is forgotten when units are given back here, and not kept of what only reports, nor of concurrency", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    const [meter, dry, busy] = [makeWindow(1), makeWindow(0, { isDryRun: true, id: "dry" }), makeConcurrency(0)];
    worker!.ask(meter);
    worker!.ask(meter);
    stage.turn();
    worker!.counters.charge(meter, "k", -1);
    const ask = worker!.ask(meter);
    stage.turn();
    assert.equal(ask.isAdmitted, true);
    for (const other of [dry, busy]) {
      for (let i = 1; i <= 2; i++) {
        const { length } = worker!.decided;
        worker!.ask(other);
        assert.equal(worker!.decided.length, length);
        stage.turn();
      }
    }
  });
});

describe("a supervisor that says nothing", () => {
  it("is waited for once: the worker decides then, and at once from then on", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    const meter = makeWindow(2);
    stage.isHung = true;
    const asks = [worker!.ask(meter), worker!.ask(meter)];
    stage.turn();
    stage.pass(ANSWER_MS - 1);
    assert.equal(worker!.decided.length, 0);
    stage.pass(1);
    assert.deepEqual(
      asks.map(({ isAdmitted, decidedBy }) => [isAdmitted, decidedBy]),
      [
        [true, BY_LOCAL],
        [true, BY_LOCAL],
      ],
    );
    const refused = worker!.ask(meter);
    assert.equal(worker!.decided.length, 3);
    assert.deepEqual([refused.isAdmitted, refused.decidedBy], [false, BY_LOCAL]);
    assert.equal(worker!.sent.length, 1);
  });

  it("that speaks again is asked again, and counts what was admitted meanwhile and nothing else", () => {
    const stage = new CountingStage();
    const [worker, other] = stage.hireSome(2);
    const meter = makeWindow(3);
    other!.ask(meter);
    other!.ask(meter);
    stage.turn();
    stage.isHung = true;
    // The desk would admit one of these.
    for (let i = 0; i < 3; i++) worker!.ask(meter);
    stage.turn();
    stage.pass(ANSWER_MS);
    assert.equal(admittedOf(worker!.decided.flatMap(({ asks }) => asks)), 3);
    worker!.counters.charge(meter, "k", 4);
    stage.isHung = false;
    stage.turn();
    assert.equal((stage.counters as PlainCounters).of(meter, "k"), 2 + 3 + 4);
    const ask = worker!.ask(meter, "another");
    assert.equal(ask.decidedBy, BY_STORE);
    stage.turn();
    assert.equal(worker!.decided.length, 4);
    assert.equal(ask.remaining, 2);
  });

  it("takes units back that were given back meanwhile, whoever gave them out", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    const busy = makeConcurrency(2);
    const before = worker!.ask(busy);
    stage.turn();
    stage.isHung = true;
    const asked = worker!.ask(busy);
    stage.turn();
    stage.pass(ANSWER_MS);
    assert.equal(asked.isAdmitted, true);
    const refused = worker!.ask(busy);
    assert.equal(refused.isAdmitted, false, "it knows what it holds");
    for (const ask of [before, asked, refused, asked]) worker!.counters.release(ask);
    stage.isHung = false;
    stage.turn();
    assert.equal((stage.counters as PlainCounters).of(busy, "k"), 0);
    assert.equal((worker!.local as PlainCounters).of(busy, "k"), 0);
  });

  it("is not asked by more than a bound", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    const meter = makeWindow(1e6);
    for (let i = 0; i <= MOST_WAITING; i++) worker!.ask(meter);
    assert.equal(worker!.decided.length, 1);
    stage.turn();
    assert.equal(worker!.decided.length, MOST_WAITING + 1);
    assert.equal((stage.counters as PlainCounters).of(meter, "k"), MOST_WAITING + 1);
  });

  it("is heard before a worker that was busy decides that it is late", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    const ask = worker!.ask(makeWindow(1));
    for (const callback of stage.deferred.splice(0)) callback();
    for (const deliver of stage.toDesk.splice(0)) deliver();
    stage.clock.advance(5000);
    for (const deliver of stage.toWorkers.splice(0)) deliver();
    stage.turn();
    assert.equal(ask.decidedBy, BY_STORE);
    assert.equal(stage.clock.pendingCalls, 0);
  });

  it("and is gone leaves nobody waiting", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    const [meter, busy] = [makeWindow(1), makeConcurrency(1)];
    const held = worker!.ask(busy);
    stage.turn();
    stage.isHung = true;
    const sent = worker!.ask(meter);
    stage.turn();
    const unsent = worker!.ask(meter);
    worker!.counters.close();
    assert.deepEqual([sent.isAdmitted, unsent.isAdmitted, worker!.decided.length], [true, false, 3]);
    assert.equal(worker!.ask(busy).isAdmitted, false);
    worker!.counters.release(held);
    assert.equal(worker!.ask(busy).isAdmitted, true);
    assert.equal(worker!.decided.length, 5);
    stage.turn();
    stage.pass(ANSWER_MS);
    assert.deepEqual([worker!.sent.length, stage.clock.pendingCalls], [2, 0]);
  });

  it("is loud when it answers what nobody asked", () => {
    const stage = new CountingStage();
    const [worker] = stage.hireSome(2);
    assert.throws(() => worker!.counters.receive({ type: "counted", ask: 1, answers: [] }), /was not the next/);
    worker!.ask(makeWindow(1));
    for (const callback of stage.deferred.splice(0)) callback();
    assert.throws(() => worker!.counters.receive({ type: "counted", ask: 2, answers: [1, 2] }), /is not complete/);
  });
});
