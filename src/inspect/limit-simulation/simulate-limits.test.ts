// The simulation beside a gateway that had the same limits: logs are made by one, in process.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfig } from "../../config/index.ts";
import { createTestGateway, delayed, type RequestOptions, type TestGatewayOptions } from "../../testing/index.ts";
import { type AccessLog, type LimitSimulationOptions, simulateLimits } from "./index.ts";

const ROUTES = `version: 1
database: { sqlite: { path: ./keys.db } }
identities: { keys: { apiKey: { header: X-Api-Key } } }
upstreams: { app: { endpoints: [http://127.0.0.1:3001] } }
`;

function toText(limits: string, listenerLimits = "", uses = "per-user"): string {
  return `${ROUTES}listeners: [{ name: http, address: 127.0.0.1:8080, rateLimits: [${listenerLimits}] }]
rateLimits:
${limits}routes:
  - { name: orders, match: { path: /orders/* }, auth: [keys], rateLimits: [${uses}], upstream: app }
  - { name: open, match: { path: /open/* }, auth: { anyOf: [keys], optional: true }, rateLimits: [${uses}], upstream: app }
`;
}

const PER_USER = "  per-user: { key: user, fixedWindow: { limit: 3, window: 1m } }\n";

interface Sent extends RequestOptions {
  readonly path: string;
  /** Before it is sent. */
  readonly afterMs?: number;
}

/** What a gateway with this configuration logs of these requests. */
async function makeLog(text: string, sent: readonly Sent[], upstreams: TestGatewayOptions["upstreams"] = {}): Promise<readonly string[]> {
  await using gateway = await createTestGateway({ yaml: text, upstreams });
  const answers: Promise<unknown>[] = [];
  for (const { path, afterMs = 1, ...options } of sent) {
    await gateway.clock.advance(afterMs);
    answers.push(gateway.request(path, options));
  }
  await gateway.clock.advance("1h");
  await Promise.all(answers);
  return gateway.log;
}

function toLog(lines: readonly string[], name = "access.jsonl"): AccessLog {
  return {
    name,
    lines: (async function* () {
      for (let at = 0; at < lines.length; at += 7) yield lines.slice(at, at + 7);
    })(),
  };
}

async function simulate(text: string, logs: readonly (readonly string[])[], options: LimitSimulationOptions = {}) {
  const { config, issues } = parseConfig(text, "gateway.yaml");
  assert.ok(config !== null, JSON.stringify(issues));
  return simulateLimits(
    config,
    logs.map((lines, index) => toLog(lines, `log-${index}`)),
    options,
  );
}

function many(count: number, request: (index: number) => Sent): Sent[] {
  return Array.from({ length: count }, (_, index) => request(index));
}

const USERS = ["alice", "bob", "carol"] as const;
const mixed = many(60, (index) => ({
  path: index % 4 === 0 ? "/open/a" : "/orders/1",
  afterMs: 1 + (index % 7) * 900,
  from: `192.0.2.${index % 5}`,
  ...(index % 4 !== 0 && {
    as: { id: USERS[index % 3]!, tenant: index % 3 === 0 ? "acme" : "other", plan: index % 3 === 0 ? "gold" : "free" },
  }),
}));

