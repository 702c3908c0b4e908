// A sliding log in a real server when it is long and when the server's clock is put back.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RedisServer, whyNoRedis } from "../../../test/kit/redis-servers.ts";
import { Secret, systemClock } from "../../base/index.ts";
import { decide, makeMeter } from "../counters.contract.ts";
import { Ask, BY_STORE } from "../counters.ts";
import { ModelCounters } from "../models/index.ts";
import type { RedisLink } from "./link.ts";
import { RedisCounters } from "./redis-counters.ts";
import { openRedisLink } from "./redis-link.ts";

const ENTRIES = 100_000;
const WINDOW_MS = 3_600_000;
/** Of the server's time; halving takes a hundredth of it, one entry after the other ten times as much. */
const MOST_US = 50_000;

describe("a sliding log in Redis", { skip: whyNoRedis() }, () => {
  let server: RedisServer;
  let link: RedisLink;
  let counters: RedisCounters;
  before(async () => {
    server = await RedisServer.start({ settings: ["slowlog-log-slower-than 0", "slowlog-max-len 16"] });
    const config = { place: { kind: "single", url: new Secret(server.url) }, ca: null, timeoutMs: 5000, prefix: "test:" } as const;
    link = openRedisLink(config, { clock: systemClock, watcher: { onStore: () => undefined } });
    await link.started;
    counters = new RedisCounters({ link, isCluster: false, prefix: "test:", local: new ModelCounters(Date.now), clock: systemClock });
  });
  after(async () => {
    counters.close();
    link.close();
    await server.stop();
  });

  const fill = async (key: string, atMs: (entry: number) => number, entries: number): Promise<void> => {
    await server.ask("RPUSH", key, "0");
    for (let from = 0; from < entries; from += 5000) {
      const some = Array.from({ length: Math.min(5000, entries - from) }, (_, i) => `${atMs(from + i)} ${from + i + 1}`);
      await server.ask("RPUSH", key, ...some);
    }
  };

  /** What the server worked on the last script, in microseconds. */
  const workedUs = async (): Promise<number> => {
    const slow = (await server.ask("SLOWLOG", "GET", "16")) as [number, number, number, string[]][];
    return slow.find(([, , , words]) => words[0]!.startsWith("EVAL"))![2];
  };

  it("that has left the window, all but one entry, holds up nobody", async () => {
    const meter = makeMeter({ kind: "slidingLog", limit: ENTRIES, windowMs: WINDOW_MS });
    const [key, nowMs] = [`test:${meter.id}:k`, Date.now()];
    await fill(key, (entry) => nowMs - WINDOW_MS - ENTRIES + entry, ENTRIES);
    await server.ask("RPUSH", key, `${nowMs} ${ENTRIES + 7}`);
    const ask = new Ask(meter, "k", 1);
    await decide(counters, [ask]);
    assert.deepEqual([ask.isAdmitted, ask.decidedBy, ask.remaining], [true, BY_STORE, ENTRIES - 8]);
    assert.ok((await workedUs()) < MOST_US, `${await workedUs()} µs`);
  });

  it("of which half must go before a large request is admitted says when, and holds up nobody", async () => {
    const meter = makeMeter({ kind: "slidingLog", limit: ENTRIES, windowMs: WINDOW_MS });
    const fromMs = Date.now() - WINDOW_MS / 2;
    await fill(`test:${meter.id}:k`, (entry) => fromMs + entry, ENTRIES);
    const ask = new Ask(meter, "k", ENTRIES / 2);
    await decide(counters, [ask]);
    assert.deepEqual([ask.isAdmitted, ask.remaining], [false, 0]);
    const admittedAtMs = fromMs + ENTRIES / 2 - 1 + WINDOW_MS;
    assert.ok(Math.abs(Date.now() + ask.retryMs - admittedAtMs) < 1000, `${ask.retryMs}`);
    assert.ok((await workedUs()) < MOST_US, `${await workedUs()} µs`);
    counters.charge(meter, "k", -ENTRIES / 2);
    const look = new Ask(meter, "k", 0);
    await decide(counters, [look]);
    assert.equal(look.remaining, ENTRIES / 2);
    assert.ok((await workedUs()) < MOST_US, `${await workedUs()} µs`);
  });

  it("whose server's clock is put back by hours is full for one window more, and not for hours", async () => {
    const meter = makeMeter({ kind: "slidingLog", limit: 3, windowMs: 60_000 });
    await fill(`test:${meter.id}:k`, (entry) => Date.now() + 3 * WINDOW_MS + entry, 3);
    const ask = new Ask(meter, "k", 1);
    await decide(counters, [ask]);
    assert.deepEqual([ask.isAdmitted, ask.remaining], [false, 0]);
    assert.ok(ask.retryMs <= 60_000 && ask.resetMs <= 60_000, `${ask.retryMs} ${ask.resetMs}`);
  });
});
