// The suite that every engine passes: what ports.ts promises.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { FakeClock } from "../base/index.ts";
import type { QuotaReserve } from "../limits/index.ts";
import { type ApiKeyRecord, type SessionRecord, type SigningKeyRecord, StoreFailure, type Stores } from "./ports.ts";

export const NOW_MS = Date.UTC(2026, 0, 1);
const random = (): string => randomBytes(16).toString("hex");

export function makeKey(more: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  return {
    id: random(),
    prefix: "spk_abcd",
    digest: random(),
    identity: "partners",
    owner: "acme",
    tenant: null,
    roles: [],
    scopes: [],
    plan: null,
    note: null,
    createdAtMs: NOW_MS,
    expiresAtMs: null,
    revokedAtMs: null,
    replacedBy: null,
    ...more,
  };
}

export function makeSession(more: Partial<SessionRecord> = {}): SessionRecord {
  return { digest: random(), identity: "users", subject: "alice", sealed: "sealed", expiresAtMs: NOW_MS + 1000, version: 1, ...more };
}

export function makeSigningKey(activeAtMs: number, more: Partial<SigningKeyRecord> = {}): SigningKeyRecord {
  return {
    kid: random(),
    algorithm: "EdDSA",
    publicJwk: '{"kty":"OKP"}',
    privateJwk: "sealed",
    createdAtMs: NOW_MS,
    activeAtMs,
    retiresAtMs: activeAtMs + 1000,
    expiresAtMs: activeAtMs + 2000,
    ...more,
  };
}

/** Declares the suite for one engine. `open` opens the same stores each time, as two nodes would; they are empty at first. */
export function storesContract(name: string, open: (clock: FakeClock) => Promise<Stores>, skip: string | false = false): void {
  describe(`stores: ${name}`, { skip }, () => {
    const clock = new FakeClock(0, NOW_MS);
    let one: Stores;
    let other: Stores;
    before(async () => {
      if (skip !== false) return;
      [one, other] = await Promise.all([open(clock), open(clock)]);
    });
    after(() => Promise.all([one?.close(), other?.close()]));
    const nodes = () => [one, other] as const;
    apiKeysContract(nodes, clock);
    changesContract(nodes);
    sessionsContract(nodes);
    signingKeysContract(nodes);
    ownSecretsContract(nodes);
    quotasContract(nodes);
  });
}

type Nodes = () => readonly [Stores, Stores];

