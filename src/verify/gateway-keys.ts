// The gateway's public keys: given once, or read from where it publishes them and kept. A reading that fails changes nothing; a token by a
// key that is not known yet causes one more, at most each 10 s however many such tokens come.

import type { Clock } from "../base/index.ts";
import { isTokenProblem, readKeySet, type TokenKey } from "../tokens/index.ts";

export interface GatewayKeys {
  /** Null: none could ever be had. */
  find(kid: string | null): Promise<readonly TokenKey[] | null>;
}

export type FetchKeys = (url: string, options: { readonly redirect: "error"; readonly signal: AbortSignal }) => Promise<Response>;

export interface PublishedOptions {
  readonly url: string;
  readonly clock: Pick<Clock, "wall">;
  readonly fetch: FetchKeys;
  readonly timeoutMs: number;
}

const UNKNOWN_KEY_MS = 10_000;
const FIRST_RETRY_MS = 1000;
const DEFAULT_AGE_MS = 300_000;
const LEAST_AGE_MS = 1000;
const MOST_AGE_MS = 3_600_000;
/** Without a reading for so long the keys may be anybody's. */
const FORGET_MS = 24 * 3_600_000;

/** Of a JWK Set. Throws when it holds no key that can verify anything. */
export function givenKeys(text: string): GatewayKeys {
  const keys = readKeys(text);
  return { find: async (kid) => select(keys, kid) };
}

export class PublishedKeys implements GatewayKeys {
  readonly #options: PublishedOptions;
  #keys: readonly TokenKey[] | null = null;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #ageMs = DEFAULT_AGE_MS;
  #reading: Promise<void> | null = null;

  constructor(options: PublishedOptions) {
    this.#options = options;
  }

  async find(kid: string | null): Promise<readonly TokenKey[] | null> {
    const nowMs = this.#options.clock.wall();
    if (nowMs - this.#readAtMs > FORGET_MS) this.#keys = null;
    const known = this.#keys === null ? [] : select(this.#keys, kid);
    if (known.length > 0) {
      // Nobody waits for keys that are only due for another look.
      if (nowMs - this.#readAtMs > this.#ageMs) void this.#refresh(Math.min(this.#ageMs, UNKNOWN_KEY_MS));
      return known;
    }
    await this.#refresh(this.#keys === null ? FIRST_RETRY_MS : Math.min(this.#ageMs, UNKNOWN_KEY_MS));
    return this.#keys === null ? null : select(this.#keys, kid);
  }

  /** All who ask share one reading; none begins within `waitMs` of the last. */
  #refresh(waitMs: number): Promise<void> {
    if (this.#reading !== null) return this.#reading;
    const nowMs = this.#options.clock.wall();
    if (Math.abs(nowMs - this.#askedAtMs) < waitMs) return Promise.resolve();
    this.#askedAtMs = nowMs;
    this.#reading = this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { url, fetch, timeoutMs, clock } = this.#options;
    try {
      const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
      if (response.status !== 200) return;
      this.#keys = readKeys(await response.text());
      this.#readAtMs = clock.wall();
      this.#ageMs = readAge(response.headers.get("cache-control"));
    } catch {
      // The keys that are there stay: whoever finds none says so.
    }
  }
}

function readKeys(text: string): readonly TokenKey[] {
  const set = readKeySet(text);
  if (isTokenProblem(set)) throw new Error(set.detail);
  if (set.keys.length === 0) throw new Error("the key set holds no key that can verify a token");
  return set.keys;
}

function select(keys: readonly TokenKey[], kid: string | null): readonly TokenKey[] {
  return keys.filter((key) => key.kid === kid);
}

function readAge(cacheControl: string | null): number {
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:[\s,]|$)/.exec(cacheControl ?? "")?.[1];
  return seconds === undefined ? DEFAULT_AGE_MS : Math.min(MOST_AGE_MS, Math.max(LEAST_AGE_MS, Number(seconds) * 1000));
}
