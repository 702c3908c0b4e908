// Syncs over real servers: the script says what its twin in TypeScript says, and gateways that share a server or a cluster hold a limit together.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { RedisCluster, RedisServer, whyNoRedis } from "../../../test/kit/redis-servers.ts";
import { Secret, systemClock } from "../../base/index.ts";
import { makeMeter } from "../counters.contract.ts";
import { Ask, BY_LOCAL, BY_STORE, Take } from "../counters.ts";
import { type LuaScript, openRedisLink, type RedisLink, type RedisPlace } from "../redis/index.ts";
import type { Meter } from "../rule.ts";
import { ApproximateCounters, type ApproximateRule, RedisSync, type SyncBatch, type SyncEntry } from "./index.ts";

import { addEntry, readAgain, type SharedCount } from "./shared-count.ts";

const skip = whyNoRedis();
const owner = { onDecided: () => assert.fail("decided at once") };

async function openLink(place: RedisPlace, timeoutMs = 2000): Promise<RedisLink> {
  const config = { place, ca: null, timeoutMs, prefix: "test:" };
  const link = openRedisLink(config, { clock: systemClock, watcher: { onStore: () => undefined } });
  await link.started;
  return link;
}

/** Has the script ask the test for the time, and no key expire. */
class TimedLink implements RedisLink {
  readonly #link: RedisLink;
  nowMs = Date.UTC(2026, 0, 1);

  constructor(link: RedisLink) {
    this.#link = link;
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  get epoch(): number {
    return this.#link.epoch;
  }

  get started(): Promise<void> {
    return this.#link.started;
  }

  run({ name, text }: LuaScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    const time = `{ "${Math.floor(this.nowMs / 1000)}", "${(this.nowMs % 1000) * 1000}" }`;
    const timed = text.replace('redis.call("TIME")', time).replace(/"PX", string\.format\([^\n]*\)\)\)/, '"PX", "600000")');
    assert.notEqual(timed, text);
    return this.#link.run({ name, text: timed }, keys, values);
  }

  close(): void {
    this.#link.close();
  }
}

/** The store in TypeScript, of which nothing expires either. */
class Twin {
  readonly #counts = new Map<string, SharedCount>();
  #sequence = 0;

  apply(batch: SyncBatch, nowMs: number): SharedCount[] {
    const isAgain = this.#sequence >= batch.sequence;
    this.#sequence = batch.sequence;
    return batch.entries.map((entry) => {
      const name = `${entry.meter.id} ${entry.key}`;
      const before = this.#counts.get(name) ?? null;
      if (isAgain && before !== null) return readAgain(before, entry, nowMs, batch);
      const count = addEntry(before, entry, nowMs, batch);
      this.#counts.set(name, count);
      return count;
    });
  }
}

function placeOf(server: RedisServer): RedisPlace {
  return { kind: "single", url: new Secret(server.url) };
}

