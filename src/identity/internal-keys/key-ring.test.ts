import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../base/index.ts";
import type { InternalKeysConfig } from "../../config/index.ts";
import { createMemoryStores, type SigningKeyRecord, type SigningKeyStore, StoreFailure } from "../../stores/index.ts";
import { isTokenProblem, readKeySet, readToken, signToken, verifySignature } from "../../tokens/index.ts";
import { KeyRing } from "./key-ring.ts";

const HOUR = 3_600_000;
const CONFIG: InternalKeysConfig = { issuer: "https://edge.test", algorithm: "EdDSA", rotateEveryMs: 24 * HOUR, overlapMs: HOUR };
const LONGEST = 300_000;
const SEAL = new Uint8Array(32).fill(7);

/** A store whose way can be cut. */
class CutStore implements SigningKeyStore {
  readonly #store: SigningKeyStore;
  isAway = false;
  lists = 0;
  /** Listings take a while: who asks next sees what there was. */
  delays = false;

  constructor(store: SigningKeyStore) {
    this.#store = store;
  }

  async list(nowMs: number): Promise<readonly SigningKeyRecord[]> {
    this.lists++;
    this.#demand();
    const listed = await this.#store.list(nowMs);
    if (this.delays) await new Promise((resolve) => setImmediate(resolve));
    return listed;
  }

  async insertNext(record: SigningKeyRecord): Promise<boolean> {
    this.#demand();
    return this.#store.insertNext(record);
  }

  async removeExpired(nowMs: number): Promise<number> {
    this.#demand();
    return this.#store.removeExpired(nowMs);
  }

  #demand(): void {
    if (this.isAway) throw new StoreFailure("the store is away");
  }
}

interface RingSettings {
  readonly config?: Partial<InternalKeysConfig>;
  readonly sealKeys?: readonly Uint8Array[];
}

class Stage {
  readonly clock = new FakeClock();
  readonly inner = createMemoryStores(this.clock).signingKeys;
  readonly store = new CutStore(this.inner);
  readonly told: string[] = [];
  readonly rings: KeyRing[] = [];

  async ring({ config, sealKeys = [SEAL] }: RingSettings = {}): Promise<KeyRing> {
    const watcher = {
      onAsked: (identity: string, what: string, isGood: boolean, detail: string) =>
        void (isGood || this.told.push(`${identity} ${what} ${detail}`)),
      onLookup: () => {},
    };
    const options = { config: { ...CONFIG, ...config }, longestTokenMs: LONGEST };
    const ring = new KeyRing(options, { clock: this.clock, store: this.store, sealKeys: async () => sealKeys, watcher });
    this.rings.push(ring);
    await ring.start();
    return ring;
  }

  /** Time passes in pieces, and what the rings asked for meanwhile comes. */
  async pass(ms: number, pieceMs = 30_000, each: () => void = () => {}): Promise<void> {
    for (let passed = 0; passed < ms; passed += pieceMs) {
      this.clock.advance(Math.min(pieceMs, ms - passed));
      await this.settle();
      each();
    }
  }

  async settle(): Promise<void> {
    await Promise.all(this.rings.map((ring) => settled(ring)));
  }

  close(): void {
    for (const ring of this.rings) ring.close();
    assert.equal(this.clock.pendingCalls, 0);
  }
}

/** Sealing is the runtime's own threads' work: many turns may pass. */
async function settled(ring: KeyRing): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  while (ring.isReading) await new Promise((resolve) => setImmediate(resolve));
}