function apiKeysContract(nodes: Nodes, clock: FakeClock): void {
  describe("API keys", () => {
    it("are found as they were put there, by id and by digest, from every node", async () => {
      const full = makeKey({
        tenant: "t",
        roles: ["a,b", 'c"'],
        scopes: ["read", "Zoë"],
        plan: "gold",
        note: "für \u{1f600}",
        expiresAtMs: NOW_MS + 5,
      });
      const [one, other] = nodes();
      for (const record of [makeKey(), full]) {
        await one.apiKeys.insert(record);
        assert.deepEqual(await other.apiKeys.find(record.id), record);
        assert.deepEqual(await other.apiKeys.findByDigest(record.digest), record);
      }
      assert.equal(await other.apiKeys.find("none"), null);
      assert.equal(await other.apiKeys.findByDigest("none"), null);
      assert.equal(await other.apiKeys.findByDigest("' or 1=1 --"), null);
    });

    it("don't share an id or a digest", async () => {
      const record = makeKey();
      const [one, other] = nodes();
      await one.apiKeys.insert(record);
      await assert.rejects(other.apiKeys.insert(makeKey({ id: record.id })), StoreFailure);
      await assert.rejects(other.apiKeys.insert(makeKey({ digest: record.digest })), StoreFailure);
      assert.deepEqual(await one.apiKeys.find(record.id), record);
    });

    it("are listed by owner and identity, the newest first, those that are no longer good only when asked for", async () => {
      const { apiKeys } = nodes()[0];
      const owner = random();
      const listed = [
        makeKey({ owner, createdAtMs: NOW_MS - 3 }),
        makeKey({ owner, createdAtMs: NOW_MS - 1, identity: "others" }),
        makeKey({ owner, createdAtMs: NOW_MS - 2, expiresAtMs: NOW_MS + 1000 }),
        makeKey({ owner, createdAtMs: NOW_MS - 5, revokedAtMs: NOW_MS - 4 }),
        makeKey({ owner, createdAtMs: NOW_MS - 6, expiresAtMs: NOW_MS }),
      ];
      for (const record of listed) await apiKeys.insert(record);
      const list = async (filter: Parameters<typeof apiKeys.list>[0]) =>
        (await apiKeys.list(filter)).map(({ id }) => listed.findIndex((record) => record.id === id));
      assert.deepEqual(await list({ owner }), [1, 2, 0]);
      assert.deepEqual(await list({ owner, identity: "partners" }), [2, 0]);
      assert.deepEqual(await list({ owner, identity: "partners", all: true }), [2, 0, 3, 4]);
      assert.deepEqual(await list({ owner: "nobody", all: true }), []);
      assert.ok((await apiKeys.list({})).length >= 3);
      clock.advance(1000);
      assert.deepEqual(await list({ owner }), [1, 0]);
    });

    it("change but for their digest", async () => {
      const record = makeKey();
      const { apiKeys } = nodes()[0];
      await apiKeys.insert(record);
      const changed = { ...record, note: "n", roles: ["r"], plan: "p", expiresAtMs: NOW_MS + 9, owner: "o" };
      assert.equal(await apiKeys.update({ ...changed, digest: random() }), true);
      assert.deepEqual(await apiKeys.find(record.id), changed);
      assert.equal(await apiKeys.update(makeKey()), false);
    });

    it("stay revoked and replaced, whatever somebody writes who read them before", async () => {
      const record = makeKey();
      const [one, other] = nodes();
      await one.apiKeys.insert(record);
      await one.apiKeys.update({ ...record, revokedAtMs: 5, replacedBy: "next" });
      assert.equal(await other.apiKeys.update({ ...record, note: "late" }), true);
      const { revokedAtMs, replacedBy, note } = (await one.apiKeys.find(record.id))!;
      assert.deepEqual({ revokedAtMs, replacedBy, note }, { revokedAtMs: 5, replacedBy: "next", note: "late" });
    });

    it("are rotated by one node alone when all try at once", async () => {
      const record = makeKey();
      await nodes()[0].apiKeys.insert(record);
      const successors = Array.from({ length: 8 }, () => makeKey());
      const rotate = (successor: ApiKeyRecord, index: number) =>
        nodes()[index % 2]!.apiKeys.rotate({ ...record, expiresAtMs: NOW_MS + 7, replacedBy: successor.id }, successor);
      const done = await Promise.all(successors.map(rotate));
      assert.equal(done.filter(Boolean).length, 1);
      const winner = successors[done.indexOf(true)]!;
      assert.deepEqual(await nodes()[0].apiKeys.find(record.id), { ...record, expiresAtMs: NOW_MS + 7, replacedBy: winner.id });
      for (const successor of successors) {
        assert.deepEqual(await nodes()[0].apiKeys.find(successor.id), successor === winner ? winner : null);
      }
    });

    it("are not rotated when they are gone or revoked, nor half", async () => {
      const { apiKeys } = nodes()[0];
      const [revoked, kept, taken] = [makeKey({ revokedAtMs: 1 }), makeKey(), makeKey()];
      for (const record of [revoked, kept, taken]) await apiKeys.insert(record);
      const successor = makeKey();
      assert.equal(await apiKeys.rotate(revoked, successor), false);
      assert.equal(await apiKeys.rotate(makeKey(), successor), false);
      assert.equal(await apiKeys.find(successor.id), null);
      await assert.rejects(apiKeys.rotate({ ...kept, expiresAtMs: 1 }, { ...successor, digest: taken.digest }), StoreFailure);
      assert.deepEqual(await apiKeys.find(kept.id), kept);
    });
  });
}

