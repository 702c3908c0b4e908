// From a limit of the configuration to the meters that stores count by.

import type { RateLimitConfig } from "../config/index.ts";
import type { LimitRule, Meter } from "../limits/index.ts";
import { digest } from "./generation-id.ts";

/** Enough that no two rules of one limit meet. */
const DIGEST_LENGTH = 10;

export interface LimitMeters {
  readonly own: Meter;
  readonly tiers: ReadonlyMap<string, Meter>;
}

export function createMeters(config: RateLimitConfig): LimitMeters {
  const { name, key, warnAt, onStoreFailure, dryRun } = config;
  const create = (tier: string, rule: LimitRule): Meter => {
    // Nodes that are given another rule, or count other things apart, have counters of their own: the old ones would be misread.
    const version = digest({ key, rule, warnAt }).slice(0, DIGEST_LENGTH);
    const id = tier === "" ? `${name}#${version}` : `${name}/${tier}#${version}`;
    return Object.freeze({ limit: name, tier, id, rule, onStoreFailure, isDryRun: dryRun });
  };
  return { own: create("", config.rule), tiers: new Map((config.tiers?.of ?? []).map(([tier, rule]) => [tier, create(tier, rule)])) };
}
