// The suite that whatever counts passes: random sequences are compared with the models, and the figures that people are promised stand as cases.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as fc from "fast-check";
import { Ask, type Counters, Take } from "./counters.ts";
import { ModelCounters } from "./models/index.ts";
import type { LimitRule, Meter } from "./rule.ts";

export interface CountersRig {
  readonly counters: Counters;
  /** The store's clock: whole Unix ms. */
  now(): number;
  /** Moves that clock on; one that can't be moved waits. */
  advance(ms: number): Promise<void>;
  /** Returns when charges and releases that were made have arrived. Where they do at once, there is none. */
  settle?(): Promise<void>;
  close(): Promise<void> | void;
}

export interface CountersSubject {
  /** Called once; every test counts by meters of its own. */
  create(): Promise<CountersRig> | CountersRig;
  /** What it can count. */
  readonly kinds: readonly LimitRule["kind"][];
  /** `real`: time goes on by itself, so that no random sequences are run, and the cases have windows that can be waited for. */
  readonly clock: "fake" | "real";
  /** How far a time in an answer may be off, with a fake clock. Default 0. */
  readonly slackMs?: number;
  /** Random sequences. Default 300. */
  readonly runs?: number;
  /** Why it can't be run here. */
  readonly skip?: string | false;
}

let meters = 0;
export function makeMeter(rule: LimitRule, more: Partial<Meter> = {}): Meter {
  const limit = `limit-${process.pid}-${++meters}`;
  return { limit, tier: "", id: `${limit}-${rule.kind}`, rule, onStoreFailure: null, isDryRun: false, ...more };
}

/** Asks, and waits until it is decided. */
export function decide(counters: Counters, asks: readonly Ask[]): Promise<Take> {
  return new Promise((resolve) => {
    const take = new Take(asks, { onDecided: resolve });
    if (counters.take(take)) resolve(take);
  });
}

export function describeCounters(name: string, subject: CountersSubject): void {
  const { skip = false } = subject;
  describe(`counters: ${name}`, { skip }, () => {
    let rig: CountersRig;
    before(async () => {
      if (skip === false) rig = await subject.create();
    });
    after(() => rig?.close());
    const stand = new Stand(() => rig, subject);
    if (subject.clock === "fake") randomSequences(stand);
    windowCases(stand);
    bucketCases(stand);
    concurrencyCases(stand);
    togetherCases(stand);
  });
}

/** What the cases are written with. */
class Stand {
  readonly #rig: () => CountersRig;
  readonly subject: CountersSubject;

  constructor(rig: () => CountersRig, subject: CountersSubject) {
    this.#rig = rig;
    this.subject = subject;
  }

  get rig(): CountersRig {
    return this.#rig();
  }

  get isFake(): boolean {
    return this.subject.clock === "fake";
  }

  /** Declares a test for whoever can count in these ways. */
  it(kinds: readonly LimitRule["kind"][], title: string, test: () => Promise<void>): void {
    if (kinds.every((kind) => this.subject.kinds.includes(kind))) it(title, test);
  }

  async ask(meter: Meter, key: string, cost: number): Promise<Ask> {
    const ask = new Ask(meter, key, cost);
    await decide(this.rig.counters, [ask]);
    return ask;
  }

  async charge(meter: Meter, key: string, units: number): Promise<void> {
    this.rig.counters.charge(meter, key, units);
    await this.rig.settle?.();
  }

  async release(ask: Ask): Promise<void> {
    this.rig.counters.release(ask);
    await this.rig.settle?.();
  }

  /** How many of `count` asks of one unit, one after the other, are admitted. */
  async admitted(meter: Meter, key: string, count: number): Promise<number> {
    const asks: Ask[] = [];
    for (let i = 0; i < count; i++) asks.push(new Ask(meter, key, 1));
    await Promise.all(asks.map((ask) => decide(this.rig.counters, [ask])));
    return asks.filter(({ isAdmitted }) => isAdmitted).length;
  }

