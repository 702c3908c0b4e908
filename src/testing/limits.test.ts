// Limits in a test gateway: counted by the clock that the test moves, and no server or database is opened for them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestGateway } from "./index.ts";

const YAML = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
database: { sqlite: { path: /nowhere/at/all.db } }
counters: { redis: { url: redis://127.0.0.1:1 } }
identities: { partners: { apiKey: { header: X-Api-Key } } }
upstreams: { shop: { endpoints: [http://127.0.0.1:3001] } }
rateLimits:
  here: { key: ip, fixedWindow: { limit: 2, window: 1m } }
  everywhere: { key: ip, slidingWindow: { limit: 2, window: 1m }, store: redis, onStoreFailure: closed }
  roughly: { key: ip, tokenBucket: { rate: 1/s, burst: 2 }, store: redis, mode: approximate, onStoreFailure: closed }
  monthly: { key: user, quota: { limit: 2, per: month, warnAt: [50%] }, onStoreFailure: closed }
  evenly: { key: ip, leakyBucket: { rate: 1/s, maxDelay: 2s } }
routes:
  - { name: here, match: { path: /here }, public: true, upstream: shop, rateLimits: [here] }
  - { name: everywhere, match: { path: /everywhere }, public: true, upstream: shop, rateLimits: [everywhere] }
  - { name: roughly, match: { path: /roughly }, public: true, upstream: shop, rateLimits: [roughly] }
  - { name: monthly, match: { path: /monthly }, auth: [partners], upstream: shop, rateLimits: [monthly] }
  - { name: evenly, match: { path: /evenly }, public: true, upstream: shop, rateLimits: [evenly] }
`;

describe("limits of a test gateway", () => {
  for (const [path, wait] of [
    ["here", "1m"],
    ["everywhere", "2m"],
    ["roughly", "2s"],
  ]) {
    it(`count by the test's clock: ${path}`, async () => {
      await using gateway = await createTestGateway({ yaml: YAML });
      const ask = async () => (await gateway.request(`GET http://a/${path}`)).status;
      assert.deepEqual([await ask(), await ask(), await ask()], [200, 200, 429]);
      await gateway.clock.advance(wait ?? "");
      assert.deepEqual([await ask(), await ask(), await ask()], [200, 200, 429]);
    });
  }

  it("count quotas in memory, until the month is over", async () => {
    await using gateway = await createTestGateway({ yaml: YAML, now: "2026-01-31T23:59:00Z" });
    const ask = (id: string) => gateway.request("GET http://a/monthly", { as: { id } });
    assert.equal((await ask("alice")).headers.get("x-quota-warning"), '"monthly";used=50');
    assert.equal((await ask("alice")).status, 200);
    assert.equal((await ask("alice")).fault, "SP_LIMIT_EXCEEDED");
    assert.equal((await ask("bob")).status, 200);
    const [most] = await gateway.stores.quotas.list({ limit: "monthly" }, gateway.clock.now.getTime());
    assert.deepEqual([most?.key, most?.used], ["user=partners:alice", 2]);
    await gateway.clock.advance("1m");
    assert.equal((await ask("alice")).status, 200);
  });

  it("hold a request until the clock has been moved", async () => {
    await using gateway = await createTestGateway({ yaml: YAML });
    assert.equal((await gateway.request("GET http://a/evenly")).status, 200);
    const second = gateway.request("GET http://a/evenly");
    await gateway.clock.advance("900ms");
    assert.equal(gateway.upstream("shop").requests.length, 1);
    await gateway.clock.advance("200ms");
    assert.equal((await second).status, 200);
  });
});