function changesContract(nodes: Nodes): void {
  describe("changes of API keys", () => {
    it("are told from a number on, which is that of the last", async () => {
      const [one, other] = nodes();
      const { sequence } = await other.apiKeys.changesSince(Number.MAX_SAFE_INTEGER);
      const [first, second, successor] = [makeKey(), makeKey(), makeKey()];
      await one.apiKeys.insert(first);
      const afterFirst = await other.apiKeys.changesSince(sequence);
      assert.deepEqual(afterFirst.digests, [first.digest]);
      assert.ok(afterFirst.sequence > sequence);
      await one.apiKeys.insert(second);
      await one.apiKeys.update({ ...first, revokedAtMs: 1 });
      await one.apiKeys.rotate({ ...second, replacedBy: successor.id }, successor);
      const then = await other.apiKeys.changesSince(afterFirst.sequence);
      assert.deepEqual(new Set(then.digests), new Set([first.digest, second.digest, successor.digest]));
      assert.deepEqual(await other.apiKeys.changesSince(then.sequence), { sequence: then.sequence, digests: [] });
    });

    it("are none when nothing was done", async () => {
      const { apiKeys } = nodes()[0];
      const { sequence } = await apiKeys.changesSince(0);
      await apiKeys.update(makeKey());
      await apiKeys.rotate(makeKey(), makeKey());
      assert.deepEqual((await apiKeys.changesSince(sequence)).digests, []);
    });

    it("are all seen by who reads while many write at once", async () => {
      const [one, other] = nodes();
      const records = Array.from({ length: 60 }, () => makeKey());
      let { sequence } = await one.apiKeys.changesSince(Number.MAX_SAFE_INTEGER);
      const seen = new Set<string>();
      let isWriting = true;
      const write = async (index: number): Promise<void> => {
        for (let at = index; at < records.length; at += 6) await nodes()[at % 2]!.apiKeys.insert(records[at]!);
      };
      const writing = Promise.all([0, 1, 2, 3, 4, 5].map(write)).finally(() => {
        isWriting = false;
      });
      for (let isLast = false; !isLast; ) {
        isLast = !isWriting;
        const changes = await other.apiKeys.changesSince(sequence);
        ({ sequence } = changes);
        for (const digest of changes.digests) seen.add(digest);
        await new Promise(setImmediate);
      }
      await writing;
      assert.deepEqual(
        records.filter(({ digest }) => !seen.has(digest)),
        [],
      );
    });
  });
}

function sessionsContract(nodes: Nodes): void {
  describe("sessions", () => {
    it("are found by digest until they are removed", async () => {
      const [one, other] = nodes();
      const record = makeSession({ sealed: "x".repeat(5000) });
      await one.sessions.insert(record);
      assert.deepEqual(await other.sessions.find(record.digest), record);
      await assert.rejects(other.sessions.insert(record), StoreFailure);
      await other.sessions.remove(record.digest);
      await other.sessions.remove(record.digest);
      assert.equal(await one.sessions.find(record.digest), null);
    });

    it("are written by one of those who read the same version", async () => {
      const record = makeSession();
      await nodes()[0].sessions.insert(record);
      const write = (stores: Stores, sealed: string) => stores.sessions.update({ ...record, sealed, version: 2 });
      const done = await Promise.all([write(nodes()[0], "a"), write(nodes()[1], "b"), write(nodes()[0], "c")]);
      assert.equal(done.filter(Boolean).length, 1);
      const kept = await nodes()[1].sessions.find(record.digest);
      assert.deepEqual(kept, { ...record, sealed: ["a", "b", "c"][done.indexOf(true)], version: 2 });
      assert.equal(await nodes()[0].sessions.update(makeSession({ version: 2 })), false);
    });

    it("of one subject of one identity go together", async () => {
      const { sessions } = nodes()[0];
      const subject = random();
      const [mine, mineToo, theirs] = [makeSession({ subject }), makeSession({ subject }), makeSession({ subject, identity: "x" })];
      for (const record of [mine, mineToo, theirs]) await sessions.insert(record);
      assert.equal(await sessions.removeOf("users", subject), 2);
      assert.deepEqual(await Promise.all([mine, theirs].map(({ digest }) => sessions.find(digest))), [null, theirs]);
    });

    it("that have expired are removed, from that very moment on", async () => {
      const { sessions } = nodes()[0];
      await sessions.removeExpired(Number.MAX_SAFE_INTEGER);
      const [gone, stays] = [makeSession({ expiresAtMs: 10 }), makeSession({ expiresAtMs: 11 })];
      for (const record of [gone, stays]) await sessions.insert(record);
      assert.equal(await sessions.removeExpired(10), 1);
      assert.deepEqual(await sessions.find(stays.digest), stays);
    });
  });
}

function signingKeysContract(nodes: Nodes): void {
  describe("signing keys", () => {
    it("come one after the other, each by one node alone", async () => {
      const tries = Array.from({ length: 6 }, () => makeSigningKey(NOW_MS));
      const done = await Promise.all(tries.map((record, index) => nodes()[index % 2]!.signingKeys.insertNext(record)));
      assert.equal(done.filter(Boolean).length, 1);
      const first = tries[done.indexOf(true)]!;
      assert.equal(await nodes()[0].signingKeys.insertNext(makeSigningKey(NOW_MS - 1)), false);
      const next = makeSigningKey(NOW_MS + 1, { algorithm: "ES256" });
      assert.equal(await nodes()[1].signingKeys.insertNext(next), true);
      assert.deepEqual(await nodes()[0].signingKeys.list(NOW_MS), [first, next]);
    });

    it("are listed and kept until they expire", async () => {
      const { signingKeys } = nodes()[1];
      assert.equal((await signingKeys.list(NOW_MS + 2000)).length, 1);
      assert.equal(await signingKeys.removeExpired(NOW_MS + 2000), 1);
      assert.equal((await signingKeys.list(0)).length, 1);
      assert.equal(await signingKeys.removeExpired(NOW_MS + 2001), 1);
      assert.deepEqual(await signingKeys.list(0), []);
    });
  });
}

