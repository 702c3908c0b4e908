import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import type { Fault } from "../../base/index.ts";
import type { ApiKeyIdentity } from "../../config/index.ts";
import { Principal } from "../../pipeline/index.ts";
import { type ApiKeyRecord, type ApiKeyStore, createMemoryStores, StoreFailure } from "../../stores/index.ts";
import { TOO_MANY } from "../faults.ts";
import { exchangeOf, hostOf, tell } from "../mtls/testdata/exchange-double.ts";
import { createApiKeyIdentity, createApiKeyOperations, digestOf, type LookupBudget } from "./index.ts";
import { makeKey } from "./key-format.ts";

const CONFIG: ApiKeyIdentity = {
  kind: "apiKey",
  name: "partners",
  headers: null,
  principal: { id: ["owner"], tenant: "tenant", roles: "roles", scopes: "scopes" },
  from: { kind: "header", name: "X-Api-Key" },
  trustWithoutStoreMs: 0,
  cachedKeys: 3,
};

/** Lets promises that are settled be heard. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A store that a test can take away, make wait, and count the questions of. */
class Door {
  isAway = false;
  lookups = 0;
  polls = 0;
  /** Set: readings are answered with what they found when it settles. */
  gate: Promise<void> | null = null;
  readonly #inner: ApiKeyStore;

  constructor(inner: ApiKeyStore) {
    this.#inner = inner;
  }

  readonly findByDigest: ApiKeyStore["findByDigest"] = async (digest) => {
    this.lookups++;
    this.#check();
    const found = await this.#inner.findByDigest(digest);
    await this.gate;
    return found;
  };

  readonly changesSince: ApiKeyStore["changesSince"] = async (sequence) => {
    this.polls++;
    this.#check();
    return this.#inner.changesSince(sequence);
  };

  #check(): void {
    if (this.isAway) throw new StoreFailure("the database is away");
  }
}

async function stageOf(config: Partial<ApiKeyIdentity> = {}, budget: LookupBudget | null = null) {
  const host = hostOf();
  const { clock } = host;
  const stores = createMemoryStores(clock);
  const operations = createApiKeyOperations(stores.apiKeys, { clock, random: randomBytes, identities: () => ["partners", "others"] });
  const door = new Door(stores.apiKeys);
  const apiKeys = { ...door, findByDigest: door.findByDigest, changesSince: door.changesSince } as unknown as ApiKeyStore;
  const identity = createApiKeyIdentity({ ...CONFIG, ...config }, { ...host, stores: { ...stores, apiKeys } }, budget);
  await turn();
  return {
    identity,
    host,
    door,
    operations,
    store: stores.apiKeys,
    create: (more: { scopes?: string[]; expires?: string; identity?: string; tenant?: string; plan?: string } = {}) =>
      operations.create({
        owner: "acme",
        identity: "partners",
        roles: ["reader"],
        ...more,
      }),
    ask: (key: string) => identity.identify(exchangeOf({ fields: [["X-Api-Key", key]] })),
    tell: (key: string) => tell(identity.identify(exchangeOf({ fields: [["X-Api-Key", key]] }))),
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 500) {
        clock.advance(Math.min(left, 500));
        await turn();
      }
    },
  };
}

