// What is said of limits that change: what lets more requests in loosens.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GatewayConfig, resolveInput } from "../../config/index.ts";
import { diffConfigs } from "./index.ts";

const HOST = {
  env: { ONE: "redis://user:hunter2@10.0.0.1", OTHER: "redis://user:hunter3@10.0.0.1" },
  nowMs: 0,
  lastGood: null,
  readFile: () => Buffer.from(""),
  listFolder: () => [],
};

function configure(parts: {
  readonly limits?: object;
  readonly route?: object;
  readonly listener?: object;
  readonly rest?: object;
}): GatewayConfig {
  const { limits = {}, route = {}, listener = {}, rest = {} } = parts;
  const value = {
    version: 1,
    gateway: { stateDir: "state" },
    counters: { redis: { url: "redis://127.0.0.1:6379" } },
    listeners: [{ name: "http", address: "127.0.0.1:8080", ...listener }],
    identities: { keys: { apiKey: { header: "X-Api-Key" } } },
    rateLimits: limits,
    upstreams: { a: { endpoints: ["http://127.0.0.1:3000"] } },
    routes: [{ name: "orders", match: { path: "/*" }, auth: ["keys"], upstream: "a", ...route }],
    ...rest,
  };
  const { config, issues } = resolveInput(value, "/etc/gateway.yaml", HOST);
  assert.ok(config !== null, issues.map(({ message }) => message).join("\n"));
  return config;
}

const tell = (before: GatewayConfig, after: GatewayConfig) =>
  diffConfigs(before, after).effects.map(({ kind, sentence, opens }) => `${opens ? "!" : ""}${kind}: ${sentence}`);
const tellLimit = (before: object, after: object) => tell(configure({ limits: { x: before } }), configure({ limits: { x: after } }));

const WINDOW = { key: "user", slidingWindow: { limit: 100, window: "1m" } };
const SHARED = { ...WINDOW, store: "redis", onStoreFailure: "closed" };
const QUOTA = { key: "plan", quota: { limit: 1000, per: "month" }, onStoreFailure: "open" };
const BUCKET = { key: "ip", tokenBucket: { rate: "30/m", burst: 10 } };

describe("a limit that changes", () => {
  const cases: readonly (readonly [title: string, before: object, after: object, effects: readonly string[]])[] = [
    [
      "more in a shorter window",
      WINDOW,
      { ...WINDOW, slidingWindow: { limit: 200, window: "1s" } },
      ["!loosens: the limit x widens its number: 100 becomes 200", "!loosens: the limit x shortens its window: 1m becomes 1s"],
    ],
    [
      "a slower bucket",
      BUCKET,
      { ...BUCKET, tokenBucket: { rate: "10/h", burst: 20 } },
      ["!loosens: the limit x widens its burst: 10 becomes 20", "tightens: the limit x narrows its rate: 30/m becomes 10/h"],
    ],
    [
      "another way of counting",
      WINDOW,
      { ...BUCKET, key: "user" },
      ["changes: the limit x counts by tokenBucket, no longer by slidingWindow"],
    ],
    [
      "a shorter period",
      QUOTA,
      { ...QUOTA, quota: { limit: 1000, per: "day" } },
      ["!loosens: the limit x relaxes its period: month becomes day"],
    ],
    ["a dry run that begins", WINDOW, { ...WINDOW, dryRun: true }, ["!loosens: the limit x only reports whom it would refuse"]],
    ["a dry run that ends", { ...WINDOW, dryRun: true }, WINDOW, ["tightens: the limit x refuses, where it only reported before"]],
    [
      "a store that is shared",
      WINDOW,
      SHARED,
      [
        "changes: the limit x has another store: local becomes redis",
        "changes: the limit x has another rule for when its store is away: none becomes closed",
      ],
    ],
    [
      "what holds while the store is away",
      SHARED,
      { ...SHARED, mode: "approximate", onStoreFailure: "open" },
      [
        "!loosens: the limit x relaxes its counting: exact becomes approximate",
        "!loosens: the limit x relaxes its rule for when its store is away: closed becomes open",
      ],
    ],
    [
      "another key",
      WINDOW,
      { ...WINDOW, key: ["user", { ip: { v4: 24 } }] },
      ["changes: the limit x has another key: user becomes user, ip (/24, /64)"],
    ],
    ["a dearer request", WINDOW, { ...WINDOW, cost: 5 }, ["tightens: the limit x raises its cost: 1 becomes 5"]],
    [
      "somebody exempt",
      { ...WINDOW, exempt: { users: ["ada"] } },
      { ...WINDOW, exempt: { users: ["root"], from: ["10.0.0.0/8"] } },
      [
        "!loosens: the limit x no longer counts the addresses 10.0.0.0/8",
        "!loosens: the limit x no longer counts the users root",
        "tightens: the limit x counts the users ada",
      ],
    ],
    [
      "a tier more, and one with other numbers",
      { ...WINDOW, tiers: { by: "plan", of: { gold: { limit: 1000 } } } },
      { ...WINDOW, tiers: { by: "plan", of: { gold: { limit: 500 }, free: { limit: 10 } } } },
      ["changes: the limit x has other numbers for free", "tightens: the limit x, for gold, narrows its number: 1000 becomes 500"],
    ],
  ];
  for (const [title, before, after, effects] of cases) it(`says: ${title}`, () => assert.deepEqual(tellLimit(before, after), effects));

  it("is new or gone", () => {
    const [none, one] = [configure({}), configure({ limits: { x: WINDOW } })];
    assert.deepEqual(tell(none, one), ["adds: the limit x is new: 100 in 1m, by user"]);
    assert.deepEqual(tell(one, none), ["removes: the limit x is gone"]);
  });
});

