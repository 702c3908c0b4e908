// The ways of counting, as numbers. What each one admits is said by its reference model in models/; every store is held to that.

/** `limit` units in each window of the wall clock: a window begins where its length divides Unix time. Twice as many may pass around a boundary. */
export interface FixedWindowRule {
  readonly kind: "fixedWindow";
  readonly limit: number;
  readonly windowMs: number;
}

/**
 * `limit` units in a window that ends now, estimated from two counters: this window's and the one's before it, weighted by how much of that is
 * still within the window.
 */
export interface SlidingWindowRule {
  readonly kind: "slidingWindow";
  readonly limit: number;
  readonly windowMs: number;
}

/** The same to the letter: what was admitted is remembered one by one. Memory grows with `limit`. */
export interface SlidingLogRule {
  readonly kind: "slidingLog";
  readonly limit: number;
  readonly windowMs: number;
}

/** A bucket of `burst` tokens, full at first, that `ratePerMs` flow back into. */
export interface TokenBucketRule {
  readonly kind: "tokenBucket";
  readonly ratePerMs: number;
  readonly burst: number;
}

/** One unit leaves each 1/`ratePerMs` ms: who comes sooner waits for its turn, and whoever would wait longer than `maxDelayMs` is refused. */
export interface LeakyBucketRule {
  readonly kind: "leakyBucket";
  readonly ratePerMs: number;
  readonly maxDelayMs: number;
}

/** `limit` units at once, from when they are taken until they are given back. */
export interface ConcurrencyRule {
  readonly kind: "concurrency";
  readonly limit: number;
}

/** `limit` units in a period of the calendar of `timeZone` (an IANA name). */
export interface QuotaRule {
  readonly kind: "quota";
  readonly limit: number;
  readonly per: QuotaPeriod;
  readonly timeZone: string;
}
export type QuotaPeriod = "hour" | "day" | "month";

export type LimitRule =
  | FixedWindowRule
  | SlidingWindowRule
  | SlidingLogRule
  | TokenBucketRule
  | LeakyBucketRule
  | ConcurrencyRule
  | QuotaRule;

/** What holds while a shared store is away: all pass, none does, or this gateway counts alone. */
export type OnStoreFailure = "open" | "closed" | "local";

/** One limit, or one tier of it, as it counts: what stores know of it. */
export interface Meter {
  /** The limit's name in the configuration. */
  readonly limit: string;
  /** Empty: the limit's own numbers. */
  readonly tier: string;
  /** Its counters' name in every store: limit, tier and a digest of the rule, so that counters of another rule are never read as its own. */
  readonly id: string;
  readonly rule: LimitRule;
  /** Null where nothing is shared. */
  readonly onStoreFailure: OnStoreFailure | null;
  /** Only reports: it never keeps what stands beside it from being taken. */
  readonly isDryRun: boolean;
}
