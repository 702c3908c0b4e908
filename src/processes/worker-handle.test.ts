import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GoneError, RefusedError, WorkerHandle } from "./worker-handle.ts";
import { createShipment, type FakeProcess, FakeWorkers } from "./worker-process-fake.ts";

const DESCRIPTORS = new Map([["http", 7]]);

class Stage {
  readonly workers = new FakeWorkers();
  readonly worker: WorkerHandle;
  readonly process: FakeProcess;

  constructor(reactions: Partial<FakeWorkers["reactions"]> = {}) {
    Object.assign(this.workers.reactions, reactions);
    this.worker = new WorkerHandle(3, this.workers, DESCRIPTORS, this.workers.clock);
    this.process = this.workers.at(0);
  }

  get timers(): number {
    return this.workers.clock.pendingCalls;
  }
}

describe("the handle of a worker", () => {
  it("spawns one with its slot and its descriptors", () => {
    const { process, worker } = new Stage();
    assert.equal(process.slot, 3);
    assert.equal(process.descriptors, DESCRIPTORS);
    assert.equal(worker.pid, process.pid);
    assert.equal(worker.serves, 0);
  });

  it("hands a configuration over in pieces, in their order, and is served at once the first time", async () => {
    const { process, worker } = new Stage();
    const { generation, wire } = createShipment(1);
    await worker.take(createShipment(1));
    assert.deepEqual(process.sent, [
      { type: "begin", id: 1, generation, head: wire.head },
      { type: "routes", id: 1, routes: wire.routes[0] },
      { type: "routes", id: 1, routes: wire.routes[1] },
      { type: "prepare", id: 1 },
    ]);
    assert.equal(worker.serves, 1);
  });

  it("follows the next one when it is committed, not when it is taken", async () => {
    const { worker, timers } = new Stage();
    await worker.take(createShipment(1));
    await worker.take(createShipment(2));
    assert.equal(worker.serves, 1);
    await worker.commit(2);
    assert.equal(worker.serves, 2);
    assert.equal(timers, 0);
  });

  it("rejects with what the worker says when it refuses, and goes on as before", async () => {
    const { worker, process } = new Stage({ prepare: "refuse" });
    await worker.take(createShipment(1));
    const error: unknown = await worker.take(createShipment(2)).catch((reason: unknown) => reason);
    assert.ok(error instanceof RefusedError);
    assert.deepEqual(error.messages, [`${process.pid} can't`]);
    assert.equal(error.isBind, false);
    assert.equal(worker.serves, 1);
  });

  it("tells whoever waits when the worker ends, and who asks later too", async () => {
    const stage = new Stage({ serve: "hang", ask: "hang" });
    const { worker, process } = stage;
    const taken = worker.take(createShipment(1));
    const asked = worker.snapshot(true);
    const told = worker.tell({ type: "reopenLog" });
    process.exit("SIGSEGV");
    await assert.rejects(taken, (error) => error instanceof GoneError && error.message.includes("SIGSEGV"));
    assert.equal(await asked, null);
    assert.match((await told) ?? "", /SIGSEGV/);
    assert.equal(await worker.gone, "SIGSEGV");
    assert.equal(worker.isGone, true);
    await assert.rejects(worker.take(createShipment(2)), GoneError);
    await assert.rejects(worker.commit(2), GoneError);
    assert.equal(await worker.snapshot(false), null);
    assert.equal(stage.timers, 0);
  });

  it("sends nothing to one that has ended, and kills nobody who may have its number now", async () => {
    const stage = new Stage();
    const { worker, process } = stage;
    process.exit("exit code 1");
    const before = process.sent.length;
    worker.discard(1);
    worker.kill();
    assert.equal(await worker.drain(5000), "exit code 1");
    assert.equal(process.sent.length, before);
    assert.equal(process.kills, 0);
    assert.equal(stage.timers, 0);
  });

  it("gives up on a worker that says nothing: a minute for a configuration, ten seconds for a commit, two for a question", async () => {
    for (const [ms, ask] of [
      [60_000, (worker: WorkerHandle) => worker.take(createShipment(1))],
      [10_000, (worker: WorkerHandle) => worker.commit(1)],
    ] satisfies [number, (worker: WorkerHandle) => Promise<void>][]) {
      const stage = new Stage({ serve: "hang", commit: "hang" });
      const outcomes: Error[] = [];
      void ask(stage.worker).catch((error: Error) => outcomes.push(error));
      await stage.workers.pass(ms - 1);
      assert.equal(outcomes.length, 0);
      await stage.workers.pass(1);
      assert.ok(outcomes[0] instanceof GoneError);
      assert.equal(stage.timers, 0);
    }
    const stage = new Stage({ ask: "hang" });
    const answers = Promise.all([stage.worker.snapshot(false), stage.worker.tell({ type: "reopenLog" })]);
    await stage.workers.pass(2000);
    const [snapshot, problem] = await answers;
    assert.equal(snapshot, null);
    assert.match(problem ?? "", /no answer in time/);
    assert.equal(stage.timers, 0);
  });

  it("does not mistake a late answer for that to the next question", async () => {
    const { worker, process, workers } = new Stage({ ask: "hang" });
    const first = worker.tell({ type: "reopenLog" });
    await workers.pass(2000);
    assert.match((await first) ?? "", /no answer in time/);
    const second = worker.tell({ type: "reopenLog" });
    process.say({ type: "answer", ask: 1, snapshot: null, problem: "the first" });
    process.say({ type: "answer", ask: 2, snapshot: null, problem: "the second" });
    assert.equal(await second, "the second");
  });

  it("pairs answers with their questions in whatever order they come", async () => {
    const { worker, process } = new Stage({ ask: "hang" });
    const asked = Promise.all([worker.tell({ type: "reopenLog" }), worker.tell({ type: "reopenLog" })]);
    process.say({ type: "answer", ask: 2, snapshot: null, problem: "two" });
    process.say({ type: "answer", ask: 1, snapshot: null, problem: "one" });
    assert.deepEqual(await asked, ["one", "two"]);
  });

  it("kills a worker that is not drained in time, a moment after that", async () => {
    const stage = new Stage({ drain: "hang" });
    const { worker, process, workers } = stage;
    const drained = worker.drain(9000);
    void worker.drain(20_000);
    assert.deepEqual(process.types, ["drain"]);
    assert.equal(worker.isDraining, true);
    await workers.pass(10_499);
    assert.equal(process.kills, 0);
    await workers.pass(1);
    assert.equal(process.kills, 1);
    assert.equal(await drained, "SIGKILL");
    assert.equal(stage.timers, 0);
  });

  it("kills it sooner when less time is left than it was told first", async () => {
    const stage = new Stage({ drain: "hang" });
    void stage.worker.drain(9000);
    await stage.workers.pass(100);
    const drained = stage.worker.drain(1000);
    await stage.workers.pass(2499);
    assert.equal(stage.process.kills, 0);
    await stage.workers.pass(1);
    assert.equal(await drained, "SIGKILL");
    assert.deepEqual(stage.process.types, ["drain"]);
    assert.equal(stage.timers, 0);
  });

  it("leaves no timer when a worker drains in time", async () => {
    const stage = new Stage();
    assert.equal(await stage.worker.drain(9000), "exit code 0");
    assert.equal(stage.timers, 0);
    assert.equal(stage.process.kills, 0);
  });

  it("has a deadline also for a worker that began to drain by itself", async () => {
    const { worker, process, workers } = new Stage({ drain: "hang" });
    process.say({ type: "draining" });
    assert.equal(worker.isDraining, true);
    const drained = worker.drain(1000);
    await workers.pass(2500);
    assert.equal(await drained, "SIGKILL");
  });

  it("hands on what a worker wants to read, and its answer while there is a worker", () => {
    const { worker, process } = new Stage();
    const question = { type: "document", ask: 1, source: { url: "https://issuer.example", ca: null }, maxAgeMs: 5 } as const;
    const answer = { type: "document", ask: 1, reading: { text: "keys", readAtMs: 1 }, failure: null } as const;
    process.say(question);
    const heard: unknown[] = [];
    worker.onDocument = (message) => heard.push(message);
    process.say(question);
    worker.tellDocument(answer);
    process.exit("exit code 1");
    worker.tellDocument(answer);
    assert.deepEqual(heard, [question]);
    assert.deepEqual(process.sent, [answer]);
  });

  it("hands on what a worker counts, and what becomes of it", () => {
    const { worker, process } = new Stage();
    const message = { type: "count", ask: 1, meters: [], isAnew: false, heard: 0, charges: [], takes: [] } as const;
    const answer = { type: "counted", ask: 1, answers: [] } as const;
    const heard: unknown[] = [];
    process.say(message);
    worker.onCount = (count) => heard.push(count);
    process.say(message);
    worker.tellCounting(answer);
    assert.deepEqual([heard, process.sent], [[message], [answer]]);
  });

  it("ends one for a reason, which is why it ended then", async () => {
    const { worker } = new Stage();
    worker.kill("it says what none should");
    assert.equal(await worker.gone, "it says what none should");
  });

  it("keeps a worker's last word, also when it is heard after the end", () => {
    const { worker, process } = new Stage();
    const snapshot = { metrics: null, activity: { connections: 0, generations: [], upstreams: [], storesAway: [] } };
    process.exit("exit code 0");
    process.say({ type: "farewell", snapshot });
    assert.equal(worker.farewell, snapshot);
  });

  it("is not disturbed by answers that nobody waits for, nor by a dead worker's", () => {
    const { worker, process } = new Stage();
    const talk = () => {
      process.say({ type: "serving", id: 9 });
      process.say({ type: "prepared", id: 9 });
      process.say({ type: "refused", id: 9, messages: ["no"], isBind: true });
      process.say({ type: "committed", id: 9 });
      process.say({ type: "answer", ask: 9, snapshot: null, problem: "no" });
    };
    talk();
    process.exit("exit code 1");
    talk();
    assert.equal(worker.serves, 0);
  });

  it("measures its life by no clock that can be set", async () => {
    const { worker, workers } = new Stage();
    await workers.pass(500);
    workers.clock.jumpWall(3_600_000);
    assert.equal(worker.livedMs, 500);
  });
});
