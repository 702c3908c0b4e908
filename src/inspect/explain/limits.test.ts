// What an explanation says of limits: which ones were asked, for whom, and what is left. Nothing that counts in earnest is asked.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfig } from "../../config/index.ts";
import { Explainer } from "./index.ts";

const YAML = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080, rateLimits: [everything] }]
database: { sqlite: { path: /nowhere/at/all.db } }
counters: { redis: { url: redis://127.0.0.1:1 } }
identities: { partners: { apiKey: { header: X-Api-Key } } }
upstreams: { shop: { endpoints: [http://127.0.0.1:3001] } }
rateLimits:
  everything: { key: global, tokenBucket: { rate: 100/s, burst: 100 }, exempt: { from: [10.0.0.0/8] } }
  per-client: { key: ip, slidingWindow: { limit: 2, window: 1m }, store: redis, onStoreFailure: closed }
  tried: { key: [user, endpoint], slidingWindow: { limit: 1, window: 1m }, dryRun: true, exempt: { users: [root] } }
  monthly: { key: user, quota: { limit: 2, per: month }, tiers: { by: plan, of: { gold: { limit: 9 } } }, onStoreFailure: closed }
routes:
  - { name: orders, match: { path: /orders/* }, auth: [partners], upstream: shop, rateLimits: [per-client, tried, { limit: monthly, cost: 2 }] }
`;

describe("an explanation of limits", () => {
  it("says of each step what it counts, in which tier, who refuses, and who is exempt", async () => {
    const { config, issues } = parseConfig(YAML, "gateway.yaml");
    assert.deepEqual(issues, []);
    assert.ok(config !== null);
    await using explainer = await Explainer.open(config);
    const explain = async (id = "alice", from = "203.0.113.10") => {
      const { steps, response } = await explainer.explain("GET http://h/orders/7", { from, as: { id, plan: "gold" } });
      const asked = steps.filter(({ policy, side }) => policy === "rate-limits" && side === "request");
      return [response.status, ...asked.map(({ phase, changes }) => `${phase}: ${changes.join("; ")}`)];
    };
    assert.deepEqual(await explain(), [
      200,
      "guard: counts 1 of everything for global: 99 left",
      "early-limits: counts 1 of per-client for ip=203.0.113.10: 1 left",
      "limits: counts 1 of tried for user=partners:alice|endpoint=GET /orders/*, a dry run: 0 left; counts 2 of monthly, tier gold, for user=partners:alice: 7 left",
    ]);
    assert.match(
      String((await explain()).at(-1)),
      /^limits: would be refused by tried .*, a dry run: 0 left; counts 2 of monthly.*: 5 left$/,
    );
    assert.deepEqual(await explain(), [
      429,
      "guard: counts 1 of everything for global: 97 left",
      "early-limits: is refused by per-client for ip=203.0.113.10: 0 left; refuses it: per-client",
    ]);
    assert.deepEqual(await explain("root", "10.1.1.1"), [
      200,
      "guard: everything exempts it",
      "early-limits: counts 1 of per-client for ip=10.1.1.1: 1 left",
      "limits: tried exempts it; counts 2 of monthly, tier gold, for user=partners:root: 7 left",
    ]);
  });
});
