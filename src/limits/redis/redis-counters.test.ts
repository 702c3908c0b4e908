// How takes become calls, and what becomes of them when a call fails: with a link of the test's own.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../base/index.ts";
import { decide, makeMeter } from "../counters.contract.ts";
import { Ask, BY_CLOSED, BY_LOCAL, BY_OPEN, BY_STORE, Take } from "../counters.ts";
import { ModelCounters } from "../models/index.ts";
import type { LuaScript, RedisLink } from "./link.ts";
import { RedisCounters } from "./redis-counters.ts";

interface Call {
  readonly keys: readonly string[];
  readonly values: readonly string[];
  answer(text: unknown): Promise<void>;
  fail(): Promise<void>;
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

class FakeLink implements RedisLink {
  isUp = true;
  epoch = 0;
  readonly started = Promise.resolve();
  readonly calls: Call[] = [];

  run(_script: LuaScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.calls.push({
        keys,
        values: values.map(String),
        answer(text) {
          resolve(text);
          return settled();
        },
        fail() {
          reject(new Error("away"));
          return settled();
        },
      });
    });
  }

  close(): void {}
}

function stage(isCluster = false) {
  const link = new FakeLink();
  const clock = new FakeClock();
  const local = new ModelCounters(() => clock.wall());
  const counters = new RedisCounters({ link, isCluster, prefix: "p:", local, clock });
  return { link, clock, local, counters };
}

const rule = { kind: "slidingWindow", limit: 5, windowMs: 1000 } as const;
const codesOf = (call: Call) => call.values[0]!;
const rulesOf = (call: Call) => call.values.slice(2);

describe("exact counters in Redis", () => {
  it("send the takes of a turn in one call, each rule once, and read each its answer", async () => {
    const { link, counters } = stage();
    const [one, two] = [makeMeter(rule), makeMeter({ kind: "tokenBucket", ratePerMs: 0.5, burst: 3 }, { isDryRun: true })];
    const first = [new Ask(one, "a", 1), new Ask(two, "b", 2)];
    const second = [new Ask(one, "c", 1)];
    const takes = [decide(counters, first), decide(counters, second)];
    counters.charge(one, "d", -3);
    assert.equal(link.calls.length, 0);
    await settled();
    assert.equal(link.calls.length, 1);
    const call = link.calls[0]!;
    assert.deepEqual(call.keys, [`p:${one.id}:a`, `p:${two.id}:b`, `p:${one.id}:c`, `p:${one.id}:d`]);
    assert.equal(codesOf(call), `!" ! # `);
    assert.deepEqual(rulesOf(call), ["2 0 1 5 1000", "4 1 2 0.5 3", "2 2 -3 5 1000"]);
    await call.answer("1 4 1000 0 0 0 1 20 30 0 0 0 70 80 0");
    await Promise.all(takes);
    const told = [...first, ...second].map((ask) => [ask.isAdmitted, ask.remaining, ask.resetMs, ask.retryMs, ask.delayMs, ask.decidedBy]);
    assert.deepEqual(told, [
      [true, 4, 1000, 0, 0, BY_STORE],
      [false, 1, 20, 30, 0, BY_STORE],
      [false, 0, 70, 80, 0, BY_STORE],
    ]);
  });

  it("bound a call: takes, keys and rules", async () => {
    const { link, counters } = stage();
    const meter = makeMeter(rule);
    for (let i = 0; i < 200; i++) counters.take(new Take([new Ask(meter, `${i}`, 1)], { onDecided: () => undefined }));
    await settled();
    assert.deepEqual(
      link.calls.map(({ keys }) => keys.length),
      [128, 72],
    );
    link.calls.length = 0;
    for (let cost = 1; cost <= 100; cost++) counters.take(new Take([new Ask(meter, "k", cost)], { onDecided: () => undefined }));
    await settled();
    assert.deepEqual(
      link.calls.map((call) => rulesOf(call).length),
      [90, 10],
    );
    link.calls.length = 0;
    const asks = Array.from({ length: 150 }, () => new Ask(makeMeter(rule), "k", 1));
    const take = decide(counters, asks);
    await settled();
    assert.deepEqual(
      link.calls.map(({ keys }) => keys.length),
      [64, 86],
    );
    for (const call of link.calls) await call.answer(call.keys.map(() => "1 4 9 0 0").join(" "));
    assert.equal((await take).isAdmitted, true);
  });

  it("decide by each meter's own mode when a call fails, and at once while the link is down", async () => {
    const { link, counters } = stage();
    const modes = ["open", "closed", "local"] as const;
    const meters = modes.map((onStoreFailure) => makeMeter({ kind: "fixedWindow", limit: 1, windowMs: 1000 }, { onStoreFailure }));
    const ask = () => meters.map((meter) => new Ask(meter, "k", 1));
    const asks = ask();
    const takes = asks.map((each) => decide(counters, [each]));
    await settled();
    await link.calls[0]!.fail();
    await Promise.all(takes);
    assert.deepEqual(
      asks.map(({ decidedBy, isAdmitted }) => [decidedBy, isAdmitted]),
      [
        [BY_OPEN, true],
        [BY_CLOSED, false],
        [BY_LOCAL, true],
      ],
    );
    link.isUp = false;
    const later = ask();
    for (const each of later) assert.equal(counters.take(new Take([each], { onDecided: () => assert.fail() })), true);
    assert.deepEqual(
      later.map(({ isAdmitted }) => isAdmitted),
      [true, false, false],
    );
  });

  it("decide what is open when they are closed", async () => {
    const { counters } = stage();
    const ask = new Ask(makeMeter(rule, { onStoreFailure: "open" }), "k", 1);
    const take = decide(counters, [ask]);
    counters.close();
    await take;
    assert.equal(ask.decidedBy, BY_OPEN);
  });
});

