// What stands under our keys and is not ours, in a real server: it counts as nothing, and takes nobody else's limits away.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RedisServer, whyNoRedis } from "../../../test/kit/redis-servers.ts";
import { Secret, systemClock } from "../../base/index.ts";
import { decide, makeMeter } from "../counters.contract.ts";
import { Ask, BY_STORE } from "../counters.ts";
import { ModelCounters } from "../models/index.ts";
import type { LimitRule } from "../rule.ts";
import type { RedisLink } from "./link.ts";
import { RedisCounters } from "./redis-counters.ts";
import { openRedisLink } from "./redis-link.ts";

const RULES: readonly LimitRule[] = [
  { kind: "fixedWindow", limit: 3, windowMs: 3_600_000 },
  { kind: "slidingWindow", limit: 3, windowMs: 3_600_000 },
  { kind: "slidingLog", limit: 3, windowMs: 3_600_000 },
  { kind: "tokenBucket", ratePerMs: 0.000_001, burst: 3 },
  { kind: "leakyBucket", ratePerMs: 0.000_001, maxDelayMs: 2_000_000 },
  { kind: "concurrency", limit: 3 },
];

/** Of a time that has not come, so that nothing is left out for being old. */
const LATER = "4000000000000";
const TEXTS = [
  "",
  "x",
  "x x",
  "x x x",
  `${LATER} x`,
  `x ${LATER}`,
  `${LATER} x x`,
  `${LATER} 1 x`,
  "nan nan",
  "inf inf",
  `${LATER} nan`,
  `nan ${LATER}`,
  `${LATER} inf inf`,
  "1e999 1e999 1e999",
  "\0\r\n{}",
];
type Command = readonly [string, ...string[]];
/** How a value of each type comes under a key, without its name. */
const FOREIGN: readonly Command[] = [
  ...TEXTS.map((text): Command => ["SET", text]),
  ...TEXTS.map((text): Command => ["RPUSH", text]),
  ...TEXTS.map((text): Command => ["RPUSH", "3", text]),
  ...TEXTS.map((text): Command => ["RPUSH", "x", text]),
  ...TEXTS.map((text): Command => ["HSET", "somebody", text]),
  ["RPUSH", "3"],
  ["RPUSH", "nan", `${LATER} 1`],
  ["SADD", "x"],
  ["ZADD", "1", "x"],
];

describe("values of others under keys of counters", { skip: whyNoRedis() }, () => {
  let server: RedisServer;
  let link: RedisLink;
  let counters: RedisCounters;
  const told: string[] = [];
  before(async () => {
    server = await RedisServer.start();
    const config = { place: { kind: "single", url: new Secret(server.url) }, ca: null, timeoutMs: 2000, prefix: "test:" } as const;
    link = openRedisLink(config, { clock: systemClock, watcher: { onStore: (_store, state) => told.push(state) } });
    await link.started;
    counters = new RedisCounters({ link, isCluster: false, prefix: "test:", local: new ModelCounters(Date.now), clock: systemClock });
  });
  after(async () => {
    counters.close();
    link.close();
    await server.stop();
  });

  for (const rule of RULES) {
    it(`count as nothing for a ${rule.kind}, and the link stays up`, async () => {
      for (const [command, ...values] of FOREIGN) {
        const meter = makeMeter(rule);
        await server.ask(command, `test:${meter.id}:k`, ...values);
        const asks = Array.from({ length: 4 }, () => new Ask(meter, "k", 1));
        for (const ask of asks) await decide(counters, [ask]);
        const label = JSON.stringify([command, ...values]);
        assert.deepEqual(
          asks.map(({ isAdmitted, decidedBy }) => [isAdmitted, decidedBy]),
          [true, true, true, false].map((isAdmitted) => [isAdmitted, BY_STORE]),
          label,
        );
        counters.charge(meter, "k", -1);
        await new Promise((resolve) => setImmediate(resolve));
        assert.equal(link.epoch, 1, label);
      }
      assert.deepEqual(told, ["up"]);
    });

    it(`are taken off by charges of a ${rule.kind}, too`, async () => {
      for (const [command, ...values] of FOREIGN) {
        const meter = makeMeter(rule);
        await server.ask(command, `test:${meter.id}:k`, ...values);
        counters.charge(meter, "k", -2);
        const look = new Ask(meter, "k", 0);
        await decide(counters, [look]);
        const label = JSON.stringify([command, ...values]);
        assert.deepEqual([look.isAdmitted, look.decidedBy, look.remaining, link.epoch], [true, BY_STORE, 3, 1], label);
      }
    });
  }
});