function admitted(counters: ApproximateCounters, meter: Meter, key: string, count: number): number {
  let units = 0;
  for (let i = 0; i < count; i++) {
    const ask = new Ask(meter, key, 1);
    counters.take(new Take([ask], owner));
    if (ask.isAdmitted) units++;
  }
  return units;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe("syncs over Redis", { skip }, () => {
  let server: RedisServer;
  const open: { close(): void }[] = [];
  after(() => {
    for (const each of open) each.close();
    return server?.stop();
  });

  it("are counted as the twin counts them, whatever comes", async () => {
    server = await RedisServer.start();
    const link = new TimedLink(await openLink(placeOf(server)));
    open.push(link);
    const port = new RedisSync({ link, isCluster: false, prefix: "test:" });
    const twin = new Twin();
    const rules: ApproximateRule[] = [
      { kind: "fixedWindow", limit: 10, windowMs: 1000 },
      { kind: "slidingWindow", limit: 10, windowMs: 3000 },
      { kind: "tokenBucket", burst: 10, ratePerMs: 0.02 },
    ];
    const meters = rules.map((rule) => makeMeter(rule));
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let sequence = 1, round = 0; round < 300; round++) {
      link.nowMs += random(5) === 0 ? random(9000) : random(300);
      const entries = Array.from({ length: random(6) }, (): SyncEntry => {
        const which = random(3);
        const rule = rules[which]!;
        const windowStartMs =
          rule.kind === "tokenBucket" ? 0 : Math.floor((link.nowMs - random(3) * 900 + 400) / rule.windowMs) * rule.windowMs;
        const rates = {
          askedPerMs: random(9) / 8,
          admittedPerMs: random(9) / 16,
          askedBefore: random(9) / 8,
          admittedBefore: random(9) / 16,
        };
        const units = { units: random(12) - 2, earlierUnits: rule.kind === "tokenBucket" ? 0 : random(6) - 1 };
        return {
          meter: meters[which]!,
          rule,
          key: `k${random(4)} {x}`,
          windowStartMs,
          ...units,
          ...rates,
          beforeMs: link.nowMs - random(2000),
        };
      }).filter(({ meter, key }, index, all) => all.findIndex((other) => other.meter === meter && other.key === key) === index);
      // Now and then a batch comes once more.
      if (random(4) > 0) sequence++;
      const batch: SyncBatch = { sequence, fadeMs: 30_000, syncEveryMs: 1000, entries };
      const [said, expected] = [await port.sync(batch), twin.apply(batch, link.nowMs)];
      said.readings.forEach((reading, index) => {
        const other = expected[index]!;
        for (const name of ["atMs", "count", "earlier", "askedPerMs", "admittedPerMs"] as const)
          assert.ok(Math.abs(reading[name] - other[name]) < 1e-6, `round ${round}, ${name}: ${reading[name]}, not ${other[name]}`);
      });
    }
  });

  it("let four gateways hold a limit of 10,000 together", { timeout: 60_000 }, async () => {
    const links = await Promise.all(Array.from({ length: 4 }, () => openLink(placeOf(server))));
    const gateways = links.map(
      (link) => new ApproximateCounters({ port: new RedisSync({ link, isCluster: false, prefix: "test:" }), clock: systemClock }),
    );
    // A window of a day that doesn't end meanwhile, and about 4000 a second, twice what a limit of 10,000 in five seconds would be.
    const meter = makeMeter({ kind: "fixedWindow", limit: 10_000, windowMs: 86_400_000 }, { onStoreFailure: "local" });
    open.push(...gateways, ...links);
    let units = 0;
    const startMs = performance.now();
    let offered = 0;
    while (performance.now() - startMs < 5000) {
      const due = (performance.now() - startMs) * 4;
      for (; offered < due; offered++) units += admitted(gateways[offered % 4]!, meter, "k", 1);
      await pause(1);
    }
    const calls = gateways.reduce((sum, { calls: each }) => sum + each, 0);
    assert.ok(units >= 9900 && units <= 10_100, `${units} of ${offered}`);
    assert.ok(calls <= offered / 100, `${calls} calls for ${offered} requests`);
  });

  it("go on alone while the server hangs, and together within two seconds when it is back", { timeout: 60_000 }, async () => {
    const link = await openLink(placeOf(server), 50);
    const counters = new ApproximateCounters({ port: new RedisSync({ link, isCluster: false, prefix: "test:" }), clock: systemClock });
    open.push(counters, link);
    const meter = makeMeter({ kind: "fixedWindow", limit: 1_000_000, windowMs: 86_400_000 }, { onStoreFailure: "local" });
    const decidedBy = () => {
      const ask = new Ask(meter, "k", 1);
      const startMs = performance.now();
      counters.take(new Take([ask], owner));
      assert.ok(performance.now() - startMs < 50, "nobody waits");
      return ask.decidedBy;
    };
    const until = async (by: number, mostMs: number) => {
      const startMs = performance.now();
      while (decidedBy() !== by) {
        assert.ok(performance.now() - startMs < mostMs, `not decided by ${by} within ${mostMs} ms`);
        await pause(10);
      }
    };
    await until(BY_STORE, 2000);
    server.pause();
    await until(BY_LOCAL, 3000);
    server.resume();
    await until(BY_STORE, 2000);
  });

  it("take what stands under a key and is no count for nothing, and tell of the other keys", async () => {
    const link = await openLink(placeOf(server));
    const port = new RedisSync({ link, isCluster: false, prefix: "test:" });
    open.push(link);
    const rules: ApproximateRule[] = [
      { kind: "slidingWindow", limit: 10, windowMs: 86_400_000 },
      { kind: "tokenBucket", burst: 10, ratePerMs: 0.000_001 },
    ];
    const rates = { askedPerMs: 0, admittedPerMs: 0, askedBefore: 0, admittedBefore: 0 };
    const foreign = ["", "x", "x x x x x x", "1 1 1 1 1 x", "nan nan nan nan nan nan", "inf inf inf inf inf inf", "1e999 1 1 1 1 1"];
    const commands = [...foreign.map((text) => ["SET", text]), ["RPUSH", "x"], ["HSET", "x", "x"], ["SADD", "x"]];
    let sequence = 0;
    for (const rule of rules) {
      for (const [command, ...values] of commands) {
        const meter = makeMeter(rule);
        await server.ask(command!, `test:sync:${meter.id}:bad`, ...values);
        const windowStartMs = rule.kind === "tokenBucket" ? 0 : Math.floor(Date.now() / rule.windowMs) * rule.windowMs;
        const entries = ["bad", "good"].map((key) => {
          return { meter, rule, key, windowStartMs, units: 3, earlierUnits: 0, ...rates, beforeMs: Date.now() };
        });
        const { readings } = await port.sync({ sequence: ++sequence, fadeMs: 30_000, syncEveryMs: 1, entries });
        const counts = readings.map(({ count }) => Math.round(count));
        assert.deepEqual(counts, [3, 3], JSON.stringify([rule.kind, command, ...values]));
        assert.equal(link.epoch, 1);
      }
    }
  });
});

