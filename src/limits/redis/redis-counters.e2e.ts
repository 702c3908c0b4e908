// The counters over real servers: the suite of whatever counts, with the server's clock in the test's hand and with its own; in one server, in
// a cluster and under sentinels.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { RedisCluster, RedisSentinels, RedisServer, whyNoRedis, whyNoSentinel } from "../../../test/kit/redis-servers.ts";
import { Secret, systemClock } from "../../base/index.ts";
import { type CountersRig, decide, describeCounters, makeMeter } from "../counters.contract.ts";
import { Ask, BY_STORE, type Take } from "../counters.ts";
import { ModelCounters } from "../models/index.ts";
import type { LimitRule } from "../rule.ts";
import type { LuaScript, RedisLink, RedisPlace } from "./link.ts";
import { RedisCounters } from "./redis-counters.ts";
import { openRedisLink } from "./redis-link.ts";

const KINDS: readonly LimitRule["kind"][] = ["fixedWindow", "slidingWindow", "slidingLog", "tokenBucket", "leakyBucket", "concurrency"];
const skip = whyNoRedis();
// A machine that is busy is no server that hangs.
const TIMEOUT_MS = 2000;

async function openLink(place: RedisPlace): Promise<RedisLink> {
  const config = { place, ca: null, timeoutMs: TIMEOUT_MS, prefix: "test:" };
  const link = openRedisLink(config, { clock: systemClock, watcher: { onStore: () => undefined } });
  await link.started;
  return link;
}

function openCounters(link: RedisLink, isCluster = false): RedisCounters {
  return new RedisCounters({ link, isCluster, prefix: "test:", local: new ModelCounters(Date.now), clock: systemClock });
}

/** What was charged goes with the end of the turn, and the next call finds it done. */
const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

function placeOf(server: RedisServer): RedisPlace {
  return { kind: "single", url: new Secret(server.url) };
}

const server = skip === false ? await RedisServer.start() : null;
after(() => server?.stop());

/** Has the script ask the test for the time, and no key expire before the test's clock says so. */
class TimedLink implements RedisLink {
  readonly #link: RedisLink;
  readonly #now: () => number;

