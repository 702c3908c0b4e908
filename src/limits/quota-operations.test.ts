import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../base/index.ts";
import { FailingStore } from "./quota/quota-stage.contract.ts";
import { createQuotaOperations, QuotaRefusal } from "./quota-operations.ts";

async function createStage() {
  const clock = new FakeClock();
  const store = new FailingStore();
  const endsAtMs = Date.UTC(2026, 1, 1);
  const request = { limit: "orders", period: "2026-01", endsAtMs, units: 10, isOwed: false };
  await store.reserve(
    [
      { ...request, key: "user=a:alice", wanted: 4 },
      { ...request, key: "user=a:bob", wanted: 14, isOwed: true },
    ],
    clock.wall(),
  );
  return createQuotaOperations(store, { clock, limits: () => ["orders", "searches"] });
}

describe("what operators do with quotas", () => {
  it("shows them with what is left and when they end", async () => {
    const operations = await createStage();
    const [alice, bob] = await operations.list({});
    assert.deepEqual(alice, {
      limit: "orders",
      key: "user=a:alice",
      period: "2026-01",
      used: 4,
      units: 10,
      remaining: 6,
      endsAt: "2026-02-01T00:00:00.000Z",
      updatedAt: "2026-01-01T00:00:00.000Z",
    });
    assert.equal(bob?.remaining, 0);
  });

  it("sets one back, or all", async () => {
    const operations = await createStage();
    assert.deepEqual(await operations.reset({ limit: "orders", key: "user=a:bob" }), { limit: "orders", key: "user=a:bob", count: 1 });
    assert.deepEqual(
      (await operations.list({})).map(({ used }) => used),
      [4, 0],
    );
    assert.deepEqual(await operations.reset({ limit: "orders", allKeys: true }), { limit: "orders", key: null, count: 2 });
    assert.equal((await operations.reset({ limit: "searches", key: "none" })).count, 0);
  });

  for (const [wanted, reason, message] of [
    [null, "invalid", /a JSON object/],
    [[], "invalid", /a JSON object/],
    [{}, "invalid", /`limit` is missing/],
    [{ limit: "orders" }, "invalid", /`key` is missing/],
    [{ limit: "orders", key: null }, "invalid", /`key` is missing/],
    [{ limit: "orders", key: 7 }, "invalid", /`key` is missing/],
    [{ limit: "orders", allKeys: false }, "invalid", /`allKeys` is true/],
    [{ limit: "orders", allKeys: true, key: "a" }, "invalid", /exclude each other/],
    [{ limit: "orders", keys: "a" }, "invalid", /`keys` means nothing here/],
    [{ limit: "order", key: "a" }, "absent", /no quota "order"; there are orders, searches/],
  ] as const) {
    it(`refuses ${JSON.stringify(wanted)}`, async () => {
      const operations = await createStage();
      await assert.rejects(operations.reset(wanted), (error) => {
        assert.ok(error instanceof QuotaRefusal);
        assert.equal(error.reason, reason);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it("knows the names that are configured", async () => {
    await assert.rejects((await createStage()).list({ limit: "order" }), /there are orders, searches/);
  });
});
