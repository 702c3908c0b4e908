// What becomes of requests while Redis hangs, dies, starts again, is taken over from, or refuses: each is decided, soon, and the server's own
// count is back within two seconds of its being there.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "node:test";
import { inspect } from "node:util";
import {
  hasProgram,
  makeRedisTls,
  RedisCluster,
  type RedisOptions,
  RedisSentinels,
  RedisServer,
  waitFor,
  whyNoRedis,
  whyNoSentinel,
} from "../../../test/kit/redis-servers.ts";
import { Secret, systemClock } from "../../base/index.ts";
import { decide, makeMeter } from "../counters.contract.ts";
import { Ask, BY_CLOSED, BY_LOCAL, BY_OPEN, BY_STORE, type DecidedBy } from "../counters.ts";
import { ModelCounters } from "../models/index.ts";
import type { Meter, OnStoreFailure } from "../rule.ts";
import type { RedisLink, RedisPlace } from "./link.ts";
import { RedisCounters } from "./redis-counters.ts";
import { openRedisLink } from "./redis-link.ts";

const TIMEOUT_MS = 50;
/** What a busy machine may add. */
const MARGIN_MS = 300;
const BACK_MS = 2000;
const skip = whyNoRedis();

/** What a test opened; the last first. */
const opened: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (let close = opened.pop(); close !== undefined; close = opened.pop()) await close();
});

function keep<T extends { stop(): Promise<void> }>(stage: T): T {
  opened.push(() => stage.stop());
  return stage;
}

const startServer = async (options: RedisOptions = {}) => keep(await RedisServer.start(options));

class Gateway {
  readonly told: string[] = [];
  readonly link: RedisLink;
  readonly counters: RedisCounters;
  readonly #timeoutMs: number;
  readonly #meters = new Map<string, Meter>();

  private constructor(place: RedisPlace, ca: string | null, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    const watcher = {
      onStore: (store: string, state: string, detail: string) => void this.told.push(`${store} ${state} ${detail}`.trim()),
    };
    this.link = openRedisLink({ place, ca, timeoutMs, prefix: "test:" }, { clock: systemClock, watcher });
    const local = new ModelCounters(Date.now);
    this.counters = new RedisCounters({ link: this.link, isCluster: place.kind === "cluster", prefix: "test:", local, clock: systemClock });
  }

  static async open(place: RedisPlace | RedisServer, ca: string | null = null, timeoutMs = TIMEOUT_MS): Promise<Gateway> {
    const gateway = new Gateway(place instanceof RedisServer ? single(place.url) : place, ca, timeoutMs);
    opened.push(() => gateway.#close());
    await gateway.link.started;
    return gateway;
  }

  meter(mode: OnStoreFailure, limit = 1000): Meter {
    const name = `${mode} ${limit}`;
    const meter = this.#meters.get(name) ?? makeMeter({ kind: "fixedWindow", limit, windowMs: 86_400_000 }, { onStoreFailure: mode });
    this.#meters.set(name, meter);
    return meter;
  }

  async ask(mode: OnStoreFailure = "open", key = "k", limit = 1000): Promise<Ask> {
    const ask = new Ask(this.meter(mode, limit), key, 1);
    await decide(this.counters, [ask]);
    return ask;
  }

  /** How long it takes until the server decides again, while it is asked all the time; no ask takes longer than the timeout. */
  async backAfterMs(key = "k"): Promise<number> {
    const startMs = performance.now();
    await waitFor("a decision by the server", async () => {
      const askedMs = performance.now();
      const { decidedBy } = await this.ask("open", key);
      assert.ok(performance.now() - askedMs < this.#timeoutMs + MARGIN_MS);
      return decidedBy === BY_STORE;
    });
    return performance.now() - startMs;
  }

  /** Asks again and again until `work` is over; returns who decided, and the longest that somebody waited. */
  async askDuring(work: () => Promise<void>, keys: readonly string[] = ["k"]): Promise<{ by: Set<DecidedBy>; longestMs: number }> {
    const by = new Set<DecidedBy>();
    let longestMs = 0;
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const askedMs = performance.now();
        for (const { decidedBy } of await Promise.all(keys.map((key) => this.ask("open", key)))) by.add(decidedBy);
        longestMs = Math.max(longestMs, performance.now() - askedMs);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    await work();
    isOver = true;
    await asking;
    return { by, longestMs };
  }

  #close(): void {
    this.counters.close();
    this.link.close();
  }
}

function single(url: string): RedisPlace {
  return { kind: "single", url: new Secret(url) };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a Redis that hangs", { skip }, () => {
  it("costs what is under way the timeout, whoever comes later nothing, and counts again when it wakes", async () => {
    const server = await startServer();
    const gateway = await Gateway.open(server);
    await gateway.ask();
    server.pause();
    const startMs = performance.now();
    const modes = (["open", "closed", "local"] as const).flatMap((mode) => new Array<OnStoreFailure>(34).fill(mode));
    const asks = await Promise.all(modes.map((mode) => gateway.ask(mode, "hung", 10)));
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs >= TIMEOUT_MS - 1 && tookMs < TIMEOUT_MS + MARGIN_MS, `${tookMs} ms`);
    const admittedBy = (decidedBy: DecidedBy) => asks.filter((ask) => ask.decidedBy === decidedBy && ask.isAdmitted).length;
    assert.deepEqual([admittedBy(BY_OPEN), admittedBy(BY_CLOSED), admittedBy(BY_LOCAL), admittedBy(BY_STORE)], [34, 0, 10, 0]);

    // Long enough for attempts to reach it to fail, too.
    const { by, longestMs } = await gateway.askDuring(() => pause(1500).then(() => undefined));
    assert.deepEqual([...by], [BY_OPEN]);
    assert.ok(longestMs < MARGIN_MS, `${longestMs} ms`);
    server.resume();
    const backMs = await gateway.backAfterMs();
    assert.ok(backMs < BACK_MS, `${backMs} ms`);
    assert.deepEqual(gateway.told, ["redis up", `redis down no answer within ${TIMEOUT_MS} ms`, "redis up"]);
  });