function kidsOf(ring: KeyRing): string[] {
  return (JSON.parse(ring.publicJwks() ?? "{}") as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
}

function isVerifiable(token: string, jwks: string | null): boolean {
  const [read, set] = [readToken(token), readKeySet(jwks ?? "")];
  if (isTokenProblem(read) || isTokenProblem(set)) return false;
  const key = set.keys.find(({ kid }) => kid === read.kid);
  return key !== undefined && verifySignature(read, key);
}

describe("a ring of signing keys", () => {
  for (const algorithm of ["EdDSA", "ES256"] as const) {
    it(`makes a first ${algorithm} key that signs at once, and publishes no private part of it`, async () => {
      const stage = new Stage();
      const ring = await stage.ring({ config: { algorithm } });
      const signer = ring.current();
      assert.equal(signer?.algorithm, algorithm);
      const jwks = ring.publicJwks();
      assert.ok(signer !== null && isVerifiable(signToken({ sub: "a" }, { type: "t" }, signer), jwks));
      const { keys } = JSON.parse(jwks ?? "") as { keys: Record<string, string>[] };
      assert.deepEqual(
        keys.map(({ kid, use, alg, d }) => ({ kid, use, alg, d })),
        [{ kid: signer.kid, use: "sig", alg: algorithm, d: undefined }],
      );
      stage.close();
    });
  }

  it("keeps private keys sealed, and another ring with the seal's key opens them", async () => {
    const stage = new Stage();
    const first = await stage.ring();
    const [record] = await stage.inner.list(0);
    assert.equal(record?.privateJwk.split(".").length, 5);
    const second = await stage.ring({ sealKeys: [new Uint8Array(32).fill(9), SEAL] });
    assert.equal(second.current()?.kid, first.current()?.kid);
    stage.close();
  });

  it("can't sign by a key that another seal closed, says so, still publishes it, and makes one of its own", async () => {
    const stage = new Stage();
    const first = await stage.ring();
    const stranger = await stage.ring({ sealKeys: [new Uint8Array(32).fill(9)] });
    assert.equal(stranger.current(), null);
    assert.match(stage.told.join("\n"), /internalKeys private-key .*gateway\.sealKeys/);
    await stage.pass(62_000, 1000);
    assert.notEqual(stranger.current(), null);
    assert.notEqual(stranger.current()?.kid, first.current()?.kid);
    for (const ring of stage.rings) {
      for (const other of stage.rings) assert.ok(kidsOf(ring).includes(other.current()?.kid ?? ""));
    }
    stage.close();
  });

  it("does not take a private key that was put under another's name", async () => {
    const stage = new Stage();
    const ring = await stage.ring();
    const [record] = await stage.inner.list(0);
    const moved = {
      ...(record as SigningKeyRecord),
      kid: "other",
      activeAtMs: stage.clock.wall() + 1,
      retiresAtMs: stage.clock.wall() + 2 * HOUR,
    };
    await stage.inner.insertNext(moved);
    const kid = ring.current()?.kid;
    await stage.pass(120_000);
    assert.equal(ring.current()?.kid, kid);
    assert.match(stage.told.join("\n"), /not the one that is kept under its name/);
    stage.close();
  });

  it("of two that start together, clocks apart, one makes the key and both sign by it", async () => {
    const stage = new Stage();
    stage.store.delays = true;
    const first = stage.ring();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    // Between the two readings that both found nothing, and before either key is kept.
    setImmediate(() => stage.clock.jumpWall(40));
    const rings = await Promise.all([first, stage.ring()]);
    assert.notEqual(rings[0].current(), null);
    assert.equal(rings[0].current()?.kid, rings[1].current()?.kid);
    assert.deepEqual(kidsOf(rings[0]), kidsOf(rings[1]));
    assert.equal(kidsOf(rings[0]).length, 1);
    stage.close();
  });

  it("makes a first key once more where all that are kept have expired", async () => {
    const stage = new Stage();
    const before = await stage.ring();
    const kid = before.current()?.kid;
    before.close();
    stage.clock.advance(100 * HOUR);
    const ring = await stage.ring();
    assert.notEqual(ring.current(), null);
    assert.notEqual(ring.current()?.kid, kid);
    stage.close();
  });

  it("rotates three times over several nodes, and every token is verifiable by what any node published up to an overlap ago until the token ends", async () => {
    const stage = new Stage();
    const rings = [await stage.ring(), await stage.ring(), await stage.ring()];
    await stage.pass(70_000);
    const shown: { atMs: number; jwks: string | null }[][] = rings.map(() => []);
    const kids = new Set<string>();
    const minted: { atMs: number; token: string }[] = [];
    await stage.pass(78 * HOUR, 30_000, () => {
      const nowMs = stage.clock.wall();
      for (const [index, ring] of rings.entries()) {
        shown[index]?.push({ atMs: nowMs, jwks: ring.publicJwks() });
        const signer = ring.current();
        assert.ok(signer !== null, "none can sign");
        if (!kids.has(signer.kid) || nowMs % HOUR === 0)
          minted.push({ atMs: nowMs, token: signToken({ n: nowMs }, { type: "t" }, signer) });
        kids.add(signer.kid);
      }
    });
    assert.equal(kids.size, 4);
    for (const { atMs, token } of minted) {
      for (const history of shown) {
        const kept = history.filter((each) => each.atMs >= atMs - CONFIG.overlapMs / 2 && each.atMs <= atMs + LONGEST);
        assert.ok(kept.length > 0);
        for (const { jwks } of [kept[0], kept.at(-1)] as typeof kept) assert.ok(isVerifiable(token, jwks), `minted at ${atMs}`);
      }
    }
    stage.close();
  });

  it("has published each but the first key for an overlap before it signs, and keeps it published for an overlap and the longest token after", async () => {
    const stage = new Stage();
    await stage.ring();
    const seen = new Map<string, SigningKeyRecord>();
    for (let hour = 0; hour < 80; hour++) {
      await stage.pass(HOUR, HOUR / 4);
      for (const record of await stage.inner.list(stage.clock.wall())) seen.set(record.kid, record);
    }
    const [, ...later] = [...seen.values()];
    assert.ok(later.length >= 3);
    for (const { createdAtMs, activeAtMs, retiresAtMs, expiresAtMs } of later) {
      assert.ok(activeAtMs - createdAtMs >= CONFIG.overlapMs);
      assert.equal(expiresAtMs - retiresAtMs, CONFIG.overlapMs + LONGEST);
    }
    stage.close();
  });

  it("publishes a key no more when it has expired, also without another reading", async () => {
    const stage = new Stage();
    const ring = await stage.ring();
    const [kid = ""] = kidsOf(ring);
    ring.close();
    stage.clock.advance(25 * HOUR + LONGEST - 1);
    assert.ok(kidsOf(ring).includes(kid));
    stage.clock.advance(1);
    assert.deepEqual(kidsOf(ring), []);
    stage.close();
  });

  it("goes on with its keys while the store is away until they end, then has none, and has one 6 s after it is back, known to all by then", async () => {
    const stage = new Stage();
    const rings = [await stage.ring(), await stage.ring()];
    stage.store.isAway = true;
    await stage.pass(24 * HOUR - 30_000);
    for (const ring of rings) assert.notEqual(ring.current(), null);
    await stage.pass(30_000);
    for (const ring of rings) assert.equal(ring.current(), null);
    assert.match(stage.told.join("\n"), /internalKeys keys the store is away/);
    stage.store.isAway = false;
    let signing = 0;
    await stage.pass(15_000, 250, () => {
      for (const ring of rings) {
        const kid = ring.current()?.kid;
        if (kid === undefined) continue;
        signing++;
        for (const other of rings) assert.ok(kidsOf(other).includes(kid));
      }
    });
    assert.ok(signing > 0);
    for (const ring of rings) assert.notEqual(ring.current(), null);
    stage.close();
  });

  it("asks a store that is away each 5 s, and one that is there each minute", async () => {
    const stage = new Stage();
    await stage.ring();
    const before = stage.store.lists;
    await stage.pass(60 * 60_000, 1000);
    assert.equal(stage.store.lists - before, 60);
    stage.store.isAway = true;
    await stage.pass(60_000, 1000);
    const away = stage.store.lists;
    await stage.pass(60_000, 1000);
    assert.equal(stage.store.lists - away, 12);
    stage.close();
  });

  it("has nothing to publish, and none to sign, until the store was read once", async () => {
    const stage = new Stage();
    stage.store.isAway = true;
    const ring = await stage.ring();
    assert.equal(ring.publicJwks(), null);
    assert.equal(ring.current(), null);
    stage.store.isAway = false;
    await stage.pass(5000, 1000);
    assert.notEqual(ring.publicJwks(), null);
    assert.notEqual(ring.current(), null);
    stage.close();
  });

  it("settles with its first reading, good or not, and waits for no longer than it is told", async () => {
    const stage = new Stage();
    await (await stage.ring()).settle(1000);
    stage.store.isAway = true;
    await (await stage.ring()).settle(1000);
    let answer = () => {};
    const store = { ...stage.inner, list: () => new Promise<never>((_, reject) => (answer = () => reject(new StoreFailure("late")))) };
    const watcher = { onAsked: () => {}, onLookup: () => {} };
    const slow = new KeyRing(
      { config: CONFIG, longestTokenMs: LONGEST },
      { clock: stage.clock, store: store as SigningKeyStore, sealKeys: async () => [SEAL], watcher },
    );
    void slow.start();
    let isSettled = false;
    void slow.settle(1000).then(() => {
      isSettled = true;
    });
    stage.clock.advance(999);
    await Promise.resolve();
    assert.equal(isSettled, false);
    stage.clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isSettled, true);
    slow.close();
    answer();
    stage.close();
  });

  it("reads anew at once when a machine that slept finds its keys ended", async () => {
    const stage = new Stage();
    const ring = await stage.ring();
    stage.clock.advance(10_000);
    stage.clock.jumpWall(30 * HOUR);
    assert.equal(ring.current(), null);
    await stage.settle();
    await stage.pass(7000, 1000);
    assert.notEqual(ring.current(), null);
    stage.close();
  });

  it("tells verifiers to keep the set for half an overlap, five minutes at most", async () => {
    const stage = new Stage();
    assert.equal((await stage.ring()).cacheForSeconds, 300);
    assert.equal((await stage.ring({ config: { overlapMs: 60_000 } })).cacheForSeconds, 30);
    stage.close();
  });
});
