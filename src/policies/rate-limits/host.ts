// What the policy is compiled with: the limits of the configuration, each with what counts it, and where outcomes are told.

import type { RateLimitConfig } from "../../config/index.ts";
import type { Counters, Meter } from "../../limits/index.ts";

/** A limit of the configuration with all that it is counted by. */
export interface BoundLimit {
  readonly config: RateLimitConfig;
  /** Of everybody who is in no tier. */
  readonly own: Meter;
  /** By the tier's name. */
  readonly tiers: ReadonlyMap<string, Meter>;
  /** Limits that one store counts have the same object: they are asked of it together. */
  readonly counters: Counters;
}

/**
 * What became of a request at one limit. `would-refuse` is a dry run's no. `open`, `closed` and `local` were decided without the store;
 * who was refused after a count of this gateway alone is `refused`. `delayed` was admitted, after a wait. `estimated` comes besides another:
 * the upstream did not say what a request cost, so its estimate stays.
 */
export const LIMIT_OUTCOMES = ["admitted", "refused", "would-refuse", "exempt", "open", "closed", "local", "delayed", "estimated"] as const;
export type LimitOutcome = (typeof LIMIT_OUTCOMES)[number];

export interface LimitMetrics {
  counter(limit: string, outcome: LimitOutcome): LimitCounter;
}

export interface LimitCounter {
  add(n: number): void;
}

export interface LimitsHost {
  /** By name: every limit that a route or listener uses. */
  readonly limits: ReadonlyMap<string, BoundLimit>;
  readonly limitMetrics: LimitMetrics;
}
