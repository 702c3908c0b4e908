import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, Secret } from "../base/index.ts";
import type { DatabaseConfig, IdentityConfig } from "../config/index.ts";
import { createMemoryStores, type Stores } from "../stores/index.ts";
import { KeyDesk } from "./key-desk.ts";

const PARTNERS: IdentityConfig = {
  kind: "apiKey",
  name: "partners",
  headers: null,
  principal: { id: ["owner"], tenant: "tenant", roles: "roles", scopes: "scopes" },
  from: { kind: "header", name: "X-Api-Key" },
  trustWithoutStoreMs: 0,
  cachedKeys: 10,
};
const FILE: DatabaseConfig = { kind: "sqlite", path: "/a" };
const server = (url: string): DatabaseConfig => ({ kind: "postgres", url: new Secret(url), ca: null });

function createDesk() {
  const opened: DatabaseConfig[] = [];
  const closed: DatabaseConfig[] = [];
  const desk = new KeyDesk(new FakeClock(), async (database): Promise<Stores> => {
    opened.push(database);
    return { ...createMemoryStores(), close: async () => void closed.push(database) };
  });
  return { desk, opened, closed };
}

describe("keys over the life of a gateway", () => {
  it("are handled where there is a database, and an identity that takes them", () => {
    const { desk } = createDesk();
    assert.equal(desk.operations, null);
    desk.follow({ database: FILE, identities: [] });
    assert.equal(desk.operations, null);
    desk.follow({ database: null, identities: [PARTNERS] });
    assert.equal(desk.operations, null);
    desk.follow({ database: FILE, identities: [PARTNERS] });
    assert.notEqual(desk.operations, null);
  });

  it("open the database when they are first asked for, once as long as it stays the same", async () => {
    const { desk, opened, closed } = createDesk();
    desk.follow({ database: server("postgres://a"), identities: [PARTNERS] });
    assert.deepEqual(opened, []);
    await desk.operations!.create({ owner: "acme" });
    desk.follow({ database: server("postgres://a"), identities: [PARTNERS, { ...PARTNERS, name: "others" }] });
    assert.equal((await desk.operations!.list({})).length, 1);
    await assert.rejects(desk.operations!.create({ owner: "acme" }), /there are partners, others/);
    assert.equal(opened.length, 1);
    assert.deepEqual(closed, []);
  });

  it("move to another database with the configuration", async () => {
    const { desk, opened, closed } = createDesk();
    for (const database of [server("postgres://a"), server("postgres://b"), FILE]) {
      desk.follow({ database, identities: [PARTNERS] });
      assert.deepEqual(await desk.operations!.list({}), []);
    }
    desk.close();
    await new Promise(setImmediate);
    assert.equal(opened.length, 3);
    assert.equal(closed.length, 3);
    assert.equal(desk.operations, null);
  });
});
