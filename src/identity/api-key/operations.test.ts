import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { FakeClock } from "../../base/index.ts";
import { createMemoryStores } from "../../stores/index.ts";
import { createApiKeyOperations, digestOf, KeyRefusal } from "./index.ts";
import { parseNewKey, parseRotation } from "./key-requests.ts";

const DAY_MS = 86_400_000;

function stageOf(identities: readonly string[] = ["partners"]) {
  const clock = new FakeClock();
  const { apiKeys } = createMemoryStores(clock);
  const operations = createApiKeyOperations(apiKeys, { clock, random: randomBytes, identities: () => identities });
  const create = (body: object = {}) => operations.create({ owner: "acme", ...body });
  return { clock, apiKeys, operations, create };
}

const refusal = (reason: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof KeyRefusal, String(error));
  assert.equal(error.reason, reason);
  assert.match(error.message, message);
  return true;
};

describe("a key that is made", () => {
  it("is told once, and kept as its digest alone", async () => {
    const { apiKeys, operations, create, clock } = stageOf();
    const { key, record, replaces } = await create({
      roles: ["r"],
      scopes: ["a", "a", "b"],
      plan: "gold",
      tenant: "t",
      note: "n",
      expires: "30d",
    });
    assert.equal(replaces, null);
    assert.deepEqual(record, {
      id: key.slice(4, 16),
      prefix: key.slice(0, 16),
      state: "good",
      identity: "partners",
      owner: "acme",
      tenant: "t",
      roles: ["r"],
      scopes: ["a", "b"],
      plan: "gold",
      note: "n",
      createdAt: new Date(clock.wall()).toISOString(),
      expiresAt: new Date(clock.wall() + 30 * DAY_MS).toISOString(),
      revokedAt: null,
      replacedBy: null,
    });
    const kept = await apiKeys.find(record.id);
    assert.equal(kept?.digest, digestOf(key));
    assert.ok(!JSON.stringify([kept, await operations.list({}), await operations.show(record.id)]).includes(key));
  });

  it("is one of an identity of the configuration", async () => {
    const { create } = stageOf(["a", "b"]);
    assert.equal((await create({ identity: "b" })).record.identity, "b");
    await assert.rejects(create(), refusal("invalid", /`identity` is missing: there are a, b/));
    await assert.rejects(create({ identity: "c" }), refusal("invalid", /named `c`/));
    await assert.rejects(stageOf([]).create(), refusal("invalid", /no identity that takes API keys/));
  });

  for (const [body, message] of [
    [null, /a JSON object/],
    [[], /a JSON object/],
    [{}, /`owner` is missing/],
    [{ owner: "" }, /`owner` is a text/],
    [{ owner: " " }, /`owner` is a text/],
    [{ owner: 7 }, /`owner` is a text/],
    [{ owner: "a\0b" }, /`owner` is a text/],
    [{ owner: "\ud800" }, /`owner` is a text/],
    [{ owner: "a".repeat(201) }, /`owner` is a text/],
    [{ owner: "a", note: "n".repeat(1001) }, /`note` is a text/],
    [{ owner: "a", scope: ["x"] }, /`scope` means nothing here/],
    [{ owner: "a", scopes: "x" }, /`scopes` is a list/],
    [{ owner: "a", scopes: ["x y"] }, /`scopes` is a list/],
    [{ owner: "a", roles: ["x,y"] }, /`roles` is a list/],
    [{ owner: "a", roles: [7] }, /`roles` is a list/],
    [{ owner: "a", roles: Array(101).fill("r") }, /`roles` is a list/],
    [{ owner: "a", expires: 7 }, /`expires` is a time/],
    [{ owner: "a", expires: "soon" }, /`expires` is a time/],
    [{ owner: "a", expires: "2027-13-01" }, /`expires` is a time/],
    [{ owner: "a", expires: "2027-01-01T00:00" }, /`expires` is a time/],
    [{ owner: "a", expires: "99999999d" }, /`expires` is a time/],
    [{ owner: "a", expires: "2020-01-01" }, /in the past/],
    [{ owner: "a", expires: "0s" }, /in the past/],
  ] as const) {
    it(`is refused: ${JSON.stringify(body)?.slice(0, 60)}`, () => {
      assert.throws(() => parseNewKey(body, Date.UTC(2026, 0, 1)), refusal("invalid", message));
    });
  }

  it("expires when it is said, in any of the ways to say it", () => {
    const nowMs = Date.UTC(2026, 0, 1);
    const read = (expires: unknown) => parseNewKey({ owner: "a", expires }, nowMs).expiresAtMs;
    assert.equal(read("90d"), nowMs + 90 * DAY_MS);
    assert.equal(read("2027-01-31"), Date.UTC(2027, 0, 31));
    assert.equal(read("2027-01-31T12:00:00+02:00"), Date.UTC(2027, 0, 31, 10));
    assert.equal(read(null), null);
  });
});

