// Units of one key's quota that this process has taken from the store and not yet used: requests are decided by them without asking. @hot
//
// Whatever `left` has is counted as used by the store already, so that no two processes ever use the same unit. How many are taken at once
// follows demand: what is used in a second, but never more than a share of what all have left, so that the last units of a quota are taken
// one by one and its end is exact.

import { type Ask, BY_CLOSED, BY_LOCAL, BY_OPEN, BY_STORE } from "../counters.ts";
import type { Meter } from "../rule.ts";
import type { Span } from "./calendar.ts";

export const ADMITTED = 0;
export const REFUSED = 1;
/** Only the store can say. */
export const WAITS = 2;
export type Verdict = typeof ADMITTED | typeof REFUSED | typeof WAITS;

/** A store that had nothing left is asked again after this: somebody may have reset the quota. */
const RECHECK_MS = 1000;
/** Over how long demand is averaged. */
const DEMAND_MS = 10_000;
/** What is used in this time is taken at once: calls to the store are so far apart, or half of it. */
const LEASE_MS = 1000;
/** Those who ask seldom take as many requests' worth, if they have used as much of late. */
const SELDOM = 8;
/** Of what all have left, one process takes at most one of so many parts for later. */
const PARTS = 8;

export interface WarningShares {
  /** Of a quota, ascending, between 0 and 1. */
  readonly shares: readonly number[];
}

export class Lease {
  readonly meter: Meter;
  readonly key: string;
  readonly units: number;
  readonly #warnings: WarningShares;
  period: Span;
  /** Taken from the store and not used. */
  left = 0;
  /** Used by all in the period, `left` included, as the store said last. */
  storeUsed = 0;
  /** Used without the store, and to be counted there. */
  owed = 0;
  /** The same, on its way there. */
  owedOut = 0;
  /** Used by this process in the period: no more than that can be given back. */
  spent = 0;
  /** Whether the store was heard in the period. */
  isKnown = false;
  /** When it was, by the monotonic clock. */
  answeredAtMs = 0;
  /** Units that requests wait for. */
  need = 0;
  /** How many requests wait. */
  waiting = 0;
  /** Wants something of the store. */
  isQueued = false;
  /** The store is being asked for it. */
  isOut = false;
  /** Used of it last by somebody, by the monotonic clock. */
  touchedAtMs = 0;
  /** Its neighbours among those that are equally busy (lease-book.ts). */
  previous: Lease | null = null;
  next: Lease | null = null;
  isParked = false;
  /** Units used of late, decaying. */
  #demand = 0;
  #demandAtMs = 0;
  #lastCost = 0;
  /** Shares that somebody was warned at. */
  #warned = 0;

  constructor(meter: Meter, key: string, units: number, warnings: WarningShares, period: Span) {
    this.meter = meter;
    this.key = key;
    this.units = units;
    this.#warnings = warnings;
    this.period = period;
  }

  /** By all, as far as this process knows. */
  get used(): number {
    return this.storeUsed - this.left + this.owed + this.owedOut;
  }

  /** A new period, of which nothing is known. What the old one had left or owes must have been taken from here before. */
  begin(period: Span): void {
    this.period = period;
    this.left = 0;
    this.storeUsed = 0;
    this.owed = 0;
    this.owedOut = 0;
    this.spent = 0;
    this.isKnown = false;
    this.#warned = 0;
  }

  /** Takes the units when they are there; says who decided in the ask. */
  judge(ask: Ask, nowMs: number, isDown: boolean): Verdict {
    const { cost } = ask;
    const used = this.used;
    const isFresh = this.isKnown && nowMs - this.answeredAtMs < RECHECK_MS;
    ask.decidedBy = BY_STORE;
    if (cost === 0) {
      if (this.isKnown && used <= this.units) return ADMITTED;
      if (isFresh) return REFUSED;
    } else if (cost <= this.left && used + cost <= this.units) {
      this.left -= cost;
      return ADMITTED;
    } else if (cost > this.units) return REFUSED;
    if (isDown) return this.#judgeAlone(ask, used);
    const isAtEnd = this.storeUsed + this.owed + this.owedOut >= this.units;
    return isFresh && isAtEnd ? REFUSED : WAITS;
  }

  #judgeAlone(ask: Ask, used: number): Verdict {
    const mode = ask.meter.onStoreFailure;
    if (mode !== "open" && mode !== "local") {
      ask.decidedBy = BY_CLOSED;
      return REFUSED;
    }
    ask.decidedBy = mode === "open" ? BY_OPEN : BY_LOCAL;
    if (mode === "local" && used + ask.cost > this.units) return REFUSED;
    this.owed += ask.cost;
    return ADMITTED;
  }

  /** Takes back what judge() did for an ask that it admitted. */
  undo(ask: Ask): void {
    if (ask.decidedBy === BY_STORE) this.left += ask.cost;
    else this.owed -= ask.cost;
  }

  /** Remembers that units were used. */
  note(cost: number, nowMs: number): void {
    this.spent += cost;
    this.#decay(nowMs);
    this.#demand += cost;
    this.#lastCost = cost;
  }

  /** Uses more, whatever the limit says. */
  charge(units: number, nowMs: number): void {
    const taken = Math.min(units, this.left);
    this.left -= taken;
    this.owed += units - taken;
    this.spent += units;
    this.#decay(nowMs);
    this.#demand += units;
  }

  /** What this process has not used in this period is not given back: it may be another period's. */
  refund(units: number): void {
    const refunded = Math.min(units, this.spent);
    const forgiven = Math.min(refunded, this.owed);
    this.spent -= refunded;
    this.owed -= forgiven;
    this.left += refunded - forgiven;
  }

  /** The store is to be asked for more before anybody has to wait. */
  get isLow(): boolean {
    return 2 * this.left < this.#target();
  }

  /** How many units the store is asked for now. */
  get wanted(): number {
    return Math.max(0, this.need - this.left, this.#target() - this.left);
  }

  /** The next share at which to warn that use has come to, or 0. Each once. */
  takeWarning(): number {
    const share = this.#warnings.shares[this.#warned];
    if (share === undefined || this.used < share * this.units) return 0;
    this.#warned++;
    return share;
  }

  /** How many units to have at hand. */
  #target(): number {
    // One request alone may be the last for long: its key would hold units that others miss.
    if (!this.isKnown || this.#demand < 1.5 * this.#lastCost) return 0;
    const share = (this.units - this.storeUsed) / PARTS;
    const wanted = Math.max((this.#demand * LEASE_MS) / DEMAND_MS, Math.min(SELDOM * this.#lastCost, this.#demand));
    return Math.max(0, Math.floor(Math.min(share, wanted)));
  }

  #decay(nowMs: number): void {
    const passedMs = nowMs - this.#demandAtMs;
    if (passedMs > 0) this.#demand *= Math.exp(-passedMs / DEMAND_MS);
    this.#demandAtMs = nowMs;
  }
}
