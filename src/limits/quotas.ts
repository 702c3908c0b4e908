// The port of what keeps quotas beyond the process (stores/ implements it), and the periods that they are counted in.

/** One counter: a limit's (or tier's) of one key in one period. */
export interface QuotaName {
  /** The limit's name in the configuration. */
  readonly limit: string;
  /** What is counted apart, as people read it. */
  readonly key: string;
  /** `2026-11`, `2026-11-25`, `2026-11-25T13`, in the quota's time zone. */
  readonly period: string;
}

export interface QuotaReserve extends QuotaName {
  /** Wall clock, ms: the period's end. */
  readonly endsAtMs: number;
  /** Units that the period has in all. */
  readonly units: number;
  /** Units that are wanted; fewer may be granted. 0 only looks. Negative ones are given back, and always taken. */
  readonly wanted: number;
  /** Counted even beyond `units`: what was used while the store was away. */
  readonly isOwed: boolean;
}

export interface QuotaGrant {
  /** By how much `used` changed: what was given back is negative, and never more than there was. */
  readonly granted: number;
  /** In all of the period, this grant included. */
  readonly used: number;
}

export interface QuotaRecord extends QuotaName {
  readonly used: number;
  /** What the limit was when somebody last reserved. */
  readonly units: number;
  readonly endsAtMs: number;
  readonly updatedAtMs: number;
}

export interface QuotaFilter {
  readonly limit?: string;
  readonly key?: string;
  /** Those of periods that have ended too. */
  readonly all?: boolean;
  /** Default 1000. */
  readonly most?: number;
}

export interface QuotaStore {
  /** In one transaction, in the order given; one grant for each. */
  reserve(requests: readonly QuotaReserve[], nowMs: number): Promise<readonly QuotaGrant[]>;
  /** The most used first. */
  list(filter: QuotaFilter, nowMs: number): Promise<readonly QuotaRecord[]>;
  /** Sets `used` of the current periods to 0; returns how many counters that were. `key` null: of every key. */
  reset(limit: string, key: string | null, nowMs: number): Promise<number>;
  /** Returns how many went. */
  removeEnded(beforeMs: number): Promise<number>;
}