  constructor(link: RedisLink, now: () => number) {
    this.#link = link;
    this.#now = now;
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

  run(script: LuaScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    const nowMs = this.#now();
    const parts: readonly (readonly [string, string])[] = [
      [`redis.call("TIME")`, "{ math.floor(ARGV[#ARGV] / 1000), ARGV[#ARGV] % 1000 * 1000 }"],
      ["for i = 3, #ARGV do", "for i = 3, #ARGV - 1 do"],
      ["min(ms, 1e15)", "1e9"],
      ["min(rule.b, 1e15)", "1e9"],
      ["now + 60000", "now + 1e12"],
    ];
    let text = script.text;
    for (const [part, instead] of parts) {
      assert.ok(text.includes(part), part);
      text = text.replaceAll(part, instead);
    }
    return this.#link.run({ name: script.name, text }, keys, [...values, nowMs]);
  }

  close(): void {
    this.#link.close();
  }
}

describeCounters("Redis, with the test's clock", {
  kinds: KINDS,
  clock: "fake",
  runs: 150,
  skip,
  async create(): Promise<CountersRig> {
    let nowMs = Date.UTC(2026, 10, 25);
    const link = new TimedLink(await openLink(placeOf(server!)), () => nowMs);
    const counters = openCounters(link);
    return {
      counters,
      now: () => nowMs,
      async advance(ms) {
        nowMs += ms;
      },
      settle: endOfTurn,
      close() {
        counters.close();
        link.close();
      },
    };
  },
});

async function realRig(place: RedisPlace, stop: () => Promise<void> | void = () => undefined): Promise<CountersRig> {
  const link = await openLink(place);
  const counters = openCounters(link, place.kind === "cluster");
  return {
    counters,
    now: Date.now,
    advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    settle: endOfTurn,
    async close() {
      counters.close();
      link.close();
      await stop();
    },
  };
}

describeCounters("Redis", { kinds: KINDS, clock: "real", skip, create: () => realRig(placeOf(server!)) });

describeCounters("Redis Cluster", {
  kinds: ["slidingWindow", "tokenBucket", "concurrency"],
  clock: "real",
  skip,
  async create() {
    const cluster = await RedisCluster.start();
    return realRig({ kind: "cluster", urls: cluster.urls.map((url) => new Secret(url)) }, () => cluster.stop());
  },
});

describeCounters("Redis under sentinels", {
  kinds: ["slidingWindow", "concurrency"],
  clock: "real",
  skip: whyNoSentinel(),
  async create() {
    const stage = await RedisSentinels.start({ password: "of the server" });
    const url = new Secret(stage.servers[0]!.url);
    const place = { kind: "sentinel", master: stage.master, urls: stage.urls.map((each) => new Secret(each)), url } as const;
    return realRig(place, () => stage.stop());
  },
});

describe("Redis counters", { skip }, () => {
  it("have no key that stays", async () => {
    const alone = await RedisServer.start();
    const link = await openLink(placeOf(alone));
    const counters = openCounters(link);
    const rules: LimitRule[] = [
      { kind: "fixedWindow", limit: 3, windowMs: 60_000 },
      { kind: "slidingWindow", limit: 3, windowMs: 60_000 },
      { kind: "slidingLog", limit: 3, windowMs: 60_000 },
      { kind: "tokenBucket", ratePerMs: 0.001, burst: 3 },
      { kind: "leakyBucket", ratePerMs: 0.001, maxDelayMs: 3000 },
      { kind: "concurrency", limit: 3 },
    ];
    for (const rule of rules) {
      const meter = makeMeter(rule);
      for (let i = 0; i < 5; i++) await decide(counters, [new Ask(meter, "k", 1)]);
      counters.charge(meter, "k", 4);
      counters.charge(meter, "other", 4);
      await decide(counters, [new Ask(meter, "never", 0)]);
    }
    const keys = ((await alone.ask("KEYS", "*")) as string[]).filter((key) => !key.endsWith("probe"));
    assert.equal(keys.length, 2 * rules.length - 1, keys.join(" "));
    for (const key of keys) {
      const restMs = Number(await alone.ask("PTTL", key));
      assert.ok(restMs > 0 && restMs <= 120_000, `${key}: ${restMs}`);
    }
    counters.close();
    link.close();
    await alone.stop();
  });

  it("send what is asked in one turn in one call, a hundred and twenty-eight takes at most", async () => {
    const link = await openLink(placeOf(server!));
    const counters = openCounters(link);
    const meter = makeMeter({ kind: "slidingWindow", limit: 100, windowMs: 3_600_000 });
    await decide(counters, [new Ask(meter, "warm", 1)]);
    const calls = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await server!.ask("INFO", "commandstats")))?.[1] ?? 0);
    const before = await calls();
    const asks = Array.from({ length: 300 }, () => new Ask(meter, "k", 1));
    await Promise.all(asks.map((ask) => decide(counters, [ask])));
    assert.equal((await calls()) - before, 3);
    assert.equal(asks.filter(({ isAdmitted }) => isAdmitted).length, 100);
    assert.ok(asks.every(({ decidedBy }) => decidedBy === BY_STORE));
    counters.close();
    link.close();
  });

  it("of four gateways admit a hundred of one key between them", async () => {
    const links = await Promise.all([1, 2, 3, 4].map(() => openLink(placeOf(server!))));
    const gateways = links.map((link) => openCounters(link));
    const meter = makeMeter({ kind: "slidingLog", limit: 100, windowMs: 3_600_000 });
    const asks = Array.from({ length: 400 }, () => new Ask(meter, "k", 1));
    await Promise.all(asks.map((ask, index) => decide(gateways[index % 4]!, [ask])));
    assert.equal(asks.filter(({ isAdmitted }) => isAdmitted).length, 100);
    for (const gateway of gateways) gateway.close();
    for (const link of links) link.close();
  });

  it("take another database than the first where the URL says so, and ask again for a script that the server forgot", async () => {
    const link = await openLink({ kind: "single", url: new Secret(`${server!.url}/3`) });
    const counters = openCounters(link);
    const meter = makeMeter({ kind: "fixedWindow", limit: 2, windowMs: 3_600_000 });
    await decide(counters, [new Ask(meter, "k", 1)]);
    assert.match(String(await server!.ask("INFO", "keyspace")), /db3:/);
    await server!.ask("SCRIPT", "FLUSH");
    const ask = new Ask(meter, "k", 1);
    await decide(counters, [ask]);
    assert.deepEqual([ask.isAdmitted, ask.remaining, ask.decidedBy], [true, 0, BY_STORE]);
    counters.close();
    link.close();
  });

  it("free what was held by a gateway that is gone, and hold on for one that lives", async () => {
    const link = await openLink(placeOf(server!));
    const [dead, alive] = [openCounters(link), openCounters(link)];
    const meter = makeMeter({ kind: "concurrency", limit: 2 });
    const held = new Ask(meter, "k", 1);
    await decide(dead, [held]);
    await decide(alive, [new Ask(meter, "k", 1)]);
    const key = `test:${meter.id}:k`;
    const holders = (await server!.ask("HGETALL", key)) as string[];
    assert.equal(holders.length, 4);
    // A minute later, as the server has it.
    await server!.ask("HSET", key, holders[0]!, `1 ${Date.now() - 1}`);
    const ask = new Ask(meter, "k", 1);
    await decide(alive, [ask]);
    assert.equal(ask.isAdmitted, true);
    dead.close();
    alive.close();
    link.close();
  });
});

describe("Redis Cluster", { skip }, () => {
  it("has keys of one request on several servers, and counts all of them or gives back what it counted", async () => {
    const cluster = await RedisCluster.start();
    const place: RedisPlace = { kind: "cluster", urls: cluster.urls.map((url) => new Secret(url)) };
    const link = await openLink(place);
    const counters = openCounters(link, true);
    const narrow = makeMeter({ kind: "fixedWindow", limit: 5, windowMs: 86_400_000 });
    const wides = Array.from({ length: 8 }, () => makeMeter({ kind: "slidingWindow", limit: 1000, windowMs: 86_400_000 }));
    const busy = makeMeter({ kind: "concurrency", limit: 1000 });
    const takes = await Promise.all(
      Array.from({ length: 50 }, () =>
        decide(counters, [
          new Ask(narrow, "one", 1),
          ...wides.map((wide, index) => new Ask(wide, `key ${index}`, 1)),
          new Ask(busy, "b", 1),
        ]),
      ),
    );
    assert.equal(takes.filter((take: Take) => take.isAdmitted).length, 5);
    await endOfTurn();
    for (const [index, wide] of wides.entries()) {
      const look = new Ask(wide, `key ${index}`, 0);
      await decide(counters, [look]);
      assert.equal(look.remaining, 995, `key ${index}`);
    }
    const look = new Ask(busy, "b", 0);
    await decide(counters, [look]);
    assert.equal(look.remaining, 995);
    const sizes = await Promise.all(cluster.servers.map((each) => each.ask("DBSIZE")));
    assert.ok(
      sizes.every((size) => Number(size) > 0),
      sizes.join(" "),
    );
    counters.close();
    link.close();
    await cluster.stop();
  });
});