function ownSecretsContract(nodes: Nodes): void {
  describe("secrets of the gateway's own", () => {
    it("are made once, and the same for all nodes", async () => {
      const made = Array.from({ length: 6 }, random);
      const got = await Promise.all(made.map((secret, index) => nodes()[index % 2]!.ownSecrets.obtain("seal", () => secret)));
      assert.equal(new Set(got).size, 1);
      assert.ok(made.includes(got[0]!));
      assert.equal(await nodes()[1].ownSecrets.obtain("seal", random), got[0]);
      assert.notEqual(await nodes()[1].ownSecrets.obtain("other", random), got[0]);
    });
  });
}

export function makeReserve(wanted: number, more: Partial<QuotaReserve> = {}): QuotaReserve {
  return { limit: "per-key", key: "acme", period: "2026-01", endsAtMs: NOW_MS + 1000, units: 100, wanted, isOwed: false, ...more };
}

function quotasContract(nodes: Nodes): void {
  const take = async (wanted: number, more: Partial<QuotaReserve> = {}, node = 0) =>
    (await nodes()[node]!.quotas.reserve([makeReserve(wanted, more)], NOW_MS))[0]!;

  describe("quotas", () => {
    it("grant what is left, to whoever asks first", async () => {
      const key = random();
      assert.deepEqual(await take(60, { key }), { granted: 60, used: 60 });
      assert.deepEqual(await take(60, { key }, 1), { granted: 40, used: 100 });
      assert.deepEqual(await take(1, { key }), { granted: 0, used: 100 });
      assert.deepEqual(await take(0, { key }, 1), { granted: 0, used: 100 });
      assert.deepEqual(await take(50, { key, units: 120 }), { granted: 20, used: 120 });
      assert.deepEqual(await take(50, { key, units: 50 }), { granted: 0, used: 120 });
    });

    it("take back what was not used, and never more than was", async () => {
      const key = random();
      await take(60, { key });
      assert.deepEqual(await take(-20, { key }, 1), { granted: -20, used: 40 });
      assert.deepEqual(await take(-50, { key }), { granted: -40, used: 0 });
      assert.deepEqual(await take(-1, { key: random() }), { granted: 0, used: 0 });
    });

    it("count what is owed beyond their end", async () => {
      const key = random();
      await take(90, { key });
      assert.deepEqual(await take(30, { key, isOwed: true }), { granted: 30, used: 120 });
      assert.deepEqual(await take(1, { key }), { granted: 0, used: 120 });
    });

    it("answer several at once in their order, those of one counter one after the other", async () => {
      const [key, other] = [random(), random()];
      const requests = [
        makeReserve(30, { key }),
        makeReserve(7, { key: other }),
        makeReserve(50, { key, isOwed: true }),
        makeReserve(50, { key }),
        makeReserve(-10, { key }),
        makeReserve(5, { key, period: "2026-02" }),
        makeReserve(5, { key, limit: "other" }),
      ];
      const [one, another] = nodes();
      const grants = await one.quotas.reserve(requests, NOW_MS);
      assert.deepEqual(
        grants.map(({ granted, used }) => [granted, used]),
        [
          [30, 30],
          [7, 7],
          [50, 80],
          [20, 100],
          [-10, 90],
          [5, 5],
          [5, 5],
        ],
      );
      assert.equal((await another.quotas.list({ key, limit: "per-key", most: 1 }, NOW_MS))[0]?.used, 90);
      assert.deepEqual(await one.quotas.reserve([], NOW_MS), []);
    });

    it("never grant more than there is to nodes that ask at once, in whatever order each names them", async () => {
      const keys = Array.from({ length: 5 }, random);
      const granted = new Map(keys.map((key) => [key, 0]));
      const ask = async (node: number, round: number): Promise<void> => {
        const asked = [...keys.slice(round % 5), ...keys.slice(0, round % 5)];
        if (node === 1) asked.reverse();
        const grants = await nodes()[node]!.quotas.reserve(
          asked.map((key) => makeReserve(7, { key })),
          NOW_MS,
        );
        for (const [index, key] of asked.entries()) granted.set(key, granted.get(key)! + grants[index]!.granted);
      };
      await Promise.all(Array.from({ length: 40 }, (_, round) => ask(round % 2, round)));
      assert.deepEqual(
        [...granted.values()],
        keys.map(() => 100),
      );
    });

    it("tell apart keys of any length and any characters", async () => {
      const odd = [
        "",
        " ",
        "é",
        "e\u0301",
        "a\u0000b",
        "a\u0000c",
        "\ud800",
        "\udfff",
        "\ufffd",
        "'; --",
        "%",
        '"',
        "A",
        "a",
        "k".repeat(20_000),
      ];
      const period = random();
      const [one, other] = nodes();
      for (const [index, key] of odd.entries()) await take(index + 1, { key, period });
      for (const [index, key] of odd.entries()) {
        assert.deepEqual(await take(0, { key, period }, 1), { granted: 0, used: index + 1 });
      }
      const listed = await one.quotas.list({ limit: "per-key" }, NOW_MS);
      const keys = listed.filter((record) => record.period === period).map(({ key }) => key);
      assert.deepEqual(keys, odd.toReversed());
      assert.equal(await other.quotas.reset("per-key", "\ud800", NOW_MS), 1);
      assert.equal((await one.quotas.list({ key: "\udfff" }, NOW_MS))[0]?.used, odd.indexOf("\udfff") + 1);
    });

    it("are more than one statement can hold", async () => {
      const period = random();
      const requests = Array.from({ length: 2500 }, (_, index) => makeReserve(1, { period, key: `key ${index}` }));
      for (const used of [1, 2]) {
        const grants = await nodes()[0].quotas.reserve(requests, NOW_MS);
        assert.equal(grants.length, 2500);
        assert.ok(grants.every((grant) => grant.granted === 1 && grant.used === used));
      }
    });

    it("are listed, the most used first, those that have ended only when asked for", async () => {
      const limit = random();
      const [one, other] = nodes();
      await take(5, { limit, key: "a" });
      await take(9, { limit, key: "b", units: 10 });
      await take(50, { limit, key: "a", period: "2025-12", endsAtMs: NOW_MS });
      const list = async (filter: object) =>
        (await other.quotas.list({ limit, ...filter }, NOW_MS)).map(({ key, used }) => `${key} ${used}`);
      assert.deepEqual(await list({}), ["b 9", "a 5"]);
      assert.deepEqual(await list({ all: true }), ["a 50", "b 9", "a 5"]);
      assert.deepEqual(await list({ all: true, key: "a" }), ["a 50", "a 5"]);
      assert.deepEqual(await list({ most: 1 }), ["b 9"]);
      assert.deepEqual(await list({ key: "c" }), []);
      const b = { limit, key: "b", period: "2026-01", used: 9, units: 10, endsAtMs: NOW_MS + 1000, updatedAtMs: NOW_MS };
      assert.deepEqual(await one.quotas.list({ limit, key: "b" }, NOW_MS), [b]);
    });

    it("are reset for one key or all, in the current periods", async () => {
      const limit = random();
      const { quotas } = nodes()[1];
      for (const key of ["a", "b", "c"]) await take(5, { limit, key });
      await take(50, { limit, key: "a", period: "2025-12", endsAtMs: NOW_MS });
      assert.equal(await quotas.reset(limit, "a", NOW_MS), 1);
      assert.equal(await quotas.reset(limit, "none", NOW_MS), 0);
      assert.equal(await quotas.reset("none", null, NOW_MS), 0);
      const used = async () => (await quotas.list({ limit, all: true }, NOW_MS)).map((record) => record.used);
      assert.deepEqual(await used(), [50, 5, 5, 0]);
      assert.equal(await quotas.reset(limit, null, NOW_MS), 3);
      assert.deepEqual(await used(), [50, 0, 0, 0]);
      assert.deepEqual(await take(100, { limit, key: "a" }), { granted: 100, used: 100 });
    });

    it("whose period has ended are removed, from that very moment on", async () => {
      const limit = random();
      const { quotas } = nodes()[0];
      await quotas.removeEnded(NOW_MS - 10);
      await take(1, { limit, period: "p1", endsAtMs: NOW_MS - 20 });
      await take(1, { limit, period: "p2", endsAtMs: NOW_MS - 19 });
      assert.equal(await quotas.removeEnded(NOW_MS - 20), 1);
      assert.deepEqual(
        (await quotas.list({ limit, all: true }, NOW_MS)).map(({ period }) => period),
        ["p2"],
      );
    });
  });
}
