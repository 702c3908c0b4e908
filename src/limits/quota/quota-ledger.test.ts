import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../base/index.ts";
import { describeCounters } from "../counters.contract.ts";
import { BY_STORE } from "../counters.ts";
import { QuotaLedger } from "./index.ts";
import { FailingStore, pass, QUOTA, QuotaStage, settle } from "./quota-stage.contract.ts";

describeCounters("quotas", {
  kinds: ["quota"],
  clock: "fake",
  create: () => {
    const clock = new FakeClock();
    const ledger = new QuotaLedger(new FailingStore(), { clock });
    return {
      counters: ledger,
      now: () => clock.wall(),
      advance: (ms) => pass(clock, ms),
      settle,
      close: () => ledger.drain(),
    };
  },
});

describe("a quota's leases", () => {
  it("have the first request of a key wait for the store, and decide the next ones at once", async () => {
    const stage = new QuotaStage();
    const first = stage.ask("k");
    assert.equal(first.isDecided, false);
    await settle();
    assert.deepEqual([first.isDecided, first.ask.isAdmitted, first.ask.used, first.ask.remaining], [true, true, 1, 999]);
    await stage.warm("k");
    const next = stage.ask("k");
    assert.deepEqual([next.isDecided, next.ask.isAdmitted, next.ask.decidedBy], [true, true, BY_STORE]);
    assert.equal(next.ask.resetMs, Date.UTC(2026, 1, 1) - stage.clock.wall());
  });

  it("are asked for once by all who wait, and by one call for the keys of a turn", async () => {
    const stage = new QuotaStage();
    const asked = ["a", "b", "a", "c", "a"].map((key) => stage.ask(key));
    await settle();
    assert.deepEqual(
      asked.map(({ ask }) => ask.isAdmitted),
      [true, true, true, true, true],
    );
    assert.deepEqual(
      stage.store.calls.map((requests) => requests.map(({ key, wanted }) => `${key} ${wanted}`)),
      [["a 3", "b 1", "c 1"]],
    );
  });

  it("take no write for each request: a few in a second, whatever the rate", async () => {
    const stage = new QuotaStage({ limit: 10_000_000 });
    for (const rate of [10, 100, 1000]) {
      await stage.run("k", rate, 10);
      stage.store.calls.length = 0;
      let late = 0;
      for (let i = 0; i < 10 * rate; i++) {
        if (!stage.ask("k").isDecided) late++;
        await stage.pass(1000 / rate);
      }
      assert.equal(late, 0, `at ${rate}`);
      assert.ok(stage.store.calls.length <= 30, `${stage.store.calls.length} calls in 10 s at ${rate} requests/s`);
    }
  });

  it("of somebody who asks once in two seconds are for several requests", async () => {
    const stage = new QuotaStage();
    await stage.run("k", 0.5, 60);
    stage.store.calls.length = 0;
    await stage.run("k", 0.5, 60);
    assert.ok(stage.store.calls.length <= 15, `${stage.store.calls.length}`);
  });

  it("of somebody who asks once a minute are for the one request", async () => {
    const stage = new QuotaStage();
    await stage.run("k", 1 / 60, 600);
    assert.deepEqual(
      stage.store.calls.map((requests) => requests.map(({ wanted }) => wanted)),
      Array.from({ length: 10 }, () => [1]),
    );
  });

  it("are given back when nobody has asked for ten seconds, and when the ledger ends", async () => {
    const stage = new QuotaStage();
    await stage.run("k", 100, 3);
    const reserved = await stage.used("k");
    assert.ok(reserved > 300, `${reserved}`);
    await stage.pass(12_000);
    assert.equal(await stage.used("k"), 300);
    assert.equal(await stage.admitted("k", 10), 10);
    await stage.ledger.drain();
    assert.equal(await stage.used("k"), 310);
    assert.equal(stage.clock.pendingCalls, 0);
  });

  it("are small where little is left, so that all of a quota can be had and nothing beyond it", async () => {
    const stage = new QuotaStage({ limit: 1000 });
    const other = stage.createLedger();
    let admitted = 0;
    for (let i = 0; i < 2000; i++) {
      const asked = await stage.decided("k", 1, i % 3 === 0 ? other : stage.ledger);
      if (asked.ask.isAdmitted) admitted++;
      if (i % 100 === 0) await stage.pass(50);
    }
    assert.equal(admitted, 1000);
    await Promise.all([stage.ledger.drain(), other.drain()]);
    assert.equal(await stage.used("k"), 1000);
  });

  it("that are used up refuse at once, and the store is asked once a second whether that is still so", async () => {
    const stage = new QuotaStage({ limit: 5 });
    assert.equal(await stage.admitted("k", 9), 5);
    stage.store.calls.length = 0;
    for (let i = 0; i < 99; i++) {
      const { isDecided, ask } = stage.ask("k");
      assert.deepEqual([isDecided, ask.isAdmitted, ask.remaining, ask.used], [true, false, 0, 5]);
      assert.equal(ask.retryMs, ask.resetMs);
      await stage.pass(10);
    }
    assert.equal(stage.store.calls.length, 0);
    await stage.pass(11);
    for (let i = 0; i < 50; i++) stage.ask("k");
    await settle();
    assert.equal(stage.store.calls.length, 1);
    await stage.store.reset(QUOTA.limit, "k", stage.clock.wall());
    await stage.pass(1001);
    assert.equal(await stage.admitted("k", 9), 5);
  });

  it("from before a reset are used no more when the store has said so", async () => {
    const stage = new QuotaStage({ limit: 1000 });
    await stage.run("k", 200, 3);
    await stage.store.reset(QUOTA.limit, "k", stage.clock.wall());
    await stage.run("k", 200, 1);
    const { used, remaining } = await stage.answer("k", 0);
    assert.ok(used >= 0 && remaining <= 1000, `${used} ${remaining}`);
    let admitted = 0;
    for (let i = 0; i < 1500; i++) if ((await stage.answer("k", 1)).isAdmitted) admitted++;
    // What was held ready at the reset, an eighth of what there was then at most, is had besides.
    assert.ok(admitted >= 800 && admitted <= 850, `${admitted}`);
  });

  it("count what a request costs, and refuse for good what costs more than there is", async () => {
    const stage = new QuotaStage({ limit: 10 });
    assert.equal((await stage.answer("k", 11)).retryMs, 0);
    assert.equal((await stage.answer("k", 7)).isAdmitted, true);
    const refused = await stage.answer("k", 4);
    assert.deepEqual([refused.isAdmitted, refused.remaining, refused.used], [false, 3, 7]);
    assert.equal((await stage.answer("k", 3)).isAdmitted, true);
    const look = await stage.answer("k", 0);
    assert.deepEqual([look.isAdmitted, look.remaining, look.used], [true, 0, 10]);
  });

  it("begin anew with each period, and leave the last one as it was used", async () => {
    const stage = new QuotaStage({ limit: 1000, per: "hour" });
    await stage.run("k", 100, 5);
    await stage.pass(3_600_000 - 5000 - 1);
    assert.equal((await stage.answer("k", 1)).used, 501);
    await stage.pass(1);
    const first = await stage.answer("k", 1);
    assert.deepEqual([first.used, first.resetMs], [1, 3_600_000]);
    await stage.ledger.drain();
    assert.deepEqual(await stage.periods("k"), [
      ["2026-01-01T00", 501],
      ["2026-01-01T01", 1],
    ]);
  });

  it("are bounded in number: those that were used longest ago are given back", async () => {
    const stage = new QuotaStage({}, { maxKeys: 10 });
    for (let i = 0; i < 100; i++) await stage.admitted(`k${i}`, 2);
    await stage.pass(200);
    const reserved = (await stage.store.list({}, stage.clock.wall())).map(({ used }) => used);
    assert.equal(reserved.length, 100);
    await stage.ledger.drain();
    assert.ok((await stage.store.list({}, stage.clock.wall())).every(({ used }) => used === 2));
  });
});

