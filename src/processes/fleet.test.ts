import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { closeStages, FleetStage, openStage } from "./fleet-stage.ts";
import { GoneError, RefusedError } from "./worker-handle.ts";
import { createShipment } from "./worker-process-fake.ts";

afterEach(closeStages);

describe("a fleet that starts", () => {
  it("has a worker in each slot, with the descriptors and the configuration", async () => {
    const { workers, served, pids, fleet } = await openStage(3);
    assert.deepEqual(served, { 100: 1, 101: 1, 102: 1 });
    assert.deepEqual(pids, [100, 101, 102]);
    assert.deepEqual(
      workers.processes.map(({ slot, descriptors }) => [slot, descriptors.get("http")]),
      [
        [0, 1001],
        [1, 1001],
        [2, 1001],
      ],
    );
    assert.equal(fleet.crashesOf(0), 0);
  });

  it("leaves none when one refuses, crashes, or can't be spawned", async () => {
    for (const serve of ["refuse", "die"] as const) {
      const stage = new FleetStage();
      const started = stage.fleet.start(3);
      stage.workers.at(1).reactions.serve = serve;
      stage.workers.at(2).reactions.serve = "hang";
      await assert.rejects(started, serve === "refuse" ? RefusedError : GoneError);
      assert.deepEqual(stage.workers.living, []);
      await stage.workers.pass(120_000);
      assert.equal(stage.workers.processes.length, 3);
      assert.equal(stage.workers.clock.pendingCalls, 0);
    }
    const stage = new FleetStage();
    stage.workers.failure = new Error("no more processes");
    await assert.rejects(stage.fleet.start(2), /no more processes/);
    await stage.workers.pass(120_000);
    assert.deepEqual(stage.workers.processes, []);
  });
});

describe("a fleet with a worker that crashes", () => {
  it("starts the next at once", async () => {
    const stage = await openStage();
    stage.workers.at(0).exit("SIGSEGV");
    await stage.workers.settle();
    assert.deepEqual(stage.told, ["100 ended", "100 of 0 crashed: SIGSEGV, next in 0"]);
    assert.deepEqual(stage.pids, [101]);
    await stage.workers.pass(0);
    assert.deepEqual(stage.pids, [102, 101]);
    assert.deepEqual(stage.served, { 101: 1, 102: 1 });
    assert.equal(stage.fleet.crashesOf(0), 1);
    assert.equal(stage.fleet.crashesOf(1), 0);
  });

  it("waits ever longer while they die young, and not after a long life", async () => {
    const stage = await openStage(1);
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      stage.workers.at(-1).exit("exit code 1");
      await stage.workers.settle();
      waits.push((stage.workers.clock.nextDueMs ?? -1) - stage.workers.clock.now());
      await stage.workers.pass(waits.at(-1) ?? 0);
    }
    assert.deepEqual(waits, [0, 100, 200, 400]);
    await stage.workers.pass(30_000);
    stage.workers.at(-1).exit("exit code 1");
    await stage.workers.settle();
    assert.equal(stage.workers.clock.nextDueMs, stage.workers.clock.now());
  });

  it("tries again, ever later, when the next crashes before it serves, can't serve, says nothing, or can't be spawned", async () => {
    const stage = await openStage();
    stage.expect({ serve: "die" });
    stage.workers.at(0).exit("SIGSEGV");
    await stage.workers.settle();
    await stage.workers.pass(0);
    assert.deepEqual(stage.told.splice(0).slice(2), ["102 started", "102 ended", "0 did not start: the worker ended: exit code 1"]);
    assert.equal(stage.fleet.crashesOf(0), 2);
    stage.expect({ serve: "refuse" });
    await stage.workers.pass(99);
    assert.deepEqual(stage.told, []);
    await stage.workers.pass(1);
    assert.deepEqual(stage.told.splice(0), ["103 started", "103 ended", "0 did not start: 103 can't"]);
    stage.expect({ serve: "hang" });
    await stage.workers.pass(200);
    assert.deepEqual(stage.told.splice(0), ["104 started"]);
    await stage.workers.pass(60_000);
    assert.deepEqual(stage.told.splice(0), ["104 ended", "0 did not start: the worker ended: no answer in time"]);
    stage.workers.failure = new Error("no more processes");
    await stage.workers.pass(400);
    assert.deepEqual(stage.told.splice(0), ["0 did not start: no more processes"]);
    assert.deepEqual(stage.served, { 101: 1 });
    stage.workers.failure = null;
    stage.expect({ serve: "answer" });
    await stage.workers.pass(800);
    assert.deepEqual(stage.told.splice(0), ["105 started", "105 of 0 is back"]);
    assert.deepEqual(stage.served, { 101: 1, 105: 1 });
    assert.deepEqual(stage.pids, [105, 101]);
  });

  it("puts none into a slot that ends while it is told the challenges", async () => {
    const stage = await openStage(1);
    await stage.fleet.setChallenges({ http: {}, alpn: {} } as never);
    stage.expect({ ask: "die" });
    stage.workers.at(0).exit("SIGSEGV");
    await stage.workers.settle();
    await stage.workers.pass(0);
    assert.deepEqual(stage.pids, []);
    assert.equal(stage.fleet.crashesOf(0), 2);
    stage.expect({ ask: "answer" });
    await stage.workers.pass(100);
    assert.deepEqual(stage.served, { 102: 1 });
    assert.ok(stage.workers.at(-1).types.includes("challenges"));
  });
});