describe("limits that were there already", () => {
  for (const [title, limits, listenerLimits, uses] of [
    ["a fixed window by user", PER_USER, "", "per-user"],
    ["a sliding window by tenant", "  per-user: { key: tenant, slidingWindow: { limit: 4, window: 20s } }\n", "", "per-user"],
    ["a token bucket by plan", "  per-user: { key: plan, tokenBucket: { rate: 6/m, burst: 4 } }\n", "", "per-user"],
    ["a log by endpoint and address", "  per-user: { key: [ip, endpoint], slidingWindowLog: { limit: 2, window: 30s } }\n", "", "per-user"],
    [
      "tiers, exemptions and a dry run",
      `  per-user:
    key: user
    fixedWindow: { limit: 2, window: 1m }
    tiers: { by: plan, of: { gold: { limit: 5 } } }
    exempt: { users: [bob], from: [192.0.2.3] }
  tried: { key: ip, fixedWindow: { limit: 1, window: 1m }, dryRun: true }
`,
      "",
      "per-user, tried",
    ],
    [
      "a listener's, one before and one behind authentication",
      `  all: { key: global, fixedWindow: { limit: 12, window: 1m } }
  per-ip: { key: ip, fixedWindow: { limit: 3, window: 1m } }
  per-user: { key: user, fixedWindow: { limit: 3, window: 1m } }
`,
      "all",
      "per-ip, { limit: per-user, cost: 2 }",
    ],
  ] as const) {
    it(`refuse whom they refused: ${title}`, async () => {
      const text = toText(limits, listenerLimits, uses);
      const log = await makeLog(text, mixed);
      const { requests, limits: found, lines } = await simulate(text, [log]);
      assert.deepEqual([lines.read, lines.bad, lines.late, requests.replayed], [60, 0, 0, 60]);
      assert.ok(requests.recorded > 0, "some are refused");
      assert.deepEqual([requests.refused, requests.newlyRefused, requests.noLongerRefused], [requests.recorded, 0, 0]);
      for (const limit of found) assert.equal(limit.refused, limit.recorded, limit.name);
      assert.ok(found.every(({ obstacle }) => obstacle === null));
    });
  }

  it("refuse whom they refused, whatever comes", async () => {
    const rules = [
      "fixedWindow: { limit: 4, window: 10s }",
      "slidingWindow: { limit: 5, window: 7s }",
      "tokenBucket: { rate: 30/m, burst: 3 }",
    ];
    const keys = ["user", "[user, route]", "tenant", "{ ip: { v4: 24 } }", "[ip, endpoint]", "apiKey"];
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    let recorded = 0;
    for (let round = 0; round < 12; round++) {
      const names = ["a", "b", "c"];
      const limits = names.map((name) => `  ${name}: { key: ${keys[random(6)]}, ${rules[random(3)]}, dryRun: ${random(4) === 0} }\n`);
      const text = toText(limits.join(""), "", `a, { limit: b, cost: ${1 + random(2)} }, c`);
      const sent = many(80, () => ({
        path: random(2) === 0 ? "/orders/1" : "/open/1",
        afterMs: random(1500),
        from: `192.0.${random(2)}.${random(4)}`,
        ...(random(5) > 0 && { as: { id: USERS[random(3)]!, tenant: `t${random(2)}` } }),
      }));
      const { requests, limits: found } = await simulate(text, [await makeLog(text, sent)]);
      recorded += requests.recorded;
      assert.deepEqual([requests.refused, requests.newlyRefused, requests.noLongerRefused], [requests.recorded, 0, 0], text);
      for (const limit of found) assert.equal(limit.refused, limit.recorded, `${limit.name} of ${text}`);
    }
    assert.ok(recorded > 100);
  });

  it("count requests that are under way for as long as they took", async () => {
    const text = toText("  per-user: { key: user, concurrency: { limit: 2 } }\n");
    const sent = many(12, (index) => ({ path: "/orders/1", afterMs: 100, as: { id: "alice" }, headers: { "X-Turn": `${index}` } }));
    const log = await makeLog(text, sent, {
      app: ({ headers }) => delayed(250 + 10 * Number(headers.get("x-turn"))),
    });
    const { requests } = await simulate(text, [log]);
    assert.ok(requests.recorded > 2);
    assert.deepEqual([requests.refused, requests.newlyRefused], [requests.recorded, 0]);
  });

  it("count what waits for a leaky bucket as under way", async () => {
    const text = toText(
      `  per-user: { key: user, concurrency: { limit: 3 } }
  paced: { key: user, leakyBucket: { rate: 2/s, maxDelay: 5s } }
`,
      "",
      "per-user, paced",
    );
    const sent = many(20, (index) => ({ path: "/orders/1", afterMs: 120 + index * 10, as: { id: "alice" } }));
    const log = await makeLog(text, sent, { app: () => delayed(130) });
    const { requests, limits } = await simulate(text, [log]);
    assert.ok(requests.recorded > 2 && (limits[1]?.delayed ?? 0) > 2);
    assert.deepEqual([requests.refused, requests.newlyRefused], [requests.recorded, 0]);
  });

  it("delay whom a leaky bucket delays", async () => {
    const text = toText("  per-user: { key: user, leakyBucket: { rate: 1/s, maxDelay: 2s } }\n");
    const log = await makeLog(
      text,
      many(6, () => ({ path: "/orders/1", as: { id: "alice" } })),
    );
    const { limits, requests } = await simulate(text, [log]);
    assert.equal(requests.recorded, 3);
    assert.deepEqual([limits[0]?.refused, limits[0]?.delayed, limits[0]?.admitted], [3, 2, 3]);
  });
});