describe("a limit that is used elsewhere", () => {
  const limits = { x: WINDOW, ip: BUCKET };

  it("loosens a route that loses it, and tightens one that gains it", () => {
    const [without, used] = [configure({ limits }), configure({ limits, route: { rateLimits: ["x"] } })];
    assert.deepEqual(tell(used, without), ["!loosens: orders is no longer limited by x"]);
    assert.deepEqual(tell(without, used), ["tightens: orders is limited by x"]);
    const listening = configure({ limits, listener: { rateLimits: ["ip"] } });
    assert.deepEqual(tell(listening, without), ["!loosens: the listener http is no longer limited by ip"]);
  });

  it("costs more or less there, beside what the limit itself says", () => {
    const at = (use: unknown) => configure({ limits, route: { rateLimits: [use] } });
    assert.deepEqual(tell(at({ limit: "x", cost: 5 }), at("x")), ["!loosens: orders costs another part of x: 5 becomes 1"]);
    assert.deepEqual(tell(at({ limit: "x", cost: 1 }), at("x")), ["changes: orders costs another part of x: written otherwise"]);
  });

  it("says nothing of an order that says nothing", () => {
    const [one, other] = [
      ["x", "ip"],
      ["ip", "x"],
    ].map((rateLimits) => configure({ limits, route: { rateLimits } }));
    assert.ok(one !== undefined && other !== undefined);
    assert.deepEqual(tell(one, other), []);
  });
});

describe("load and counters", () => {
  it("tell how many are let in at once, and in what order", () => {
    const shedding = configure({ rest: { gateway: { stateDir: "state", loadShedding: {} } } });
    assert.deepEqual(tell(configure({}), shedding), ["tightens: the gateway begins to shed load, at 20 to 1000 requests at once"]);
    const priority = configure({ route: { priority: "low" } });
    assert.deepEqual(tell(configure({}), priority), ["changes: orders has another priority: normal becomes low"]);
  });

  it("show nothing of a server's URL", () => {
    const at = (redis: object) => configure({ rest: { counters: { redis } } });
    const single = at({ url: "${env:ONE}" });
    const said = [
      ...tell(single, at({ url: "${env:OTHER}" })),
      ...tell(single, at({ cluster: ["redis://10.0.0.1", "redis://10.0.0.2"] })),
      ...tell(single, at({ sentinel: { master: "counts", nodes: ["redis://10.0.0.1"], url: "${env:ONE}" } })),
    ];
    const place = "the gateway has another place for shared counters, where all begin anew";
    assert.deepEqual(said, [
      `changes: ${place}`,
      `changes: ${place}: a single server becomes a cluster (2 nodes)`,
      `changes: ${place}: a single server becomes the server counts of 1 sentinels`,
    ]);
  });
});
