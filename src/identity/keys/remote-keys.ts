// Keys that an issuer publishes: read at once, read again in the background before they are as old as they may be, and when a token names
// one that is not there. What was read stays when the issuer is away or says something that is no key set: who holds a good token is let in.
// Readings are shared by the whole gateway (Documents), so what is asked for here is rarely a request to the issuer.

import { type Clock, Timer, type TimerOwner, type TimerWheel } from "../../base/index.ts";
import type { DocumentReading, Documents } from "../../calls/index.ts";
import { isTokenProblem, readKeySet, type TokenKey } from "../../tokens/index.ts";
import type { IdentityWatcher } from "../identity.ts";
import { readDiscovery, toDiscoveryUrl } from "./discovery.ts";
import { KeyRing } from "./key-ring.ts";
import type { KeySource } from "./key-source.ts";

/** An issuer is asked for its keys once in so long at most, whoever wants them. */
const FLOOR_MS = 10_000;
/** Before there was any set nobody can be let in: a gateway that starts before its issuer must not stay closed for long when that is up. */
const FIRST_RETRY_MS = 1_000;
/** How old the word of an issuer may be on where its keys are. */
const DISCOVERY_MS = 60_000;
/** Of a failure nobody says when it was; the question is cheap. */
const AFTER_FAILURE_MS = 1_000;
/** An issuer that is well again is noticed so soon. */
const MOST_RETRY_MS = 60_000;

const READ = 0;
const END = 1;

const DONE: Promise<void> = Promise.resolve();

export interface RemoteKeysHost {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly documents: Documents;
  readonly watcher: IdentityWatcher;
  random(): number;
}

export interface RemoteKeysSettings {
  readonly name: string;
  readonly issuer: string;
  /** Null: the issuer's discovery document says it. */
  readonly url: string | null;
  readonly ca: string | null;
  readonly cacheForMs: number;
  readonly graceMs: number;
}

export class RemoteKeys implements KeySource, TimerOwner {
  readonly #settings: RemoteKeysSettings;
  readonly #host: RemoteKeysHost;
  readonly #ring: KeyRing;
  readonly #readTimer = new Timer(this, READ);
  readonly #endTimer = new Timer(this, END);
  /** Where the keys are; null before anybody said. */
  #url: string | null;
  /** Of the set that is in place. */
  #text: string | null = null;
  /** The reading that all share who found no key. */
  #shared: Promise<void> | null = null;
  /** Before this a reading would be the one that there is. */
  #askableAtMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #problem = "the keys have not been read yet";
  #isClosed = false;