describe("what a quota is charged afterwards", () => {
  it("comes from the lease, or is owed to the store", async () => {
    const stage = new QuotaStage({ limit: 100 });
    await stage.answer("k", 1);
    stage.ledger.charge(stage.meter, "k", 49);
    assert.equal((await stage.answer("k", 0)).used, 50);
    stage.ledger.charge(stage.meter, "k", 70);
    const look = await stage.answer("k", 0);
    assert.deepEqual([look.isAdmitted, look.used, look.remaining], [false, 120, 0]);
    await stage.pass(200);
    assert.equal(await stage.used("k"), 120);
  });

  it("goes back into the lease when it was less, and never more than was used", async () => {
    const stage = new QuotaStage({ limit: 100 });
    await stage.answer("k", 100);
    stage.ledger.charge(stage.meter, "k", -30);
    const { isDecided, ask } = stage.ask("k", 30);
    assert.deepEqual([isDecided, ask.isAdmitted], [true, true]);
    stage.ledger.charge(stage.meter, "k", -500);
    assert.equal(await stage.admitted("k", 200), 100);
    stage.ledger.charge(stage.meter, "other", -10);
    assert.equal(await stage.admitted("other", 200), 100);
  });
});

describe("warnings before a quota's end", () => {
  it("come once for each key, period and share", async () => {
    const warnings: string[] = [];
    const stage = new QuotaStage(
      { limit: 10, per: "hour" },
      { warnAt: () => [0.5, 0.8, 1], onWarning: ({ limit }, key, share, used) => warnings.push(`${limit} ${key} ${share} ${used}`) },
    );
    for (let i = 0; i < 12; i++) await stage.answer("k", 1);
    assert.deepEqual(warnings, ["orders k 0.5 5", "orders k 0.8 8", "orders k 1 10"]);
    await stage.pass(30_000);
    await stage.answer("k", 1);
    await stage.answer("other", 9);
    await stage.pass(3_600_000);
    await stage.answer("k", 6);
    assert.deepEqual(warnings.slice(3), ["orders other 0.5 9", "orders other 0.8 9", "orders k 0.5 6"]);
  });
});