  /** Waits until the store's clock is `ms` into a window. */
  async goTo(windowMs: number, ms: number): Promise<void> {
    const restMs = windowMs + ms - (this.rig.now() % windowMs);
    await this.rig.advance(restMs % windowMs);
  }
}

function windowCases(stand: Stand): void {
  // What a clock that can't be moved needs from one line of a case to the next must fit into a tenth of a window.
  const windowMs = stand.isFake ? 60_000 : 2000;
  const late = windowMs - windowMs / 4;

  describe("around the boundary of a window", () => {
    stand.it(["fixedWindow"], "a fixed window admits 100 just before it and 100 just behind it", async () => {
      const meter = makeMeter({ kind: "fixedWindow", limit: 100, windowMs });
      await stand.goTo(windowMs, late);
      assert.equal(await stand.admitted(meter, "k", 110), 100);
      await stand.goTo(windowMs, 0);
      assert.equal(await stand.admitted(meter, "k", 110), 100);
    });

    stand.it(["slidingWindow"], "a sliding window refuses the second burst, and lets it in as the first one ages", async () => {
      const meter = makeMeter({ kind: "slidingWindow", limit: 100, windowMs });
      await stand.goTo(windowMs, late);
      assert.equal(await stand.admitted(meter, "k", 110), 100);
      await stand.goTo(windowMs, 0);
      const soon = await stand.admitted(meter, "k", 110);
      if (stand.isFake) assert.equal(soon, 0);
      else assert.ok(soon <= 10, `${soon}`);
      await stand.goTo(windowMs, windowMs / 2);
      const later = soon + (await stand.admitted(meter, "k", 110));
      if (stand.isFake) assert.equal(later, 50);
      else assert.ok(later >= 50 && later <= 60, `${later}`);
    });

    stand.it(["slidingLog"], "a log refuses the second burst until the first one is a window old", async () => {
      const meter = makeMeter({ kind: "slidingLog", limit: 100, windowMs });
      await stand.goTo(windowMs, late);
      assert.equal(await stand.admitted(meter, "k", 110), 100);
      await stand.goTo(windowMs, windowMs / 4);
      assert.equal(await stand.admitted(meter, "k", 110), 0);
      await stand.goTo(windowMs, late + windowMs / 10);
      assert.equal(await stand.admitted(meter, "k", 110), 100);
    });
  });

  stand.it(["fixedWindow"], "a refused ask is told when the window ends, and keys are counted apart", async () => {
    const meter = makeMeter({ kind: "fixedWindow", limit: 3, windowMs });
    await stand.goTo(windowMs, windowMs / 4);
    const first = await stand.ask(meter, "a", 2);
    assert.deepEqual([first.isAdmitted, first.remaining, first.retryMs], [true, 1, 0]);
    const second = await stand.ask(meter, "a", 2);
    assert.deepEqual([second.isAdmitted, second.remaining], [false, 1]);
    assert.ok(second.retryMs > windowMs / 2 && second.retryMs <= windowMs * 0.75, `${second.retryMs}`);
    assert.ok(Math.abs(second.resetMs - second.retryMs) <= 1);
    assert.equal((await stand.ask(meter, "b", 2)).remaining, 1);
  });
}