describe("an API key", () => {
  it("is a principal with all that its record says", async () => {
    const { create, ask, identity } = await stageOf();
    const { key, record } = await create({ scopes: ["orders"], tenant: "t", plan: "gold", expires: "2027-01-01" });
    const principal = await ask(key);
    assert.ok(principal instanceof Principal);
    const { id, tenant, roles, scopes, plan, source, expiresAtMs, claims } = principal;
    assert.deepEqual(
      [id, tenant, roles, scopes, plan, source, expiresAtMs],
      ["acme", "t", ["reader"], ["orders"], "gold", "apiKey", Date.UTC(2027, 0, 1)],
    );
    assert.equal(claims["key"], record.id);
    assert.equal(claims["prefix"], record.prefix);
    assert.ok(!JSON.stringify(principal).includes(key) && !JSON.stringify(principal).includes(digestOf(key)));
    identity.close();
  });

  it("is none where there is nothing in its place", async () => {
    const { identity } = await stageOf();
    assert.equal(identity.identify(exchangeOf()), null);
    identity.close();
  });

  it("is looked up once, and answered at once from then on", async () => {
    const { create, ask, door, identity, host } = await stageOf();
    const { key } = await create();
    const outcomes = [ask(key), ask(key), ask(key)];
    const [first, ...others] = await Promise.all(outcomes);
    assert.ok(first instanceof Principal);
    assert.ok(others.every((other) => other === first));
    assert.equal(ask(key), first);
    assert.equal(door.lookups, 1);
    assert.deepEqual(host.lookups, [false, false, false, true]);
    identity.close();
  });

  it("that has not the form of one is refused without a look-up", async () => {
    const { create, tell, door, identity } = await stageOf();
    const { key } = await create();
    for (const wrong of ["", "secret", key.slice(1), `${key.slice(0, -1)}${key.endsWith("a") ? "b" : "a"}`, key.toUpperCase()]) {
      const told = await tell(wrong);
      assert.equal(told, "SP_AUTH_INVALID: partners: it does not have the form of a key");
    }
    assert.equal(door.lookups, 0);
    identity.close();
  });

  it("that nobody made is refused, and asked about once in a while", async () => {
    const { tell, door, identity, pass } = await stageOf();
    const { key } = makeKey(randomBytes);
    const told = "SP_AUTH_INVALID: partners: there is no such key";
    assert.equal(await tell(key), told);
    assert.equal(await tell(key), told);
    assert.equal(door.lookups, 1);
    await pass(10_000);
    assert.equal(await tell(key), told);
    assert.equal(door.lookups, 2);
    identity.close();
  });

  it("of another identity, or twice in one request, is refused", async () => {
    const { create, tell: ask, identity } = await stageOf();
    const { key, record } = await create({ identity: "others" });
    assert.equal(await ask(key), `SP_AUTH_INVALID: partners: the key ${record.id} is one of the identity others`);
    const twice = exchangeOf({
      fields: [
        ["X-Api-Key", key],
        ["X-Api-Key", key],
      ],
    });
    assert.equal(await tell(identity.identify(twice)), "SP_AUTH_INVALID: there is more than one line of X-Api-Key");
    identity.close();
  });

  it("is good until the moment that it expires, known or not", async () => {
    const { create, tell, host, identity, pass } = await stageOf();
    const { key } = await create({ expires: "3s" });
    await pass(2999);
    assert.equal(await tell(key), "acme");
    host.clock.advance(1);
    assert.equal(await tell(key), "SP_AUTH_EXPIRED: partners: the key has expired");
    host.clock.jumpWall(-1);
    assert.equal(await tell(key), "acme");
    identity.close();
  });

  it("that is revoked is refused within 5 s, wherever that was done", async () => {
    const { create, tell, operations, identity, host } = await stageOf();
    const { key, record } = await create();
    assert.equal(await tell(key), "acme");
    await operations.revoke(record.id);
    let waitedMs = 0;
    while ((await tell(key)) === "acme" && waitedMs < 10_000) {
      host.clock.advance(100);
      waitedMs += 100;
      await turn();
    }
    assert.ok(waitedMs <= 5000, String(waitedMs));
    assert.equal(await tell(key), `SP_AUTH_INVALID: partners: the key ${record.id} is revoked`);
    identity.close();
  });

  it("that was asked for before it was made is good as soon as the change is told", async () => {
    const { tell, store, identity, pass } = await stageOf();
    const { id, key } = makeKey(randomBytes);
    assert.match(await tell(key), /no such key/);
    await store.insert(recordOf(id, key));
    await pass(2100);
    assert.equal(await tell(key), "acme");
    identity.close();
  });

  it("and its successor are both good until the overlap ends", async () => {
    const { create, tell, operations, identity, pass } = await stageOf();
    const { key, record } = await create();
    assert.equal(await tell(key), "acme");
    const next = await operations.rotate(record.id, { overlap: "1m" });
    await pass(30_000);
    assert.deepEqual([await tell(key), await tell(next.key)], ["acme", "acme"]);
    await pass(30_000);
    assert.deepEqual([await tell(key), await tell(next.key)], ["SP_AUTH_EXPIRED: partners: the key has expired", "acme"]);
    identity.close();
  });

  it("that is read while it is revoked is read again", async () => {
    const { create, ask, operations, door, identity, pass } = await stageOf();
    const { key, record } = await create();
    const { promise, resolve } = Promise.withResolvers<void>();
    door.gate = promise;
    const asking = ask(key);
    await turn();
    await operations.revoke(record.id);
    await pass(2500);
    resolve();
    assert.equal(await tell(asking), `SP_AUTH_INVALID: partners: the key ${record.id} is revoked`);
    assert.equal(door.lookups, 2);
    identity.close();
  });

  it("is forgotten when many others were used since, and guesses push none out", async () => {
    const { create, tell, door, identity } = await stageOf();
    const keys: string[] = [];
    for (let count = 0; count < 4; count++) keys.push((await create()).key);
    const [first, ...others] = keys as [string, ...string[]];
    await tell(first);
    for (let count = 0; count < 20; count++) await tell(makeKey(randomBytes).key);
    door.lookups = 0;
    await tell(first);
    assert.equal(door.lookups, 0);
    for (const key of others) await tell(key);
    await tell(first);
    assert.equal(door.lookups, 4);
    identity.close();
  });
});

