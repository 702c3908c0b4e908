// The keys of one issuer: those of its newest set, and those that have gone from it and are good for a while, because tokens that they signed
// are still under way. A key that stays is the same object from set to set, so that whoever verified with it can ask about it.

import type { TokenKey } from "../../tokens/index.ts";

/** An issuer whose keys are others each time must not fill the memory. */
const MOST_RETIRED = 200;

const NONE: readonly TokenKey[] = Object.freeze([]);

export class KeyRing {
  readonly #graceMs: number;
  /** Until when each is good, as the clock counts; those of the newest set have no end, and stand first. */
  #ends = new Map<TokenKey, number>();
  #byKid = new Map<string, readonly TokenKey[]>();
  #all: readonly TokenKey[] = NONE;
  #version = 0;
  /** When the next of them ends. */
  nextEndMs = Number.POSITIVE_INFINITY;

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  get version(): number {
    return this.#version;
  }

  /** Takes the place of the set before. */
  install(keys: readonly TokenKey[], nowMs: number): void {
    const before = [...this.#ends];
    const ends = new Map<TokenKey, number>();
    for (const key of keys) ends.set(before.find(([known]) => isSame(known, key))?.[0] ?? key, Number.POSITIVE_INFINITY);
    const retired = before
      .filter(([key]) => !ends.has(key))
      .map(([key, endMs]) => [key, Math.min(endMs, nowMs + this.#graceMs)] as const)
      .filter(([, endMs]) => endMs > nowMs)
      .sort(([, one], [, other]) => other - one)
      .slice(0, MOST_RETIRED);
    for (const [key, endMs] of retired) ends.set(key, endMs);
    const isChanged = ends.size !== before.length || before.some(([key, endMs]) => ends.get(key) !== endMs);
    if (isChanged) this.#replace(ends);
  }

  /** Lets go what is good no more. */
  expire(nowMs: number): void {
    if (nowMs < this.nextEndMs) return;
    this.#replace(new Map([...this.#ends].filter(([, endMs]) => endMs > nowMs)));
  }

  find(kid: string | null): readonly TokenKey[] {
    return kid === null ? this.#all : (this.#byKid.get(kid) ?? NONE);
  }

  has(key: TokenKey): boolean {
    return this.#ends.has(key);
  }

  #replace(ends: Map<TokenKey, number>): void {
    this.#ends = ends;
    this.#all = Object.freeze([...ends.keys()]);
    this.#byKid = new Map();
    for (const key of this.#all) if (key.kid !== null) this.#byKid.set(key.kid, [...(this.#byKid.get(key.kid) ?? NONE), key]);
    this.nextEndMs = Math.min(Number.POSITIVE_INFINITY, ...ends.values());
    this.#version++;
  }
}

/** The same key under the same name, for the same algorithms: an issuer that narrows those has another one. */
function isSame(key: TokenKey, other: TokenKey): boolean {
  return key.kid === other.kid && key.thumbprint === other.thumbprint && key.algorithms.join() === other.algorithms.join();
}