function bucketCases(stand: Stand): void {
  stand.it(["tokenBucket"], "a bucket gives its burst at once, and a token each 1/rate", async () => {
    const everyMs = stand.isFake ? 10 : 400;
    const meter = makeMeter({ kind: "tokenBucket", ratePerMs: 1 / everyMs, burst: 5 });
    assert.equal(await stand.admitted(meter, "k", 9), 5);
    const refused = await stand.ask(meter, "k", 1);
    assert.equal(refused.isAdmitted, false);
    assert.ok(refused.retryMs > 0 && refused.retryMs <= everyMs, `${refused.retryMs}`);
    await stand.rig.advance(refused.retryMs);
    assert.equal(await stand.admitted(meter, "k", 9), 1);
    await stand.rig.advance(everyMs * 2.5);
    assert.equal(await stand.admitted(meter, "k", 9), 2);
  });

  stand.it(["leakyBucket"], "a leaky bucket has each one wait for the one before it, and refuses who would wait too long", async () => {
    const everyMs = stand.isFake ? 100 : 400;
    const meter = makeMeter({ kind: "leakyBucket", ratePerMs: 1 / everyMs, maxDelayMs: 2 * everyMs });
    const asks = [1, 1, 1, 1].map((cost) => new Ask(meter, "k", cost));
    for (const ask of asks) await decide(stand.rig.counters, [ask]);
    assert.deepEqual(
      asks.map(({ isAdmitted }) => isAdmitted),
      [true, true, true, false],
    );
    asks.slice(0, 3).forEach(({ delayMs }, place) => {
      assert.ok(delayMs <= place * everyMs && delayMs > (place - 0.5) * everyMs, `${place}: ${delayMs}`);
    });
    const { retryMs, delayMs } = asks[3]!;
    assert.ok(retryMs > 0 && retryMs <= everyMs, `${retryMs}`);
    assert.equal(delayMs, 0);
    await stand.rig.advance(retryMs);
    assert.equal((await stand.ask(meter, "k", 1)).isAdmitted, true);
  });
}

function concurrencyCases(stand: Stand): void {
  stand.it(["concurrency"], "what is at once is given back once, whoever says so again", async () => {
    const meter = makeMeter({ kind: "concurrency", limit: 2 });
    const [one, two, three] = [await stand.ask(meter, "k", 1), await stand.ask(meter, "k", 1), await stand.ask(meter, "k", 1)];
    assert.deepEqual([one.isAdmitted, two.isAdmitted, three.isAdmitted], [true, true, false]);
    await stand.release(three);
    assert.equal((await stand.ask(meter, "k", 1)).isAdmitted, false);
    await stand.release(one);
    await stand.release(one);
    assert.equal(await stand.admitted(meter, "k", 5), 1);
  });

  stand.it(["concurrency"], "a look takes no room", async () => {
    const meter = makeMeter({ kind: "concurrency", limit: 1 });
    const look = await stand.ask(meter, "k", 0);
    assert.deepEqual([look.isAdmitted, look.remaining], [true, 1]);
    await stand.release(look);
    assert.equal(await stand.admitted(meter, "k", 2), 1);
  });
}

/** A rule of the kind that admits exactly `limit` units for as long as the test runs. */
function longRule(kind: LimitRule["kind"], limit: number): LimitRule | null {
  const windowMs = 86_400_000;
  if (kind === "tokenBucket") return { kind, ratePerMs: 1e-7, burst: limit };
  if (kind === "fixedWindow" || kind === "slidingWindow" || kind === "slidingLog") return { kind, limit, windowMs };
  if (kind === "quota") return { kind, limit, per: "month", timeZone: "UTC" };
  return null;
}

