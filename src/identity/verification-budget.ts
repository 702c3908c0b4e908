// Bounds what the signatures of tokens that were never seen before may cost, for each client address: a signature costs more than all else
// that a request does before it is let in, and anybody can send bad ones. A bucket of verifications that time refills and good ones pay back
// for the most part. IPv6 counts by /64.

import { ipKey, type TimerWheel } from "../base/index.ts";

export interface BudgetBounds {
  readonly verifications: number;
  readonly perSecond: number;
  readonly addresses: number;
}

const BOUNDS: BudgetBounds = { verifications: 500, perSecond: 100, addresses: 20_000 };

/** What a good one gets back of what it cost. */
const GOOD_SHARE = 0.9;

interface Account {
  rest: number;
  atMs: number;
}

/** One a worker, for all identities. */
export class VerificationBudget {
  readonly #wheel: TimerWheel;
  readonly #bounds: BudgetBounds;
  /** The longest unused first. */
  readonly #accounts = new Map<string, Account>();

  constructor(wheel: TimerWheel, bounds: BudgetBounds = BOUNDS) {
    this.#wheel = wheel;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#accounts.size;
  }

  /** Takes one verification. 0: go on; else in how many whole seconds there is one again. */
  spend(address: string): number {
    const account = this.#touch(ipKey(address));
    if (account.rest < 1) return Math.max(1, Math.ceil((1 - account.rest) / this.#bounds.perSecond));
    account.rest--;
    return 0;
  }

  /** The verifications that were spent on a token turned out to be worth it. */
  giveBack(address: string, spent: number): void {
    const account = this.#touch(ipKey(address));
    account.rest = Math.min(this.#bounds.verifications, account.rest + spent * GOOD_SHARE);
  }

  #touch(key: string): Account {
    const { nowMs } = this.#wheel;
    const { addresses, perSecond, verifications } = this.#bounds;
    const known = this.#accounts.get(key);
    const account = known ?? { rest: verifications, atMs: nowMs };
    account.rest = Math.min(verifications, account.rest + (Math.max(0, nowMs - account.atMs) * perSecond) / 1000);
    account.atMs = nowMs;
    // One that has not been used for a few seconds is full, and to forget it changes nothing; only with more addresses than these at once
    // does one begin anew too early.
    if (known !== undefined) this.#accounts.delete(key);
    else if (this.#accounts.size >= addresses) this.#accounts.delete(this.#accounts.keys().next().value as string);
    this.#accounts.set(key, account);
    return account;
  }
}
