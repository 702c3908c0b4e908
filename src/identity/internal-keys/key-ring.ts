// The keys by which internal tokens are signed: those of the store that all nodes and workers share, read again and again. It makes the next
// key in time, tells which one signs at any moment, and publishes what verifiers need. While the store is away it goes on with the keys that
// it has; when they have ended there is none, and whoever needs one says so.

import type { Clock, ScheduledCall } from "../../base/index.ts";
import type { InternalKeysConfig } from "../../config/index.ts";
import type { SigningKeyRecord, SigningKeyStore } from "../../stores/index.ts";
import type { SigningKey } from "../../tokens/index.ts";
import type { IdentityWatcher } from "../identity.ts";
import type { Seal } from "../seal/index.ts";
import { createKeySeal, createRecord, KeyUnreadable, openPrivateKey, toPublicJwks } from "./key-material.ts";
import { cacheForSeconds, type KnownKey, nextReadingIn, planSuccessor, RETRY_MS, selectSigner } from "./key-times.ts";

/** A key that signs. */
export interface Signer extends SigningKey {
  /** No token by it may be good for longer: it is published no more then. */
  readonly expiresAtMs: number;
}

/** What mints tokens asks of a ring. */
export interface SigningKeys {
  readonly issuer: string;
  /** Null: none can sign now. */
  current(): Signer | null;
}

/** What publishes keys asks of one. */
export interface PublishedKeys {
  /** JWK Set (RFC 7517 5), as JSON; null until the store was read once. */
  publicJwks(): string | null;
  /** How long verifiers may keep it. */
  readonly cacheForSeconds: number;
}

export interface KeyRingHost {
  readonly clock: Clock;
  readonly store: SigningKeyStore;
  /** Keys that seal private keys in the store, the newest first. */
  readonly sealKeys: () => Promise<readonly Uint8Array[]>;
  readonly watcher: IdentityWatcher;
}

export interface KeyRingOptions {
  readonly config: InternalKeysConfig;
  /** How long the longest-lived token of any upstream is good. */
  readonly longestTokenMs: number;
}

interface RingKey extends KnownKey {
  readonly record: SigningKeyRecord;
  readonly signing: Signer | null;
}

/** Name under which a ring's asks are counted. */
const WATCHED = "internalKeys";

export class KeyRing implements SigningKeys, PublishedKeys {
  readonly issuer: string;
  readonly cacheForSeconds: number;
  readonly #options: KeyRingOptions;
  readonly #host: KeyRingHost;
  readonly #seal: Seal;
  #keys: readonly RingKey[] = [];
  #isRead = false;
  #isClosed = false;
  /** The reading under way: all who want one share it. */
  #reading: Promise<boolean> | null = null;
  #first: Promise<unknown> = Promise.resolve();
  #timer: ScheduledCall | null = null;
  #lastReadMs = 0;
  #published: { readonly text: string; readonly untilMs: number } | null = null;

  constructor(options: KeyRingOptions, host: KeyRingHost) {
    this.#options = options;
    this.#host = host;
    this.#seal = createKeySeal(host.sealKeys, () => host.clock.wall());
    this.issuer = options.config.issuer;
    this.cacheForSeconds = cacheForSeconds(options.config.overlapMs);
  }

  /** Reads the store, and again from time to time until it is closed. Resolves after the first reading, whatever came of it. */
  async start(): Promise<void> {
    this.#first = this.refresh();
    await this.#first;
  }

  /** Resolves after the first reading, whatever came of it, or in `mostMs`: who waits with requests so long finds a key where there is one. */
  async settle(mostMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#host.clock.schedule(resolve, mostMs);
    void this.#first.then(() => resolve());
    await promise;
    timer.cancel();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  current(): Signer | null {
    const signer = selectSigner(this.#keys, this.#host.clock.wall());
    if (signer !== null) return signer.signing;
    // A machine that slept finds its keys ended: the next reading would be a minute away.
    if (this.#reading === null && this.#isRead && this.#host.clock.now() - this.#lastReadMs >= RETRY_MS) void this.refresh();
    return null;
  }

  publicJwks(): string | null {
    if (!this.#isRead) return null;
    const nowMs = this.#host.clock.wall();
    if (this.#published === null || this.#published.untilMs <= nowMs) this.#published = this.#publish(nowMs);
    return this.#published.text;
  }

  get isReading(): boolean {
    return this.#reading !== null;
  }

  /** Reads the store now. False: it could not be read, or no key could be made. Never rejects. */
  refresh(): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    this.#timer?.cancel();
    this.#reading ??= this.#read().then((isGood) => {
      this.#reading = null;
      this.#lastReadMs = this.#host.clock.now();
      this.#plan(isGood);
      return isGood;
    });
    return this.#reading;
  }

  #plan(isGood: boolean): void {
    if (this.#isClosed) return;
    const { config } = this.#options;
    const isWell = isGood && selectSigner(this.#keys, this.#host.clock.wall()) !== null;
    this.#timer = this.#host.clock.schedule(() => void this.refresh(), nextReadingIn(isWell, config.overlapMs));
  }

  async #read(): Promise<boolean> {
    const { watcher } = this.#host;
    try {
      await this.#take();
      await this.#succeed();
      watcher.onAsked(WATCHED, "keys", true, "");
      return true;
    } catch (error) {
      // With a ring the store is closed as well: that is nobody's trouble.
      if (!this.#isClosed) watcher.onAsked(WATCHED, "keys", false, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  async #take(): Promise<void> {
    const { store, clock } = this.#host;
    const records = await store.list(clock.wall());
    const known = new Map(this.#keys.map((key) => [key.record.kid, key]));
    const keys: RingKey[] = [];
    for (const record of records) {
      const before = known.get(record.kid);
      keys.push(before?.canSign === true ? before : await this.#open(record));
    }
    this.#keys = keys;
    this.#isRead = true;
    this.#published = null;
  }

  /** A private key that can't be opened doesn't hide the public one: another node signs by it. */
  async #open(record: SigningKeyRecord): Promise<RingKey> {
    const { kid, algorithm, activeAtMs, retiresAtMs, expiresAtMs } = record;
    const times = { activeAtMs, retiresAtMs, expiresAtMs };
    try {
      const object = await openPrivateKey(record, this.#seal);
      return { record, signing: { kid, algorithm, object, expiresAtMs }, canSign: true, ...times };
    } catch (error) {
      if (!(error instanceof KeyUnreadable)) throw error;
      this.#host.watcher.onAsked(WATCHED, "private-key", false, `key ${kid}: ${error.message}`);
      return { record, signing: null, canSign: false, ...times };
    }
  }

  /** Makes the next key when it is time, unless another node was first: either way it is known then. */
  async #succeed(): Promise<void> {
    const { store, clock } = this.#host;
    const { config, longestTokenMs } = this.#options;
    const nowMs = clock.wall();
    const times = planSuccessor(this.#keys, nowMs, config, longestTokenMs);
    if (times === null) return;
    // One that has expired would stand in the way of a first one.
    await store.removeExpired(nowMs);
    await store.insertNext(await createRecord(config.algorithm, times, nowMs, this.#seal));
    await this.#take();
  }

  #publish(nowMs: number): { text: string; untilMs: number } {
    const published = this.#keys.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
    const text = toPublicJwks(published.map(({ record }) => record));
    return { text, untilMs: Math.min(...published.map(({ expiresAtMs }) => expiresAtMs), Number.MAX_SAFE_INTEGER) };
  }
}
