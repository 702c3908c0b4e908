import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { assign, closeStages, type FleetStage, openStage } from "./fleet-stage.ts";
import { createShipment } from "./worker-process-fake.ts";

afterEach(closeStages);

const DRAIN_MS = 9000;

async function crash(stage: FleetStage, index: number): Promise<void> {
  stage.workers.at(index).exit("SIGSEGV");
  await stage.workers.settle();
}

describe("a fleet whose workers are replaced", () => {
  it("has each successor serve before its predecessor drains, one after the other", async () => {
    const stage = await openStage();
    await stage.fleet.roll(assign(2), 2, DRAIN_MS);
    await stage.workers.settle();
    assert.deepEqual(stage.workers.journal, ["102 serves 2", "100 drains", "100 ends", "103 serves 2", "101 drains", "101 ends"]);
    assert.deepEqual(stage.pids, [102, 103]);
    assert.equal(stage.workers.at(2).descriptors.get("http"), 1002);
    assert.equal(stage.fleet.crashesOf(0), 0);
    await crash(stage, 2);
    await stage.workers.pass(0);
    assert.equal(stage.workers.at(4).descriptors.get("http"), 1002);
  });

  it("does not wait for the predecessors' requests, and ends one that goes on too long", async () => {
    const stage = await openStage();
    for (const process of stage.workers.processes) process.reactions.drain = "hang";
    await stage.fleet.roll(assign(2), 2, DRAIN_MS);
    assert.deepEqual(stage.served, { 100: 1, 101: 1, 102: 2, 103: 2 });
    assert.deepEqual(
      stage.fleet.retiring.map(({ pid }) => pid),
      [100, 101],
    );
    await stage.workers.pass(DRAIN_MS + 1499);
    assert.equal(stage.workers.living.length, 4);
    await stage.workers.pass(1);
    assert.deepEqual(stage.served, { 102: 2, 103: 2 });
    assert.deepEqual(stage.fleet.retiring, []);
  });

  for (const serve of ["refuse", "die"] as const) {
    it(`leaves the predecessors, and no process, when the first successor is to serve and ${serve}s`, async () => {
      const stage = await openStage();
      stage.expect({ serve });
      await assert.rejects(stage.fleet.roll(assign(2), 2, DRAIN_MS));
      await stage.workers.settle();
      assert.deepEqual(stage.served, { 100: 1, 101: 1 });
      assert.deepEqual(stage.pids, [100, 101]);
      assert.equal(stage.workers.at(0).types.includes("drain"), false);
      stage.expect({ serve: "answer" });
      await crash(stage, 0);
      await stage.workers.pass(0);
      assert.deepEqual(stage.served, { 101: 1, 103: 1 }, "what is in force is what it was");
      assert.equal(stage.workers.at(-1).descriptors.get("http"), 1001);
    });
  }

  it("gives up on a successor that says nothing for a minute", async () => {
    const stage = await openStage();
    stage.expect({ serve: "hang" });
    const rolled = assert.rejects(stage.fleet.roll(assign(2), 2, DRAIN_MS), /no answer in time/);
    await stage.workers.settle();
    await stage.workers.pass(60_000);
    await rolled;
    assert.deepEqual(stage.served, { 100: 1, 101: 1 });
  });

  it("puts back what was replaced already when a later successor can't start", async () => {
    const stage = await openStage(3);
    stage.workers.planned.set(4, { serve: "refuse" });
    await assert.rejects(stage.fleet.roll(assign(2), 3, DRAIN_MS), /104 can't/);
    await stage.workers.settle();
    assert.deepEqual(stage.served, { 101: 1, 102: 1, 105: 1 });
    assert.deepEqual(stage.pids, [105, 101, 102]);
    assert.equal(stage.workers.at(5).descriptors.get("http"), 1001);
  });

  it("leaves what was replaced by the same configuration when a later successor can't start", async () => {
    const stage = await openStage();
    stage.workers.planned.set(3, { serve: "refuse" });
    await assert.rejects(stage.fleet.roll(assign(2, "g1"), 2, DRAIN_MS), /103 can't/);
    await stage.workers.settle();
    assert.deepEqual(stage.pids, [102, 101]);
    assert.equal(stage.workers.living.length, 2);
    await stage.fleet.switchTo(createShipment(3));
    assert.deepEqual(stage.served, { 101: 3, 102: 3 });
  });

  it("has more workers afterwards, or fewer", async () => {
    const stage = await openStage();
    await stage.fleet.roll(assign(2), 3, DRAIN_MS);
    await stage.workers.settle();
    assert.deepEqual(stage.served, { 102: 2, 103: 2, 104: 2 });
    await stage.fleet.roll(assign(3), 1, DRAIN_MS);
    await stage.workers.settle();
    assert.deepEqual(stage.served, { 105: 3 });
    await stage.workers.pass(60_000);
    assert.deepEqual(stage.pids, [105]);
    assert.deepEqual(
      stage.told.filter((line) => line.includes("crashed")),
      [],
    );
  });

  it("has as many as before when one of more can't start", async () => {
    const stage = await openStage(1);
    stage.workers.planned.set(2, { serve: "refuse" });
    await assert.rejects(stage.fleet.roll(assign(2), 3, DRAIN_MS), /102 can't/);
    await stage.workers.settle();
    assert.deepEqual(stage.served, { 103: 1 });
    await stage.workers.pass(60_000);
    assert.deepEqual(stage.pids, [103]);
  });

  it("has one worker a slot when a predecessor crashes while its successor starts", async () => {
    const stage = await openStage();
    stage.expect({ serve: "hang" });
    const rolled = stage.fleet.roll(assign(2), 2, DRAIN_MS);
    await stage.workers.settle();
    stage.expect({ serve: "answer" });
    await crash(stage, 0);
    await stage.workers.pass(1000);
    assert.equal(stage.workers.processes.length, 3, "its place is taken already");
    stage.workers.at(2).serves = 2;
    stage.workers.at(2).say({ type: "serving", id: 2 });
    await rolled;
    await stage.workers.settle();
    assert.deepEqual(stage.served, { 102: 2, 103: 2 });
    assert.deepEqual(stage.pids, [102, 103]);
  });

  it("starts another with what is in force when both crash, predecessor and successor", async () => {
    const stage = await openStage();
    stage.expect({ serve: "hang" });
    const rolled = assert.rejects(stage.fleet.roll(assign(2), 2, DRAIN_MS));
    await stage.workers.settle();
    stage.expect({ serve: "answer" });
    await crash(stage, 0);
    await crash(stage, 2);
    await rolled;
    assert.deepEqual(stage.served, { 101: 1 });
    await stage.workers.pass(100);
    assert.deepEqual(stage.served, { 101: 1, 103: 1 });
    assert.deepEqual(stage.pids, [103, 101]);
  });

  it("lets one that starts in the place of a crashed one have its turn, and replaces it then", async () => {
    const stage = await openStage();
    stage.expect({ serve: "hang" });
    await crash(stage, 0);
    await stage.workers.pass(0);
    const rolled = stage.fleet.roll(assign(2), 2, DRAIN_MS);
    await stage.workers.settle();
    assert.equal(stage.workers.processes.length, 3);
    stage.expect({ serve: "answer" });
    stage.workers.at(2).serves = 1;
    stage.workers.at(2).say({ type: "serving", id: 1 });
    await rolled;
    await stage.workers.settle();
    assert.deepEqual(stage.pids, [103, 104]);
    assert.deepEqual(stage.served, { 103: 2, 104: 2 });
  });

  it("does not wait for the back-off of one that crashed", async () => {
    const stage = await openStage();
    stage.expect({ serve: "die" });
    await crash(stage, 0);
    await stage.workers.pass(0);
    stage.expect({ serve: "answer" });
    await stage.fleet.roll(assign(2), 2, DRAIN_MS);
    await stage.workers.pass(60_000);
    assert.deepEqual(Object.values(stage.served), [2, 2]);
    assert.equal(stage.workers.processes.length, 5);
  });
});

describe("a fleet that stops", () => {
  it("drains every worker and resolves when all have ended", async () => {
    const stage = await openStage();
    stage.workers.at(1).reactions.drain = "hang";
    let isOver = false;
    void stage.fleet.stop(5000).then(() => {
      isOver = true;
    });
    await stage.workers.settle();
    assert.deepEqual(stage.served, { 101: 1 });
    assert.equal(isOver, false);
    await stage.workers.pass(6500);
    assert.equal(isOver, true);
    assert.deepEqual(
      stage.told.filter((line) => line.includes("crashed")),
      [],
    );
  });

  it("ends workers in every state: serving, hung, replaced, starting, waiting to be started", async () => {
    const stage = await openStage(3);
    for (const process of stage.workers.processes) process.reactions.drain = "hang";
    await stage.fleet.roll(assign(2), 3, DRAIN_MS);
    assert.equal(stage.workers.living.length, 6);
    // Of the three that serve, the first will die young twice and wait, the second is replaced by one that hangs.
    stage.workers.at(4).reactions.drain = "hang";
    stage.workers.planned.set(6, { serve: "die" });
    await crash(stage, 3);
    await stage.workers.pass(0);
    stage.expect({ serve: "hang", drain: "hang" });
    await crash(stage, 5);
    await stage.workers.pass(0);
    assert.deepEqual(stage.served, { 100: 1, 101: 1, 102: 1, 104: 2, 107: 0 });
    assert.deepEqual(stage.pids, [104, 107]);
    const stopped = stage.fleet.stop(1000);
    await stage.workers.pass(2500);
    await stopped;
    assert.deepEqual(stage.workers.living, []);
    assert.equal(stage.workers.clock.pendingCalls, 0);
    assert.equal(stage.workers.processes.length, 8);
  });

  it("starts nothing more, neither a crashed worker's successor nor the rest of a roll", async () => {
    const stage = await openStage(3);
    await crash(stage, 0);
    stage.expect({ serve: "hang" });
    const rolled = assert.rejects(stage.fleet.roll(assign(2), 3, DRAIN_MS), /./);
    await stage.workers.settle();
    const starting = stage.workers.at(3);
    const stopped = stage.fleet.stop(1000);
    starting.say({ type: "serving", id: 2 });
    await stage.workers.settle();
    await stopped;
    await rolled;
    assert.equal(stage.workers.processes.length, 4);
    assert.ok(starting.isGone);
  });

  it("counts no worker as crashed that is killed when draining took too long, and kills all at once when told to", async () => {
    const stage = await openStage();
    for (const process of stage.workers.processes) process.reactions.drain = "hang";
    const stopped = stage.fleet.stop(60_000);
    await stage.workers.settle();
    stage.fleet.killAll();
    await stopped;
    assert.deepEqual(stage.told, ["100 ended", "101 ended"]);
    assert.equal(stage.workers.clock.pendingCalls, 0);
  });
});

describe("a fleet that asks its workers", () => {
  it("tells challenges to all, to those that start later too", async () => {
    const stage = await openStage();
    await stage.fleet.setChallenges({ http: {}, alpn: {} } as never);
    assert.ok(stage.workers.processes.every(({ types }) => types.includes("challenges")));
    await stage.fleet.roll(assign(2), 2, DRAIN_MS);
    assert.ok(stage.workers.processes.every(({ types }) => types.includes("challenges")));
  });

  it("has an answer for each worker that serves or drains, null for one that says nothing", async () => {
    const stage = await openStage();
    stage.workers.at(0).reactions.drain = "hang";
    await stage.fleet.roll(assign(2), 1, DRAIN_MS);
    await stage.workers.settle();
    stage.workers.at(2).reactions.ask = "hang";
    const asked = stage.fleet.snapshots(false);
    await stage.workers.settle();
    await stage.workers.pass(2000);
    assert.deepEqual(
      (await asked).map(({ worker, snapshot }) => [worker.pid, snapshot]),
      [
        [102, null],
        [100, null],
      ],
    );
  });

  it("tells a problem that several have once", async () => {
    const stage = await openStage(3);
    for (const process of stage.workers.processes) process.reactions.ask = "hang";
    const told = stage.fleet.reopenLogs();
    for (const process of stage.workers.processes.slice(0, 2))
      process.say({ type: "answer", ask: 1, snapshot: null, problem: "disk full" });
    stage.workers.at(2).say({ type: "answer", ask: 1, snapshot: null, problem: null });
    assert.deepEqual(await told, ["disk full"]);
  });
});