describe("units of concurrency in Redis", () => {
  const rule = { kind: "concurrency", limit: 9 } as const;
  const admitted = "1 8 0 0 0";

  it("are given back once, and held on to thrice a minute for as long as somebody has them", async () => {
    const { link, counters, clock } = stage();
    const meter = makeMeter(rule, { onStoreFailure: "open" });
    const ask = new Ask(meter, "k", 2);
    const take = decide(counters, [ask]);
    await settled();
    await link.calls.shift()!.answer(admitted);
    await take;
    clock.advance(20_000);
    await settled();
    assert.deepEqual(rulesOf(link.calls.shift()!), ["6 3 2 9 2"]);
    // While an answer is on its way, the server may count it or not.
    void decide(counters, [new Ask(meter, "k", 1)]);
    await settled();
    link.calls.shift();
    clock.advance(20_000);
    await settled();
    assert.deepEqual(rulesOf(link.calls.shift()!), ["6 3 2 9 3"]);
    counters.release(ask);
    counters.release(ask);
    await settled();
    assert.equal(link.calls.length, 1);
    assert.deepEqual(rulesOf(link.calls[0]!), ["6 2 -2 9 0"]);
    counters.close();
    assert.equal(clock.pendingCalls, 0);
  });

  it("are said again to a server that is back, those that it may count for nobody, too", async () => {
    const { link, counters } = stage();
    const meter = makeMeter(rule, { onStoreFailure: "open" });
    const held = decide(counters, [new Ask(meter, "held", 2)]);
    await settled();
    await link.calls.shift()!.answer(admitted);
    await held;
    const lost = decide(counters, [new Ask(meter, "lost", 3)]);
    await settled();
    await link.calls.shift()!.fail();
    await lost;
    link.epoch = 1;
    void decide(counters, [new Ask(makeMeter({ kind: "fixedWindow", limit: 1, windowMs: 1 }), "other", 1)]);
    await settled();
    const call = link.calls[0]!;
    assert.deepEqual(call.keys.slice(0, 2), [`p:${meter.id}:held`, `p:${meter.id}:lost`]);
    assert.deepEqual(rulesOf(call).slice(0, 2), ["6 3 2 9 2", "6 3 0 9 0"]);
    counters.close();
  });

  it("are said again within a second when nobody asks for anything", async () => {
    const { link, counters, clock } = stage();
    const take = decide(counters, [new Ask(makeMeter(rule), "k", 2)]);
    await settled();
    await link.calls.shift()!.answer(admitted);
    await take;
    link.isUp = false;
    clock.advance(5000);
    await settled();
    assert.equal(link.calls.length, 0);
    link.isUp = true;
    link.epoch++;
    clock.advance(1000);
    await settled();
    assert.deepEqual(rulesOf(link.calls[0]!), ["6 3 2 9 2"]);
    counters.close();
  });

  it("that this gateway counted alone are given back to it", async () => {
    const { link, counters, local } = stage();
    link.isUp = false;
    const meter = makeMeter({ kind: "concurrency", limit: 1 }, { onStoreFailure: "local" });
    const ask = new Ask(meter, "k", 1);
    await decide(counters, [ask]);
    link.isUp = true;
    counters.release(ask);
    const next = new Ask(meter, "k", 1);
    await decide(local, [next]);
    assert.equal(next.isAdmitted, true);
    counters.close();
  });
});