function togetherCases(stand: Stand): void {
  for (const kind of stand.subject.kinds) {
    if (longRule(kind, 1) === null) continue;
    const make = (limit: number, more: Partial<Meter> = {}) => makeMeter(longRule(kind, limit)!, more);

    describe(`limits of ${kind}`, () => {
      it("are taken all, or none", async () => {
        const [wide, narrow] = [make(10), make(2)];
        const take = async () => {
          const asks = [new Ask(wide, "k", 1), new Ask(narrow, "k", 1)];
          return (await decide(stand.rig.counters, asks)).isAdmitted;
        };
        assert.deepEqual([await take(), await take(), await take(), await take()], [true, true, false, false]);
        assert.equal((await stand.ask(wide, "k", 0)).remaining, 8);
      });

      it("only report in a dry run, and don't count what they would have refused", async () => {
        const [real, dry] = [make(3), make(1, { isDryRun: true })];
        const rows: unknown[] = [];
        for (let i = 0; i < 4; i++) {
          const asks = [new Ask(dry, "k", 1), new Ask(real, "k", 1)];
          const take = await decide(stand.rig.counters, asks);
          rows.push([take.isAdmitted, ...asks.map(({ isAdmitted, remaining }) => `${isAdmitted} ${remaining}`)]);
        }
        assert.deepEqual(rows, [
          [true, "true 0", "true 2"],
          [true, "false 0", "true 1"],
          [true, "false 0", "true 0"],
          [false, "false 0", "false 0"],
        ]);
      });

      it("don't count a dry run's units where an enforced limit refuses", async () => {
        const [real, dry] = [make(1), make(5, { isDryRun: true })];
        for (let i = 0; i < 3; i++) await decide(stand.rig.counters, [new Ask(dry, "k", 1), new Ask(real, "k", 1)]);
        assert.equal((await stand.ask(dry, "k", 0)).remaining, 4);
      });

      it("refuse for ever what costs more than they have, and count nothing of it", async () => {
        const meter = make(5);
        const ask = await stand.ask(meter, "k", 6);
        assert.deepEqual([ask.isAdmitted, ask.retryMs, ask.remaining], [false, 0, 5]);
        assert.equal((await stand.ask(meter, "k", 5)).isAdmitted, true);
      });

      it("are charged afterwards, beyond what they have, and given back to", async () => {
        const meter = make(5);
        await stand.ask(meter, "k", 1);
        await stand.charge(meter, "k", 3);
        assert.equal((await stand.ask(meter, "k", 0)).remaining, 1);
        await stand.charge(meter, "k", 4);
        const look = await stand.ask(meter, "k", 0);
        assert.deepEqual([look.isAdmitted, look.remaining], [false, 0]);
        await stand.charge(meter, "k", -7);
        const ask = await stand.ask(meter, "k", 2);
        assert.deepEqual([ask.isAdmitted, ask.remaining], [true, 2]);
      });

      it("count text of every kind apart", async () => {
        const meter = make(1);
        const keys = ["", "a", "a:b", "a\u0000b", "ä", "\u{1f600}", "{x}", "x".repeat(300), `${"x".repeat(299)}y`];
        for (const key of keys) assert.equal((await stand.ask(meter, key, 1)).isAdmitted, true, key);
        for (const key of keys) assert.equal((await stand.ask(meter, key, 1)).isAdmitted, false, key);
      });
    });
  }
}

// Rates are powers of two, so that no store's arithmetic has anything to round.
const limits = fc.integer({ min: 1, max: 8 });
const windows = fc.constantFrom(1, 7, 100, 1000, 60_000);
const rates = fc.constantFrom(0.125, 0.25, 0.5, 1, 2);
const RULES: Readonly<Record<LimitRule["kind"], fc.Arbitrary<LimitRule>>> = {
  fixedWindow: fc.record({ kind: fc.constant("fixedWindow"), limit: limits, windowMs: windows }),
  slidingWindow: fc.record({ kind: fc.constant("slidingWindow"), limit: limits, windowMs: windows }),
  slidingLog: fc.record({ kind: fc.constant("slidingLog"), limit: limits, windowMs: windows }),
  tokenBucket: fc.record({ kind: fc.constant("tokenBucket"), ratePerMs: rates, burst: limits }),
  leakyBucket: fc.record({ kind: fc.constant("leakyBucket"), ratePerMs: rates, maxDelayMs: fc.integer({ min: 0, max: 20 }) }),
  concurrency: fc.record({ kind: fc.constant("concurrency"), limit: limits }),
  quota: fc.record({
    kind: fc.constant("quota"),
    limit: limits,
    per: fc.constantFrom("hour", "day", "month"),
    timeZone: fc.constantFrom("UTC", "America/New_York", "Asia/Kathmandu"),
  }),
};