describe("syncs over a cluster", { skip }, () => {
  let cluster: RedisCluster;
  const open: { close(): void }[] = [];
  after(() => {
    for (const each of open) each.close();
    return cluster?.stop();
  });

  it("tell of many keys in few calls, a hundred requests for each at least where many come", { timeout: 60_000 }, async () => {
    cluster = await RedisCluster.start();
    const link = await openLink({ kind: "cluster", urls: cluster.urls.map((url) => new Secret(url)) });
    const make = () => new ApproximateCounters({ port: new RedisSync({ link, isCluster: true, prefix: "test:" }), clock: systemClock });
    const [one, two] = [make(), make()];
    open.push(one, two, link);
    const large = makeMeter({ kind: "tokenBucket", burst: 10, ratePerMs: 0.001 }, { onStoreFailure: "local" });
    const before = one.calls;
    let asked = 0;
    for (const startMs = performance.now(); performance.now() - startMs < 4000; await pause(20))
      for (const due = (performance.now() - startMs) * 3; asked < due; asked++) admitted(one, large, `key-${asked % 1000}`, 1);
    assert.ok(one.calls - before >= 8 && one.calls - before <= asked / 100, `${one.calls - before} calls for ${asked} requests`);
    const meter = makeMeter({ kind: "slidingWindow", limit: 3, windowMs: 86_400_000 }, { onStoreFailure: "local" });
    for (let n = 0; n < 1000; n++) assert.equal(admitted(one, meter, `key-${n}`, 2), 2);
    await pause(1500);
    for (let n = 0; n < 1000; n++) admitted(two, meter, `key-${n}`, 1);
    await pause(1500);
    for (let n = 0; n < 1000; n++) assert.equal(admitted(two, meter, `key-${n}`, 1), 0);
  });
});
