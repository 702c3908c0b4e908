// Keys that were looked up, by digest: who each is from, or why it is none. What was used longest ago goes first; those that are none are
// kept apart, so that guesses push out no key that is good. @hot

import type { Fault } from "../../base/index.ts";
import type { Principal } from "../../pipeline/index.ts";

/** Enough for clients that go on with a revoked key, and for the guesses of a moment. */
const MOST_BAD = 1000;
const BAD_MS = 10_000;

interface BadKey {
  readonly fault: Fault;
  readonly untilMs: number;
}

export class KnownKeys {
  readonly #most: number;
  readonly #good = new Map<string, Principal>();
  readonly #bad = new Map<string, BadKey>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#good.size + this.#bad.size;
  }

  get(digest: string, nowMs: number): Principal | Fault | null {
    const good = this.#good.get(digest);
    if (good !== undefined) {
      this.#good.delete(digest);
      this.#good.set(digest, good);
      return good;
    }
    const bad = this.#bad.get(digest);
    if (bad === undefined) return null;
    if (nowMs < bad.untilMs) return bad.fault;
    this.#bad.delete(digest);
    return null;
  }

  putGood(digest: string, principal: Principal): void {
    this.forget(digest);
    this.#good.set(digest, principal);
    if (this.#good.size > this.#most) dropOldest(this.#good);
  }

  putBad(digest: string, fault: Fault, nowMs: number): void {
    this.forget(digest);
    this.#bad.set(digest, { fault, untilMs: nowMs + BAD_MS });
    if (this.#bad.size > MOST_BAD) dropOldest(this.#bad);
  }

  forget(digest: string): void {
    this.#good.delete(digest);
    this.#bad.delete(digest);
  }

  clear(): void {
    this.#good.clear();
    this.#bad.clear();
  }
}

function dropOldest(kept: Map<string, unknown>): void {
  const oldest = kept.keys().next();
  if (oldest.done !== true) kept.delete(oldest.value);
}