  it("hangs before anybody came, and nobody waits for it", async () => {
    const server = await startServer();
    server.pause();
    const startMs = performance.now();
    const gateway = await Gateway.open(server);
    assert.ok(performance.now() - startMs < BACK_MS);
    assert.equal((await gateway.ask()).decidedBy, BY_OPEN);
    assert.match(gateway.told.join("; "), /^redis down [^;]*time/i);
    server.resume();
    assert.ok((await gateway.backAfterMs()) < BACK_MS);
  });

  it("takes back units of concurrency that it counted after all", async () => {
    const server = await startServer();
    const gateway = await Gateway.open(server);
    const meter = makeMeter({ kind: "concurrency", limit: 3 }, { onStoreFailure: "open" });
    const take = async () => {
      const ask = new Ask(meter, "k", 1);
      await decide(gateway.counters, [ask]);
      return ask;
    };
    const held = await take();
    server.pause();
    const lost = await take();
    assert.deepEqual([lost.isAdmitted, lost.decidedBy], [true, BY_OPEN]);
    server.resume();
    await gateway.backAfterMs();
    const [second, third, fourth] = [await take(), await take(), await take()];
    assert.deepEqual([second.isAdmitted, third.isAdmitted, fourth.isAdmitted], [true, true, false]);
    gateway.counters.release(lost);
    gateway.counters.release(held);
    assert.equal((await take()).isAdmitted, true);
  });
});

describe("a Redis that dies", { skip }, () => {
  it("is missed at once and counts again when it is back, with what is held still held", async () => {
    const server = await startServer();
    const gateway = await Gateway.open(server);
    const meter = makeMeter({ kind: "concurrency", limit: 2 }, { onStoreFailure: "closed" });
    const held = new Ask(meter, "k", 1);
    await decide(gateway.counters, [held]);
    assert.equal(held.isAdmitted, true);
    const { longestMs } = await gateway.askDuring(async () => {
      await pause(50);
      await server.kill();
      await pause(600);
    });
    assert.ok(longestMs < TIMEOUT_MS + MARGIN_MS, `${longestMs} ms`);
    assert.match(gateway.told[1]!, /^redis down /);
    const refused = new Ask(meter, "k", 1);
    await decide(gateway.counters, [refused]);
    assert.deepEqual([refused.isAdmitted, refused.decidedBy], [false, BY_CLOSED]);
    await server.restart();
    assert.ok((await gateway.backAfterMs()) < BACK_MS);
    const two = [new Ask(meter, "k", 1), new Ask(meter, "k", 1)];
    for (const ask of two) await decide(gateway.counters, [ask]);
    assert.deepEqual(
      two.map(({ isAdmitted }) => isAdmitted),
      [true, false],
    );
    assert.equal(gateway.told.length, 3, gateway.told.join("; "));
  });

  it("and starts again while nobody asks is back before somebody does", async () => {
    const server = await startServer();
    const gateway = await Gateway.open(server);
    await server.kill();
    await waitFor("somebody who notices", () => gateway.told.length === 2);
    await server.restart();
    await waitFor("somebody who finds it", () => gateway.link.isUp, BACK_MS);
    assert.equal((await gateway.ask()).decidedBy, BY_STORE);
  });
});

