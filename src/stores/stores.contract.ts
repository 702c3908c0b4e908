// The suite that every engine passes: what ports.ts promises.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { FakeClock } from "../base/index.ts";
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