describe("other limits than there were", () => {
  it("are told with what they would refuse, whom, where, since when and how often at most", async () => {
    const log = await makeLog(
      toText("  per-user: { key: user, fixedWindow: { limit: 1000, window: 1m } }\n"),
      many(30, (index) => ({ path: "/orders/1", afterMs: 1000, as: { id: index % 3 === 0 ? "bob" : "alice" } })),
    );
    const { requests, limits } = await simulate(toText("  per-user: { key: user, fixedWindow: { limit: 5, window: 1m } }\n"), [log]);
    assert.deepEqual([requests.recorded, requests.refused, requests.newlyRefused], [0, 20, 20]);
    const { keys, callers, routes, ...limit } = limits[0]!;
    assert.deepEqual(keys.top, [
      { name: "user=keys:alice", count: 15 },
      { name: "user=keys:bob", count: 5 },
    ]);
    assert.deepEqual([callers.top[0], callers.different], [{ name: "keys:alice", count: 15 }, 2]);
    assert.deepEqual(routes.top, [{ name: "orders", count: 20 }]);
    assert.deepEqual([limit.asked, limit.admitted, limit.refused, limit.share], [30, 10, 20, 20 / 30]);
    assert.deepEqual([limit.peakPerSecond, limit.peakPerMinute, limit.firstRefused], [1, 20, "2026-01-01T00:00:09.000Z"]);
  });

  it("may let in whom the old ones refused", async () => {
    const log = await makeLog(
      toText(PER_USER),
      many(8, () => ({ path: "/orders/1", as: { id: "alice" } })),
    );
    const { requests, limits } = await simulate(toText("  per-user: { key: user, fixedWindow: { limit: 6, window: 1m } }\n"), [log]);
    assert.deepEqual([requests.recorded, requests.refused, requests.newlyRefused, requests.noLongerRefused], [5, 2, 0, 3]);
    assert.equal(limits[0]?.recorded, 5);
  });

  it("are only reported where they are dry runs", async () => {
    const log = await makeLog(
      toText("  per-user: { key: user, fixedWindow: { limit: 1000, window: 1m } }\n"),
      many(8, () => ({ path: "/orders/1", as: { id: "alice" } })),
    );
    const text = toText("  per-user: { key: user, fixedWindow: { limit: 2, window: 1m }, dryRun: true }\n");
    const { requests, limits } = await simulate(text, [log]);
    assert.deepEqual([requests.refused, limits[0]?.refused, limits[0]?.dryRun], [0, 6, true]);
  });

  it("count shared limits and quotas in one process", async () => {
    const log = await makeLog(
      toText("  per-user: { key: user, fixedWindow: { limit: 1000, window: 1m } }\n"),
      many(8, () => ({ path: "/orders/1", as: { id: "alice" } })),
    );
    const text = `counters: { redis: { url: redis://127.0.0.1:1 } }\n${toText(
      `  per-user: { key: user, fixedWindow: { limit: 4, window: 1m }, store: redis, mode: approximate, onStoreFailure: closed }
  daily: { key: user, quota: { limit: 3, per: day }, store: database, onStoreFailure: closed }
`,
      "",
      "per-user, daily",
    )}`;
    const { limits } = await simulate(text, [log]);
    assert.deepEqual(
      limits.map(({ name, refused }) => [name, refused]),
      [
        ["per-user", 0],
        ["daily", 5],
      ],
    );
    assert.match(limits[0]?.doubts[0]?.reason ?? "", /counted exactly here/);
  });
});