describe("a Redis that refuses", { skip }, () => {
  const PASSWORD = "s3cret/of:the@server";

  it("says why, without any secret", async () => {
    const server = await startServer({ user: "counter", password: PASSWORD });
    const { port } = server;
    const gateway = await Gateway.open(server);
    assert.equal((await gateway.ask()).decidedBy, BY_STORE);
    const cases: readonly (readonly [string, RegExp])[] = [
      [`redis://counter:${encodeURIComponent("wr0ng/one")}@127.0.0.1:${port}`, /WRONGPASS/],
      [`redis://127.0.0.1:${port}`, /NOAUTH/],
      [`redis://counter:${encodeURIComponent(PASSWORD)}@127.0.0.1:1`, /ECONNREFUSED|Failed to connect|connect/i],
      [`rediss://counter:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`, /./],
      [`redis://counter:${PASSWORD}@127.0.0.1:${port}`, /redis:\/\/host:port/],
      [`http://counter:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`, /redis:\/\/host:port/],
    ];
    for (const [url, pattern] of cases) {
      const refused = await Gateway.open(single(url));
      assert.equal((await refused.ask("closed")).decidedBy, BY_CLOSED);
      assert.equal(refused.told.length, 1, refused.told.join("; "));
      assert.match(refused.told[0]!, /^redis down /);
      assert.match(refused.told[0]!, pattern, url);
      const error = await refused.link.run({ name: "none", text: "return 1" }, ["k"], []).then(
        () => null,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof Error);
      const shown = inspect([refused, error], { depth: 9, showHidden: true });
      for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), "wr0ng"]) assert.ok(!shown.includes(secret), shown);
    }
  });

  it("to write, having no memory left or being a replica, counts as one that is away", async () => {
    const server = await startServer();
    const gateway = await Gateway.open(server);
    for (const [set, unset, pattern] of [
      [["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"], /OOM/],
      [["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"], /READONLY/],
    ] as const) {
      gateway.told.length = 0;
      await server.ask(...set);
      assert.equal((await gateway.ask()).decidedBy, BY_OPEN);
      assert.match(gateway.told.join("; "), pattern);
      await pause(600);
      assert.equal(gateway.told.length, 1, gateway.told.join("; "));
      await server.ask(...unset);
      assert.ok((await gateway.backAfterMs()) < BACK_MS);
      assert.equal(gateway.told.length, 2, gateway.told.join("; "));
    }
  });
});

describe("Redis over TLS", { skip: skip || (hasProgram("openssl", "version") ? false : "needs openssl") }, () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-redis-tls-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is believed by its certificate", async () => {
    const tls = makeRedisTls(folder);
    const server = await startServer({ tls, password: "behind TLS" });
    const gateway = await Gateway.open(server, tls.ca);
    assert.equal((await gateway.ask()).decidedBy, BY_STORE);
    const stranger = await Gateway.open(server);
    assert.equal((await stranger.ask()).decidedBy, BY_OPEN);
    assert.match(stranger.told.join("; "), /certificate|issuer/i);
  });
});

const ENDS: readonly (readonly [string, (server: RedisServer) => Promise<void>])[] = [
  ["was killed", (server) => server.kill()],
  ["hangs", async (server) => server.pause()],
];

describe("Redis under sentinels", { skip: whyNoSentinel() }, () => {
  for (const [what, end] of ENDS) {
    it(`is followed from a server that ${what} to the one that takes over`, async () => {
      const stage = keep(await RedisSentinels.start());
      const urls = stage.urls.map((url) => new Secret(url));
      const gateway = await Gateway.open({ kind: "sentinel", master: stage.master, urls, url: null });
      await gateway.backAfterMs();
      const during = await gateway.askDuring(async () => {
        await end(stage.servers[0]!);
        await waitFor("a replica that takes over", () => stage.isNamed(stage.servers[1]!), 20_000);
      });
      assert.ok(during.longestMs < TIMEOUT_MS + MARGIN_MS, `${during.longestMs} ms`);
      const backMs = await gateway.backAfterMs();
      assert.ok(backMs < BACK_MS, `${backMs} ms`);
    });
  }
});

describe("Redis Cluster", { skip }, () => {
  // Two clusters of six servers on a busy machine answer late now and then without being away.
  const timeoutMs = 200;

  for (const [what, end] of ENDS) {
    it(`is followed when a replica takes over from a primary that ${what}, and counts exactly again`, async () => {
      const cluster = keep(await RedisCluster.start(1));
      const place = { kind: "cluster", urls: cluster.urls.map((url) => new Secret(url)) } as const;
      const gateway = await Gateway.open(place, null, timeoutMs);
      const keys = Array.from({ length: 40 }, (_, index) => `key ${index}`);
      for (const key of keys) await gateway.backAfterMs(key);
      const [primary] = await cluster.primaries();
      const during = await gateway.askDuring(async () => {
        await end(primary!);
        await waitFor("a cluster that is whole again", () => cluster.isWhole(primary!), 20_000);
      }, keys);
      assert.ok(during.longestMs < timeoutMs + MARGIN_MS, `${during.longestMs} ms`);
      const backMs = await gateway.backAfterMs();
      assert.ok(backMs < BACK_MS, `${backMs} ms`);
      for (const key of keys) assert.equal((await gateway.ask("open", key)).decidedBy, BY_STORE);
    });
  }
});
