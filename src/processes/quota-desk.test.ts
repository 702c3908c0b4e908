import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../base/index.ts";
import type { DatabaseConfig, RateLimitConfig } from "../config/index.ts";
import { createMemoryStores, type Stores } from "../stores/index.ts";
import { QuotaDesk } from "./quota-desk.ts";

const QUOTA: RateLimitConfig = {
  name: "orders",
  key: [{ kind: "user" }],
  rule: { kind: "quota", limit: 10, per: "month", timeZone: "UTC" },
  cost: { kind: "constant", units: 1 },
  tiers: null,
  exempt: null,
  dryRun: false,
  store: "database",
  mode: "exact",
  onStoreFailure: "open",
  warnAt: [],
};
const FILE: DatabaseConfig = { kind: "sqlite", path: "/a" };

function createDesk() {
  const opened: DatabaseConfig[] = [];
  const closed: DatabaseConfig[] = [];
  const desk = new QuotaDesk(new FakeClock(), async (database): Promise<Stores> => {
    opened.push(database);
    return { ...createMemoryStores(), close: async () => void closed.push(database) };
  });
  return { desk, opened, closed };
}

describe("quotas over the life of a gateway", () => {
  it("are handled where the configuration has some", () => {
    const { desk } = createDesk();
    assert.equal(desk.operations, null);
    desk.follow({ database: FILE, rateLimits: [] });
    assert.equal(desk.operations, null);
    desk.follow({ database: FILE, rateLimits: [{ ...QUOTA, store: "local" }] });
    assert.equal(desk.operations, null);
    desk.follow({ database: FILE, rateLimits: [QUOTA] });
    assert.notEqual(desk.operations, null);
  });

  it("open the database when they are first asked for, and go by the names of the configuration that is served", async () => {
    const { desk, opened } = createDesk();
    desk.follow({ database: FILE, rateLimits: [QUOTA] });
    assert.deepEqual(opened, []);
    assert.equal((await desk.operations!.reset({ limit: "orders", allKeys: true })).count, 0);
    desk.follow({ database: FILE, rateLimits: [{ ...QUOTA, name: "searches" }] });
    await assert.rejects(desk.operations!.reset({ limit: "orders", allKeys: true }), /there are searches/);
    assert.equal(opened.length, 1);
  });

  it("move to another database with the configuration", async () => {
    const { desk, opened, closed } = createDesk();
    for (const path of ["/a", "/b", "/a"]) {
      desk.follow({ database: { kind: "sqlite", path }, rateLimits: [QUOTA] });
      assert.deepEqual(await desk.operations!.list({}), []);
    }
    desk.close();
    await new Promise(setImmediate);
    assert.deepEqual([opened.length, closed.length, desk.operations], [3, 3, null]);
  });
});