describe("API keys whose store is away", () => {
  it("are believed for 4 s, and then nobody is let in", async () => {
    const { create, tell, door, identity, pass, host } = await stageOf();
    const { key } = await create();
    const other = await create();
    assert.equal(await tell(key), "acme");
    door.isAway = true;
    assert.equal(await tell(other.key), "SP_AUTH_UNAVAILABLE: partners: the database is away");
    const told = host.asked.filter(({ what }) => what === "store").map(({ isGood, detail }) => [isGood, detail]);
    assert.deepEqual(told, [
      [true, ""],
      [false, "the database is away"],
    ]);
    await pass(3500);
    assert.equal(await tell(key), "acme");
    await pass(500);
    assert.equal(await tell(key), "SP_AUTH_UNAVAILABLE: partners: the database is away");
    identity.close();
  });

  it("are looked up once each, and not for every request, as soon as it is back", async () => {
    const { create, tell, door, identity, pass } = await stageOf();
    const { key } = await create();
    await tell(key);
    door.isAway = true;
    await pass(11_000);
    door.isAway = false;
    await pass(1000);
    door.lookups = 0;
    for (let count = 0; count < 10; count++) assert.equal(await tell(key), "acme");
    assert.equal(door.lookups, 1);
    identity.close();
  });

  it("are believed for longer where the configuration says so, but those that are not known", async () => {
    const { create, tell, door, identity, pass } = await stageOf({ trustWithoutStoreMs: 60_000 });
    const { key } = await create();
    const other = await create();
    assert.equal(await tell(key), "acme");
    door.isAway = true;
    await pass(59_000);
    assert.equal(await tell(key), "acme");
    assert.match(await tell(other.key), /SP_AUTH_UNAVAILABLE/);
    await pass(2000);
    assert.match(await tell(key), /SP_AUTH_UNAVAILABLE/);
    identity.close();
  });

  it("are good again when it is back, and those revoked meanwhile are not", async () => {
    const { create, tell, operations, door, identity, pass, host } = await stageOf();
    const [kept, revoked] = [await create(), await create()];
    await tell(kept.key);
    await tell(revoked.key);
    door.isAway = true;
    await operations.revoke(revoked.record.id);
    await pass(20_000);
    door.isAway = false;
    assert.match(await tell(revoked.key), /revoked/);
    assert.equal(await tell(kept.key), "acme");
    await pass(2500);
    assert.match(await tell(revoked.key), /revoked/);
    assert.equal(host.asked.at(-1)?.isGood, true);
    assert.ok(host.asked.some(({ what, isGood, detail }) => what === "changes" && !isGood && detail === "the database is away"));
    identity.close();
  });

  it("are read anew when it is another one, which knows of fewer changes", async () => {
    const { create, tell, door, identity, pass, store } = await stageOf();
    const { key } = await create();
    await pass(2500);
    assert.equal(await tell(key), "acme");
    const { changesSince } = store;
    store.changesSince = async () => ({ sequence: 0, digests: [] });
    await pass(2500);
    store.changesSince = changesSince;
    door.lookups = 0;
    assert.equal(await tell(key), "acme");
    assert.equal(door.lookups, 1);
    identity.close();
  });

  it("are asked for by so many requests at once and no more", async () => {
    const { door, ask, tell: say, identity } = await stageOf();
    const { promise, resolve } = Promise.withResolvers<void>();
    door.gate = promise;
    const waiting = Array.from({ length: 64 }, () => ask(makeKey(randomBytes).key));
    assert.match(await say(makeKey(randomBytes).key), /SP_AUTH_UNAVAILABLE: partners: 64 keys/);
    resolve();
    await Promise.all(waiting);
    door.gate = null;
    assert.match(await say(makeKey(randomBytes).key), /no such key/);
    identity.close();
  });
});