type Command =
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "take"; readonly asks: readonly (readonly [meter: number, key: string, cost: number])[] }
  | { readonly kind: "charge"; readonly meter: number; readonly key: string; readonly units: number }
  | { readonly kind: "release"; readonly which: number };

const keys = fc.constantFrom("a", "b", "c");
const places = fc.integer({ min: 0, max: 3 });
const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("advance"),
      ms: fc.oneof(
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 250 }),
        fc.integer({ min: 0, max: 130_000 }),
        fc.constantFrom(999, 1000, 1001, 59_999, 60_000, 60_001, 3_600_000, 90_000_000),
      ),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("take"),
      asks: fc.array(fc.tuple(places, keys, fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("charge"), meter: places, key: keys, units: fc.integer({ min: -4, max: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("release"), which: fc.nat(9) }) },
);

function randomSequences(stand: Stand): void {
  const { kinds, slackMs = 0, runs = 300 } = stand.subject;
  const tables = fc.array(fc.tuple(fc.oneof(...kinds.map((kind) => RULES[kind])), fc.boolean()), { minLength: 4, maxLength: 4 });
  it(`say what the models say, whatever comes (${kinds.join(", ")})`, async () => {
    await fc.assert(
      fc.asyncProperty(tables, fc.array(commands, { minLength: 1, maxLength: 60 }), async (table, sequence) => {
        const asked = table.map(([rule, isDryRun]) => makeMeter(rule, { isDryRun: isDryRun && rule.kind !== "concurrency" }));
        const model = new ModelCounters(() => stand.rig.now());
        const taken: { readonly ask: Ask; readonly twin: Ask }[] = [];
        try {
          for (const command of sequence) await run(stand, model, asked, taken, command, slackMs);
        } finally {
          for (const { ask } of taken) stand.rig.counters.release(ask);
        }
      }),
      { numRuns: runs },
    );
  });
}

async function run(
  stand: Stand,
  model: ModelCounters,
  asked: readonly Meter[],
  taken: { readonly ask: Ask; readonly twin: Ask }[],
  command: Command,
  slackMs: number,
): Promise<void> {
  switch (command.kind) {
    case "advance":
      return stand.rig.advance(command.ms);
    case "charge": {
      const meter = asked[command.meter]!;
      model.charge(meter, command.key, command.units);
      return stand.charge(meter, command.key, command.units);
    }
    case "release": {
      const pair = taken[command.which];
      if (pair === undefined) return;
      model.release(pair.twin);
      return stand.release(pair.ask);
    }
    case "take": {
      // A take has no two asks of one meter.
      const plan = command.asks.filter(([place], index) => command.asks.findIndex(([other]) => other === place) === index);
      const pairs = plan.map(([place, key, cost]) => ({
        ask: new Ask(asked[place]!, key, cost),
        twin: new Ask(asked[place]!, key, cost),
      }));
      model.take(
        new Take(
          pairs.map(({ twin }) => twin),
          { onDecided: () => undefined },
        ),
      );
      await decide(
        stand.rig.counters,
        pairs.map(({ ask }) => ask),
      );
      for (const { ask, twin } of pairs) assertSame(ask, twin, slackMs);
      taken.push(...pairs);
    }
  }
}

function assertSame(ask: Ask, twin: Ask, slackMs: number): void {
  const told = ({ isAdmitted, decidedBy, remaining, used, lease }: Ask) => ({
    isAdmitted,
    decidedBy,
    remaining,
    used,
    hasLease: lease !== null,
  });
  const what = `${JSON.stringify(ask.meter.rule)} key ${ask.key} cost ${ask.cost}`;
  assert.deepEqual(told(ask), told(twin), what);
  for (const name of ["resetMs", "retryMs", "delayMs"] as const) {
    assert.ok(Math.abs(ask[name] - twin[name]) <= slackMs, `${what}: ${name} is ${ask[name]}, not ${twin[name]}`);
  }
}