  constructor(settings: RemoteKeysSettings, host: RemoteKeysHost) {
    this.#settings = settings;
    this.#host = host;
    this.#url = settings.url;
    this.#ring = new KeyRing(settings.graceMs);
    // Not one of another process's failures: those were for another time.
    this.#shared = this.#read(FLOOR_MS).finally(() => {
      this.#shared = null;
    });
  }

  get isReady(): boolean {
    return this.#text !== null;
  }

  get problem(): string {
    return this.#problem;
  }

  get version(): number {
    return this.#ring.version;
  }

  find(kid: string | null): readonly TokenKey[] {
    this.#ring.expire(this.#host.clock.now());
    return this.#ring.find(kid);
  }

  isGood(key: TokenKey): boolean {
    if (this.#ring.nextEndMs !== Number.POSITIVE_INFINITY) this.#ring.expire(this.#host.clock.now());
    return this.#ring.has(key);
  }

  refresh(): Promise<void> {
    if (this.#shared !== null) return this.#shared;
    if (this.#isClosed || this.#host.clock.now() < this.#askableAtMs) return DONE;
    this.#shared = this.#read(FLOOR_MS).finally(() => {
      this.#shared = null;
    });
    return this.#shared;
  }

  onTimer(timer: Timer): void {
    if (timer.kind === END) {
      this.#ring.expire(this.#host.clock.now());
      this.#awaitEnd();
    } else void this.#read(this.#failures > 0 ? FLOOR_MS : Math.max(FLOOR_MS, this.#settings.cacheForMs / 2));
  }

  close(): void {
    this.#isClosed = true;
    this.#host.wheel.disarm(this.#readTimer);
    this.#host.wheel.disarm(this.#endTimer);
  }

  async #read(maxAgeMs: number): Promise<void> {
    const { documents, watcher } = this.#host;
    const { ca, name } = this.#settings;
    try {
      const url = await this.#locate();
      const reading = await documents.read({ url, ca }, maxAgeMs);
      if (this.#isClosed) return;
      this.#take(reading);
      watcher.onAsked(name, "keys", true, "");
    } catch (error) {
      if (this.#isClosed) return;
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Throws where there is no way to the keys. */
  async #locate(): Promise<string> {
    const { ca, issuer, name, url } = this.#settings;
    if (url !== null) return url;
    const { documents, watcher } = this.#host;
    try {
      const { text } = await documents.read({ url: toDiscoveryUrl(issuer), ca }, this.#url === null ? FLOOR_MS : DISCOVERY_MS);
      const { jwksUri, problem } = readDiscovery(text, issuer);
      if (problem !== null) throw new Error(problem);
      this.#url = jwksUri;
      return jwksUri;
    } catch (error) {
      // The keys may well be where they were.
      if (this.#url === null) throw error;
      if (!this.#isClosed) watcher.onAsked(name, "discovery", false, error instanceof Error ? error.message : String(error));
      return this.#url;
    }
  }

  /** Throws when the set is none. */
  #take({ text, readAtMs }: DocumentReading): void {
    const { clock } = this.#host;
    const { cacheForMs } = this.#settings;
    // Readings of one source come in the order in which they were made: none begins before the last one has ended.
    if (text !== this.#text) {
      this.#ring.install(readKeys(text), clock.now());
      this.#text = text;
    }
    this.#problem = "";
    this.#failures = 0;
    // The wall clock may have jumped since: then it is taken for new, or for as old as it can be.
    const ageMs = Math.min(Math.max(0, clock.wall() - readAtMs), cacheForMs);
    this.#askableAtMs = clock.now() + FLOOR_MS - ageMs;
    this.#readIn(cacheForMs * (0.75 + 0.15 * this.#host.random()) - ageMs);
    this.#awaitEnd();
  }

  #fail(reason: string): void {
    const { clock, random, watcher } = this.#host;
    this.#problem = reason;
    this.#askableAtMs = clock.now() + AFTER_FAILURE_MS;
    const retryMs = Math.min(FLOOR_MS * 2 ** Math.min(this.#failures, 10), MOST_RETRY_MS);
    this.#readIn(this.isReady ? retryMs * (1 + 0.1 * random()) : FIRST_RETRY_MS);
    this.#failures++;
    watcher.onAsked(this.#settings.name, "keys", false, reason);
  }

  #readIn(delayMs: number): void {
    const { wheel } = this.#host;
    wheel.disarm(this.#readTimer);
    wheel.arm(this.#readTimer, Math.max(this.isReady ? FLOOR_MS : FIRST_RETRY_MS, delayMs));
  }

  #awaitEnd(): void {
    const { clock, wheel } = this.#host;
    wheel.disarm(this.#endTimer);
    if (this.#ring.nextEndMs !== Number.POSITIVE_INFINITY) wheel.arm(this.#endTimer, this.#ring.nextEndMs - clock.now());
  }
}

/** Throws with the reason where there is none that can verify anything. */
export function readKeys(text: string): readonly TokenKey[] {
  const set = readKeySet(text);
  if (isTokenProblem(set)) throw new Error(set.detail);
  if (set.keys.length > 0) return set.keys;
  const reasons = [...new Set(set.skipped.map(({ reason }) => reason))];
  throw new Error(reasons.length === 0 ? "the key set is empty" : `the key set has no key that can be used: ${reasons.join("; ")}`);
}