describe("an answer that is none of the script's", () => {
  const two = "1 4 1000 0 0 1 4 1000 0 0";
  const answers = [null, 7, ["1", "4"], "", "1 4 1000 0", "1 4 1000 0 0", `${two} 0`, `${two} `, ` ${two}`, two.replace(" ", "  ")];
  const texts = ["1 4 1000 -1 0", "1 4.5 1000 0 0", "1 4 nan 0 0", "1 4 1e9 0 0", "1 4 1234567890123456 0 0"].map(
    (one) => `${one} 1 4 1000 0 0`,
  );
  for (const answer of [...answers, ...texts]) {
    it(`is no decision: ${JSON.stringify(answer)}`, async () => {
      const { link, counters } = stage();
      const meters = [makeMeter(rule, { onStoreFailure: "open" }), makeMeter(rule, { onStoreFailure: "closed" })] as const;
      const asks = meters.map((meter) => new Ask(meter, "k", 1));
      const takes = asks.map((ask) => decide(counters, [ask]));
      await settled();
      await link.calls[0]!.answer(answer);
      await Promise.all(takes);
      assert.deepEqual(
        asks.map(({ isAdmitted, decidedBy, remaining }) => [isAdmitted, decidedBy, remaining]),
        [
          [true, BY_OPEN, 0],
          [false, BY_CLOSED, 0],
        ],
      );
      counters.close();
    });
  }
});

describe("exact counters in a cluster", () => {
  /** Two keys whose tags differ. */
  async function spread(link: FakeLink, counters: RedisCounters, asks: readonly Ask[]) {
    const take = decide(counters, asks);
    await settled();
    return { take, calls: link.calls.splice(0) };
  }

  it("send keys of one tag together, and those of several at once", async () => {
    const { link, counters } = stage(true);
    const meters = [makeMeter(rule), makeMeter(rule), makeMeter(rule)];
    const { calls } = await spread(link, counters, [new Ask(meters[0]!, "a", 1), new Ask(meters[1]!, "b", 1), new Ask(meters[2]!, "a", 1)]);
    assert.deepEqual(
      calls.map(({ keys }) => keys.length),
      [2, 1],
    );
    for (const { keys } of calls) {
      const tags = keys.map((key) => /^p:\{(\d+)\}/.exec(key)![1]);
      assert.equal(new Set(tags).size, 1);
      assert.ok(Number(tags[0]) < 64);
    }
    counters.close();
  });

  it("give back what one counted when another refuses", async () => {
    const { link, counters } = stage(true);
    const [wide, narrow, dry] = [makeMeter(rule), makeMeter(rule), makeMeter(rule, { isDryRun: true })];
    const busy = makeMeter({ kind: "concurrency", limit: 5 });
    const asks = [new Ask(wide, "a", 2), new Ask(narrow, "b", 1), new Ask(busy, "a", 1), new Ask(dry, "a", 1)];
    const { take, calls } = await spread(link, counters, asks);
    await calls[0]!.answer("1 3 1000 0 0 1 4 0 0 0 0 0 5 5 0");
    await calls[1]!.answer("0 0 1000 500 0");
    assert.equal((await take).isAdmitted, false);
    assert.equal(asks[0]!.remaining, 5);
    await settled();
    assert.deepEqual(rulesOf(link.calls[0]!), ["2 2 -2 5 1000", "6 2 -1 5 0"]);
    assert.equal(asks[2]!.lease, null);
    counters.close();
  });

  it("are decided without Redis when a part of it is away", async () => {
    const { link, counters } = stage(true);
    const meter = (onStoreFailure: "open" | "closed") => makeMeter(rule, { onStoreFailure });
    const asks = [new Ask(meter("open"), "a", 1), new Ask(meter("open"), "b", 1)];
    const { take, calls } = await spread(link, counters, asks);
    await calls[0]!.answer("1 3 1000 0 0");
    await calls[1]!.fail();
    assert.equal((await take).isAdmitted, true);
    assert.deepEqual(
      asks.map(({ decidedBy, remaining }) => [decidedBy, remaining]),
      [
        [BY_OPEN, 0],
        [BY_OPEN, 0],
      ],
    );
    await settled();
    assert.deepEqual(rulesOf(link.calls[0]!), ["2 2 -1 5 1000"]);
    counters.close();
  });
});