describe("keys", () => {
  it("are listed, the newest first, and shown by their id", async () => {
    const { operations, create, clock } = stageOf();
    const first = await create();
    clock.advance(1);
    const second = await create({ owner: "other" });
    assert.deepEqual(
      (await operations.list({})).map(({ id }) => id),
      [second.record.id, first.record.id],
    );
    assert.deepEqual(await operations.list({ owner: "acme" }), [first.record]);
    assert.deepEqual(await operations.show(first.record.id), first.record);
    await assert.rejects(operations.show("none"), refusal("absent", /no key none/));
  });

  it("are not echoed when somebody shows one in place of its id", async () => {
    const { operations, create } = stageOf();
    const { key } = await create();
    for (const ask of [operations.show(key), operations.revoke(key), operations.rotate(key, {})]) {
      await assert.rejects(ask, (error: Error) => !error.message.includes(key) && error instanceof KeyRefusal);
    }
  });

  it("say when they have expired", async () => {
    const { operations, create, clock } = stageOf();
    const { record } = await create({ expires: "1s" });
    clock.advance(1000);
    assert.equal((await operations.show(record.id)).state, "expired");
    assert.deepEqual(await operations.list({}), []);
    assert.equal((await operations.list({ all: true })).length, 1);
  });
});

describe("a rotation", () => {
  it("makes a key that may do the same, and lets the old one go a day later", async () => {
    const { operations, create, clock } = stageOf();
    const old = await create({ roles: ["r"], scopes: ["s"], plan: "p", tenant: "t", note: "n", expires: "90d" });
    clock.advance(10 * DAY_MS);
    const { key, record, replaces } = await operations.rotate(old.record.id, {});
    assert.notEqual(key, old.key);
    const { id, prefix, createdAt, expiresAt, ...same } = record;
    for (const [name, value] of Object.entries(same)) assert.deepEqual(value, old.record[name as keyof typeof old.record], name);
    assert.equal(Date.parse(expiresAt!), clock.wall() + 90 * DAY_MS);
    assert.equal(Date.parse(replaces!.expiresAt!), clock.wall() + DAY_MS);
    assert.deepEqual(await operations.show(old.record.id), { ...old.record, expiresAt: replaces!.expiresAt, replacedBy: id });
  });

  it("never lets the old key live longer than it would have", async () => {
    const { operations, create } = stageOf();
    const { record } = await create({ expires: "1h" });
    assert.equal((await operations.rotate(record.id, { overlap: "5d" })).replaces?.expiresAt, record.expiresAt);
  });

  it("without overlap ends the old key at once", async () => {
    const { operations, create } = stageOf();
    const { record } = await create();
    assert.equal((await operations.rotate(record.id, { overlap: "0s" })).replaces?.state, "expired");
  });

  it("is not of a key that is at its end", async () => {
    const { operations, create, clock } = stageOf();
    const [revoked, expired, replaced] = [await create(), await create({ expires: "1s" }), await create()];
    await operations.revoke(revoked.record.id);
    clock.advance(1000);
    await operations.rotate(replaced.record.id, {});
    for (const [{ record }, message] of [
      [revoked, /is revoked/],
      [expired, /is expired/],
      [replaced, /has a successor already/],
    ] as const) {
      await assert.rejects(operations.rotate(record.id, {}), refusal("ended", message));
    }
    await assert.rejects(operations.rotate("none", {}), refusal("absent", /no key none/));
  });

  it("comes about once when two are asked for at the same time", async () => {
    const { operations, create } = stageOf();
    const { record } = await create();
    const done = await Promise.allSettled([1, 2, 3].map(() => operations.rotate(record.id, {})));
    assert.equal(done.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal((await operations.list({})).length, 2);
  });

  for (const body of [{ overlap: "1 day" }, { overlap: 24 }, { overlap: "" }, { overlaps: "1h" }, [], "24h"]) {
    it(`is refused: ${JSON.stringify(body)}`, () => void assert.throws(() => parseRotation(body), KeyRefusal));
  }

  it("has no overlap of a year", async () => {
    const { operations, create } = stageOf();
    const { record } = await create();
    await assert.rejects(operations.rotate(record.id, { overlap: "365d" }), refusal("invalid", /90 days/));
  });
});

describe("a revocation", () => {
  it("is at once, for good, and may be asked for twice", async () => {
    const { operations, create, clock } = stageOf();
    const { record } = await create();
    const revoked = await operations.revoke(record.id);
    assert.deepEqual(revoked, { ...record, state: "revoked", revokedAt: new Date(clock.wall()).toISOString() });
    clock.advance(5000);
    assert.deepEqual(await operations.revoke(record.id), revoked);
    await assert.rejects(operations.revoke("none"), refusal("absent", /no key none/));
  });
});
