// Quotas while their store is away, slow, or answers nobody: what is admitted then, and how it comes back.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../base/index.ts";
import { Ask, BY_CLOSED, BY_LOCAL, BY_OPEN, BY_STORE, type CountersWatcher, Take } from "../counters.ts";
import type { OnStoreFailure, QuotaRule } from "../rule.ts";
import { QuotaLedger } from "./index.ts";
import { FailingStore, pass, QuotaStage, settle } from "./quota-stage.contract.ts";

class Watcher implements CountersWatcher {
  readonly states: string[] = [];

  onStore(store: string, state: "up" | "down", detail: string): void {
    this.states.push(`${store} ${state}: ${detail}`);
  }
}

function createStage(onStoreFailure: OnStoreFailure, rule: Partial<QuotaRule> = {}) {
  const watcher = new Watcher();
  const stage = new QuotaStage(rule, { watcher }, { onStoreFailure });
  return { stage, watcher };
}

describe("a quota whose store is away", () => {
  for (const [mode, isAdmitted, by] of [
    ["open", true, BY_OPEN],
    ["closed", false, BY_CLOSED],
    ["local", true, BY_LOCAL],
  ] as const) {
    it(`is decided as \`${mode}\` says: after the timeout once, then at once`, async () => {
      const { stage, watcher } = createStage(mode);
      stage.store.mode = "hangs";
      const first = stage.ask("k");
      await stage.pass(49);
      assert.equal(first.isDecided, false);
      await stage.pass(1);
      assert.deepEqual([first.isDecided, first.ask.isAdmitted, first.ask.decidedBy], [true, isAdmitted, by]);
      for (const key of ["k", "other"]) {
        const next = stage.ask(key);
        assert.deepEqual([next.isDecided, next.ask.isAdmitted, next.ask.decidedBy], [true, isAdmitted, by]);
      }
      await stage.pass(5000);
      assert.equal(stage.ask("k").isDecided, true);
      assert.deepEqual(watcher.states.slice(1), ["database down: no answer within 50 ms"]);
      stage.store.recover();
      await stage.pass(1000);
      assert.deepEqual(watcher.states.slice(2), ["database up: it answers"]);
      const ask = await stage.answer("k", 1);
      assert.deepEqual([ask.isAdmitted, ask.decidedBy], [true, BY_STORE]);
    });
  }

  it("is decided by what its lease has left for as long as that lasts", async () => {
    const { stage } = createStage("closed");
    await stage.warm("k");
    stage.store.mode = "fails";
    const { ask } = stage.ask("k");
    assert.deepEqual([ask.isAdmitted, ask.decidedBy], [true, BY_STORE]);
    await stage.run("k", 20, 1);
    assert.equal(stage.ask("k").ask.decidedBy, BY_CLOSED);
    stage.store.recover();
    await stage.pass(1000);
    assert.equal((await stage.answer("k", 1)).decidedBy, BY_STORE);
  });

  it("is tried once more where it fails at once: it may have been an old connection", async () => {
    const { stage, watcher } = createStage("closed");
    stage.store.mode = "fails";
    const asked = stage.ask("k");
    queueMicrotask(() => {
      stage.store.mode = "answers";
    });
    await settle();
    assert.deepEqual([asked.isDecided, asked.ask.isAdmitted, asked.ask.decidedBy], [true, true, BY_STORE]);
    assert.deepEqual(watcher.states, ["database up: it answers"]);
    stage.store.mode = "fails";
    assert.equal((await stage.answer("other", 1)).decidedBy, BY_CLOSED);
    assert.deepEqual(watcher.states.slice(1), ["database down: the database can't be asked"]);
  });

  it("is told once for each change, and comes back within two seconds of the store, with or without requests", async () => {
    const { stage, watcher } = createStage("closed");
    await stage.answer("k", 1);
    for (let round = 0; round < 3; round++) {
      for (const mode of ["fails", "hangs"] as const) {
        stage.store.mode = mode;
        stage.ask(`${round} ${mode}`);
        await stage.pass(30_000);
        stage.store.recover();
        await stage.pass(2000);
      }
    }
    const states = watcher.states.map((text) => text.slice("database ".length).split(":")[0]);
    assert.deepEqual(states, ["up", ...Array.from({ length: 6 }, () => ["down", "up"]).flat()]);
  });

  it("is asked again for a key whose first question gets no answer any more", async () => {
    const { stage } = createStage("closed");
    stage.store.mode = "hangs";
    stage.ask("k");
    await stage.pass(60);
    stage.store.mode = "answers";
    await stage.pass(1000);
    const asked = stage.ask("k");
    await settle();
    assert.deepEqual([asked.isDecided, asked.ask.isAdmitted, asked.ask.decidedBy], [true, true, BY_STORE]);
    // It comes after all, and counts once more: less is admitted, never more.
    stage.store.recover();
    await stage.pass(15_000);
    assert.equal(await stage.used("k"), 1);
  });

  it("that answers slower than the timeout stays away, and what it grants is used all the same", async () => {
    const { stage, watcher } = createStage("closed");
    stage.store.mode = "hangs";
    stage.ask("k");
    await stage.pass(50);
    for (let i = 0; i < 5; i++) {
      // It is tried each half second.
      await stage.pass(500);
      await stage.pass(60);
      stage.store.recover();
      stage.store.mode = "hangs";
      await stage.pass(440);
    }
    assert.deepEqual(watcher.states.slice(1), ["database down: no answer within 50 ms"]);
    await settle();
    assert.equal(stage.ask("k").ask.decidedBy, BY_STORE);
  });

  it("has what was used meanwhile as soon as it is back, beyond the end if need be", async () => {
    const { stage } = createStage("open", { limit: 100 });
    await stage.admitted("k", 90);
    stage.store.mode = "fails";
    assert.equal(await stage.admitted("k", 50), 50);
    assert.equal(await stage.used("k"), 90);
    stage.store.recover();
    await stage.pass(1000);
    assert.equal(await stage.used("k"), 140);
    const { ask } = stage.ask("k");
    assert.deepEqual([ask.isAdmitted, ask.used, ask.remaining], [false, 140, 0]);
  });

  it("is counted on alone from what was known, where it is `local`", async () => {
    const { stage } = createStage("local", { limit: 100, per: "hour" });
    await stage.admitted("k", 90);
    stage.store.mode = "fails";
    assert.equal(await stage.admitted("k", 50), 10);
    assert.equal(await stage.admitted("new", 500), 100);
    const { ask } = stage.ask("new");
    assert.deepEqual([ask.isAdmitted, ask.decidedBy, ask.remaining], [false, BY_LOCAL, 0]);
    await stage.pass(3_600_000);
    assert.equal(await stage.admitted("new", 500), 100);
    stage.store.recover();
    await stage.pass(1000);
    assert.deepEqual(await stage.periods("new"), [
      ["2026-01-01T00", 100],
      ["2026-01-01T01", 100],
    ]);
    assert.deepEqual(await stage.periods("k"), [["2026-01-01T00", 100]]);
  });

  it("is decided for each limit of a request by its own: one that is closed has none of them counted", async () => {
    const { stage } = createStage("open");
    const closed = stage.createMeter({}, { limit: "other", onStoreFailure: "closed" });
    stage.store.mode = "fails";
    await stage.answer("k", 1);
    const asks = [new Ask(stage.meter, "k", 1), new Ask(closed, "k", 1)];
    const take = new Take(asks, { onDecided: () => undefined });
    assert.equal(stage.ledger.take(take), true);
    assert.deepEqual([take.isAdmitted, ...asks.map(({ decidedBy }) => decidedBy)], [false, BY_OPEN, BY_CLOSED]);
    assert.equal(asks[0]!.used, 1);
    const dry = stage.createMeter({}, { limit: "dry", onStoreFailure: "closed", isDryRun: true });
    const both = new Take([new Ask(stage.meter, "k", 1), new Ask(dry, "k", 1)], { onDecided: () => undefined });
    stage.ledger.take(both);
    assert.deepEqual([both.isAdmitted, both.asks[0]!.used, both.asks[1]!.isAdmitted], [true, 2, false]);
  });

  it("keeps no more than so many keys in mind, however many are let in without it", async () => {
    const watcher = new Watcher();
    const stage = new QuotaStage({}, { watcher, maxKeys: 50 }, { onStoreFailure: "open" });
    stage.store.mode = "fails";
    for (let i = 0; i < 500; i++) await stage.answer(`k${i}`, 1);
    stage.store.recover();
    await stage.pass(2000);
    const told = (await stage.store.list({}, stage.clock.wall())).length;
    assert.ok(told >= 50 && told <= 110, `${told}`);
  });
});

