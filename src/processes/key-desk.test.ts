import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, Secret } from "../base/index.ts";
import type { DatabaseConfig, IdentityConfig, InternalKeysConfig } from "../config/index.ts";
import { createMemoryStores, StoreFailure, type Stores } from "../stores/index.ts";
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
    desk.follow({ database: FILE, identities: [], internalKeys: null });
    assert.equal(desk.operations, null);
    desk.follow({ database: null, identities: [PARTNERS], internalKeys: null });
    assert.equal(desk.operations, null);
    desk.follow({ database: FILE, identities: [PARTNERS], internalKeys: null });
    assert.notEqual(desk.operations, null);
  });

  it("open the database when they are first asked for, once as long as it stays the same", async () => {
    const { desk, opened, closed } = createDesk();
    desk.follow({ database: server("postgres://a"), identities: [PARTNERS], internalKeys: null });
    assert.deepEqual(opened, []);
    await desk.operations!.create({ owner: "acme" });
    desk.follow({ database: server("postgres://a"), identities: [PARTNERS, { ...PARTNERS, name: "others" }], internalKeys: null });
    assert.equal((await desk.operations!.list({})).length, 1);
    await assert.rejects(desk.operations!.create({ owner: "acme" }), /there are partners, others/);
    assert.equal(opened.length, 1);
    assert.deepEqual(closed, []);
  });

  it("move to another database with the configuration", async () => {
    const { desk, opened, closed } = createDesk();
    for (const database of [server("postgres://a"), server("postgres://b"), FILE]) {
      desk.follow({ database, identities: [PARTNERS], internalKeys: null });
      assert.deepEqual(await desk.operations!.list({}), []);
    }
    desk.close();
    await new Promise(setImmediate);
    assert.equal(opened.length, 3);
    assert.equal(closed.length, 3);
    assert.equal(desk.operations, null);
  });
});

describe("public keys of internal tokens", () => {
  const INTERNAL: InternalKeysConfig = { issuer: "sallyport:edge", algorithm: "EdDSA", rotateEveryMs: 1000, overlapMs: 8000 };
  const record = (kid: string, activeAtMs: number, expiresAtMs: number) =>
    ({
      kid,
      algorithm: "EdDSA",
      publicJwk: `{"kid":"${kid}"}`,
      privateJwk: "",
      createdAtMs: 0,
      activeAtMs,
      retiresAtMs: 0,
      expiresAtMs,
    }) as const;

  it("are those that have not expired, where the configuration signs, read once a second", async () => {
    const clock = new FakeClock(0, 1000);
    const stores = createMemoryStores(clock);
    const desk = new KeyDesk(clock, async () => stores);
    desk.follow({ database: FILE, identities: [], internalKeys: null });
    assert.equal(desk.publicKeys(), null);
    desk.follow({ database: FILE, identities: [], internalKeys: INTERNAL });
    await stores.signingKeys.insertNext(record("old", 1, 1000));
    await stores.signingKeys.insertNext(record("one", 2, 9000));
    assert.equal((await desk.publicKeys())?.text, '{"keys":[{"kid":"one"}]}');
    assert.equal((await desk.publicKeys())?.cacheForSeconds, 4);
    await stores.signingKeys.insertNext(record("two", 3, 9000));
    clock.advance(999);
    assert.equal((await desk.publicKeys())?.text, '{"keys":[{"kid":"one"}]}');
    clock.advance(1);
    assert.equal((await desk.publicKeys())?.text, '{"keys":[{"kid":"one"},{"kid":"two"}]}');
  });

  it("can't be told when the database can't be opened", async () => {
    const desk = new KeyDesk(new FakeClock(), () => Promise.reject(new StoreFailure("there is no way to it")));
    desk.follow({ database: FILE, identities: [], internalKeys: INTERNAL });
    await assert.rejects(desk.publicKeys() ?? Promise.resolve(), StoreFailure);
  });
});