describe("the identity of API keys", () => {
  it("has nothing under way once it is closed", async () => {
    const { identity, door, host, pass } = await stageOf();
    identity.close();
    const { polls } = door;
    await pass(10_000);
    assert.equal(door.polls, polls);
    assert.equal(host.wheel.size, 0);
  });

  it("asks nothing more when it is closed while it asks what has changed, whatever the answer", async () => {
    for (const isAway of [false, true]) {
      const { identity, door, host, pass } = await stageOf();
      door.isAway = isAway;
      host.clock.advance(2500);
      host.wheel.touch();
      const { polls } = door;
      assert.equal(polls, 2);
      identity.close();
      await pass(10_000);
      assert.equal(door.polls, polls);
      assert.equal(host.wheel.size, 0);
    }
  });

  it("counts look-ups against their client, but those of good keys", async () => {
    const counts = { taken: 0, given: 0, refusal: null as Fault | null };
    const budget: LookupBudget = {
      take() {
        counts.taken++;
        return counts.refusal;
      },
      giveBack() {
        counts.given++;
      },
    };
    const { create, tell, identity, door } = await stageOf({}, budget);
    const { key } = await create();
    await tell(key);
    await tell(key);
    assert.deepEqual([counts.taken, counts.given], [1, 1]);
    await tell(makeKey(randomBytes).key);
    assert.deepEqual([counts.taken, counts.given], [2, 1]);
    door.isAway = true;
    await tell(makeKey(randomBytes).key);
    assert.deepEqual([counts.taken, counts.given], [3, 2]);
    counts.refusal = TOO_MANY;
    assert.match(await tell(makeKey(randomBytes).key), /SP_AUTH_TOO_MANY/);
    assert.equal(await tell(key), "acme");
    identity.close();
  });

  it("is refused without a database", () => {
    assert.throws(() => createApiKeyIdentity(CONFIG, hostOf()), /needs a database/);
  });
});

function recordOf(id: string, key: string): ApiKeyRecord {
  return {
    id,
    prefix: `spk_${id}`,
    digest: digestOf(key),
    identity: "partners",
    owner: "acme",
    tenant: null,
    roles: [],
    scopes: [],
    plan: null,
    note: null,
    createdAtMs: 0,
    expiresAtMs: null,
    revokedAtMs: null,
    replacedBy: null,
  };
}