describe("a store that is opened", () => {
  const open = (store: FailingStore) => {
    const watcher = new Watcher();
    const clock = new FakeClock();
    return { watcher, clock, ledger: new QuotaLedger(store, { clock, watcher }) };
  };

  it("is up before anybody asks", async () => {
    const { watcher, ledger } = open(new FailingStore());
    await ledger.ready;
    assert.deepEqual(watcher.states, ["database up: it answers"]);
  });

  it("is known to be away before anybody asks, and tried until it is there", async () => {
    const store = new FailingStore();
    store.mode = "fails";
    const { watcher, clock, ledger } = open(store);
    await ledger.ready;
    assert.deepEqual(watcher.states, ["database down: the database can't be asked"]);
    store.recover();
    await pass(clock, 1000);
    assert.deepEqual(watcher.states.slice(1), ["database up: it answers"]);
  });
});

describe("an answer that is lost", () => {
  it("takes away what it granted, and nothing is had twice", async () => {
    const { stage } = createStage("closed", { limit: 100 });
    stage.store.mode = "lost";
    assert.equal(await stage.admitted("k", 30), 0);
    stage.store.recover();
    await stage.pass(1000);
    const admitted = await stage.admitted("k", 200);
    assert.ok(admitted <= 70 && admitted > 0, `${admitted}`);
    await stage.ledger.drain();
    assert.equal(await stage.used("k"), 100);
  });

  it("to what is given back gives it back once", async () => {
    const { stage } = createStage("closed", { limit: 100 });
    const other = stage.createLedger();
    await stage.answer("k", 1);
    stage.ledger.charge(stage.meter, "k", 49);
    await stage.pass(200);
    stage.ledger.charge(stage.meter, "k", -49);
    stage.store.mode = "lost";
    await stage.pass(15_000);
    stage.store.recover();
    await stage.pass(2000);
    assert.equal(await stage.used("k"), 1);
    let admitted = 0;
    for (let i = 0; i < 200; i++) {
      const { ask } = await stage.decided("k", 1, i % 2 === 0 ? other : stage.ledger);
      if (ask.isAdmitted) admitted++;
    }
    assert.equal(admitted, 99);
  });
});

describe("a ledger that ends", () => {
  it("decides who waits, and gives back what comes too late for it", async () => {
    const { stage } = createStage("closed");
    stage.store.mode = "hangs";
    const waiting = stage.ask("k", 5);
    await settle();
    const drained = stage.ledger.drain();
    assert.deepEqual([waiting.isDecided, waiting.ask.isAdmitted], [true, false]);
    stage.store.recover();
    await drained;
    assert.equal(await stage.used("k"), 0);
    assert.equal(stage.clock.pendingCalls, 0);
    assert.equal(stage.ask("k").ask.decidedBy, BY_CLOSED);
  });

  it("does not wait for ever for a store that is away", async () => {
    for (const mode of ["hangs", "fails"] as const) {
      const { stage } = createStage("closed");
      await stage.warm("k");
      stage.store.mode = mode;
      let isDrained = false;
      void stage.ledger.drain().then(() => {
        isDrained = true;
      });
      await stage.pass(2000);
      assert.equal(isDrained, true, mode);
    }
  });
});