describe("a fleet that goes on to the next configuration", () => {
  it("prepares all, then commits all", async () => {
    const stage = await openStage();
    stage.workers.at(1).reactions.prepare = "hang";
    const switched = stage.fleet.switchTo(createShipment(2));
    await stage.workers.settle();
    assert.deepEqual(stage.served, { 100: 1, 101: 1 });
    stage.workers.at(1).say({ type: "prepared", id: 2 });
    await switched;
    assert.deepEqual(stage.served, { 100: 2, 101: 2 });
    stage.workers.at(0).exit("SIGSEGV");
    await stage.workers.settle();
    await stage.workers.pass(0);
    assert.deepEqual(stage.served, { 101: 2, 102: 2 }, "who starts later starts with it");
  });

  it("commits nowhere when one refuses, and has the others forget it", async () => {
    const stage = await openStage(3);
    stage.workers.at(1).reactions.prepare = "refuse";
    await assert.rejects(stage.fleet.switchTo(createShipment(2)), /101 can't/);
    assert.deepEqual(stage.served, { 100: 1, 101: 1, 102: 1 });
    for (const process of stage.workers.processes) {
      assert.equal(process.types.includes("commit"), false);
      assert.deepEqual(process.sent.at(-1), { type: "discard", id: 2 });
    }
    stage.workers.at(0).exit("SIGSEGV");
    await stage.workers.settle();
    await stage.workers.pass(0);
    assert.deepEqual(stage.served, { 101: 1, 102: 1, 103: 1 });
    stage.workers.at(1).reactions.prepare = "answer";
    await stage.fleet.switchTo(createShipment(3));
    assert.deepEqual(stage.served, { 101: 3, 102: 3, 103: 3 });
  });

  for (const when of ["prepare", "commit"] as const) {
    it(`does so without a worker that ends when it is to ${when}, whose successor begins with the new one`, async () => {
      const stage = await openStage(3);
      stage.workers.at(1).reactions[when] = "die";
      await stage.fleet.switchTo(createShipment(2));
      assert.deepEqual(stage.served, { 100: 2, 102: 2 });
      await stage.workers.settle();
      await stage.workers.pass(0);
      assert.deepEqual(stage.served, { 100: 2, 102: 2, 103: 2 });
      assert.deepEqual(stage.workers.at(-1).types, ["begin", "routes", "routes", "prepare"]);
    });
  }

  it("does so without a worker that ends between the two", async () => {
    const stage = await openStage();
    stage.workers.at(0).reactions.prepare = "hang";
    const switched = stage.fleet.switchTo(createShipment(2));
    await stage.workers.settle();
    stage.workers.at(1).exit("SIGKILL");
    await stage.workers.settle();
    await stage.workers.pass(0);
    assert.deepEqual(stage.served, { 100: 1, 102: 1 }, "its successor has nothing else to begin with yet");
    stage.workers.at(0).say({ type: "prepared", id: 2 });
    await switched;
    await stage.workers.settle();
    assert.deepEqual(stage.served, { 100: 2, 102: 2 });
  });

  it("ends a worker that says nothing for a minute, and starts another with the new one", async () => {
    const stage = await openStage();
    stage.workers.at(0).reactions.prepare = "hang";
    const switched = stage.fleet.switchTo(createShipment(2));
    await stage.workers.settle();
    await stage.workers.pass(60_000);
    await switched;
    await stage.workers.pass(0);
    assert.deepEqual(stage.served, { 101: 2, 102: 2 });
  });

  it("does not count on a worker that says nothing to a commit, and has it take all once more", async () => {
    const stage = await openStage();
    stage.workers.at(0).reactions.commit = "hang";
    const switched = stage.fleet.switchTo(createShipment(2));
    await stage.workers.settle();
    stage.workers.at(0).reactions.commit = "answer";
    assert.deepEqual(stage.served, { 100: 1, 101: 2 });
    await stage.workers.pass(10_000);
    await switched;
    await stage.workers.settle();
    assert.deepEqual(stage.served, { 100: 2, 101: 2 });
  });

  it("leaves a worker that is starting alone, and takes it there once it serves, once", async () => {
    const stage = await openStage();
    stage.expect({ serve: "hang" });
    stage.workers.at(0).exit("SIGSEGV");
    await stage.workers.settle();
    await stage.workers.pass(0);
    const starting = stage.workers.at(2);
    await stage.fleet.switchTo(createShipment(2));
    assert.deepEqual(starting.types, ["begin", "routes", "routes", "prepare"]);
    starting.serves = 1;
    starting.say({ type: "serving", id: 1 });
    await stage.workers.settle();
    assert.deepEqual(stage.served, { 101: 2, 102: 2 });
    assert.equal(starting.types.filter((type) => type === "prepare").length, 2);
  });

  it("takes a worker there once that serves while the others commit", async () => {
    const stage = await openStage();
    stage.expect({ serve: "hang", prepare: "hang" });
    stage.workers.at(0).exit("SIGSEGV");
    await stage.workers.settle();
    await stage.workers.pass(0);
    const starting = stage.workers.at(2);
    stage.workers.at(1).reactions.commit = "hang";
    const switched = stage.fleet.switchTo(createShipment(2));
    await stage.workers.settle();
    starting.serves = 1;
    starting.say({ type: "serving", id: 1 });
    await stage.workers.settle();
    assert.equal(starting.types.filter((type) => type === "prepare").length, 2);
    stage.workers.at(1).serves = 2;
    stage.workers.at(1).say({ type: "committed", id: 2 });
    await switched;
    await stage.workers.settle();
    assert.equal(starting.types.filter((type) => type === "prepare").length, 2, "it is under way already");
    starting.say({ type: "prepared", id: 2 });
    await stage.workers.settle();
    assert.deepEqual(stage.served, { 101: 2, 102: 2 });
    await stage.workers.pass(120_000);
    assert.equal(starting.kills, 0);
  });

  it("replaces a worker that can't follow where all others are", async () => {
    const stage = await openStage();
    stage.expect({ serve: "hang", prepare: "refuse" });
    stage.workers.at(0).exit("SIGSEGV");
    await stage.workers.settle();
    await stage.workers.pass(0);
    const starting = stage.workers.at(2);
    await stage.fleet.switchTo(createShipment(2));
    stage.expect({ serve: "answer", prepare: "answer" });
    starting.serves = 1;
    starting.say({ type: "serving", id: 1 });
    await stage.workers.settle();
    await stage.workers.pass(100);
    assert.deepEqual(stage.served, { 101: 2, 103: 2 });
  });
});
