// What a configuration says about limits, once every default has been filled in. Beside config.ts, which has the rest.

import type { Secret } from "../base/index.ts";
import type { LimitRule, OnStoreFailure } from "../limits/index.ts";
import type { ClaimName } from "./identity-config.ts";

/** Where shared counters are kept. URLs are `redis://` or `rediss://`, with user, password and database where there are any. */
export interface CountersConfig {
  readonly place:
    | { readonly kind: "single"; readonly url: Secret }
    /** Any of its nodes, from which the others are found. */
    | { readonly kind: "cluster"; readonly urls: readonly Secret[] }
    /** `master` is the name that the sentinels know; `url` carries what the server itself asks for, null for nothing. */
    | { readonly kind: "sentinel"; readonly urls: readonly Secret[]; readonly master: string; readonly url: Secret | null };
  /** PEM of who signed the servers' certificates; null: the authorities that the runtime ships. */
  readonly ca: string | null;
  /** For an answer; then the limit's `onStoreFailure` holds. */
  readonly timeoutMs: number;
  /** Put before every key. */
  readonly prefix: string;
  /** How often approximate limits tell each other what they counted. */
  readonly syncEveryMs: number;
}

/** What is counted apart; several together are one key. */
export type LimitKeyPart =
  | { readonly kind: "global" }
  /** Bits of an address that count. */
  | { readonly kind: "ip"; readonly v4: number; readonly v6: number }
  | { readonly kind: "route" }
  /** The method and the route's path pattern. */
  | { readonly kind: "endpoint" }
  | { readonly kind: "header"; readonly name: string }
  /** These are the principal's; where a route lets somebody in without one, that somebody's address is counted in its place. */
  | { readonly kind: "user" }
  | { readonly kind: "apiKey" }
  | { readonly kind: "tenant" }
  | { readonly kind: "plan" }
  | { readonly kind: "claim"; readonly name: ClaimName };

export type LimitCost =
  | { readonly kind: "constant"; readonly units: number }
  /** Said by the upstream's response: `estimate` is taken on the way in, and the difference is charged afterwards. Removed from the response. */
  | { readonly kind: "responseHeader"; readonly name: string; readonly estimate: number; readonly most: number };

export interface LimitTiers {
  /** What says which tier is a caller's: the plan of its API key, or a claim. */
  readonly by: { readonly kind: "plan" } | { readonly kind: "claim"; readonly name: ClaimName };
  /** Rules of the same kind as the limit's own, which is everybody else's. */
  readonly of: readonly (readonly [tier: string, rule: LimitRule])[];
}

/** Who is not counted. Any of these is enough. */
export interface LimitExemptions {
  /** Addresses or CIDR blocks, as written. */
  readonly from: readonly string[];
  readonly users: readonly string[];
  readonly roles: readonly string[];
  readonly plans: readonly string[];
}

export interface RateLimitConfig {
  readonly name: string;
  readonly key: readonly LimitKeyPart[];
  readonly rule: LimitRule;
  readonly cost: LimitCost;
  readonly tiers: LimitTiers | null;
  /** Null: nobody is. */
  readonly exempt: LimitExemptions | null;
  readonly dryRun: boolean;
  /** A quota's is always `database`, and no other limit's is. */
  readonly store: "local" | "redis" | "database";
  /** Of `redis` alone. */
  readonly mode: "exact" | "approximate";
  /** Null: `local` has none. */
  readonly onStoreFailure: OnStoreFailure | null;
  /** Of a quota: shares of it, ascending, between 0 and 1; from each on its callers are warned. */
  readonly warnAt: readonly number[];
}

/** A limit as a route or listener uses it. */
export interface LimitUse {
  readonly limit: string;
  /** Units of a request here; null: what the limit says. */
  readonly cost: number | null;
}

export const PRIORITIES = ["critical", "high", "normal", "low"] as const;
/** Who is served first when not all can be. */
export type Priority = (typeof PRIORITIES)[number];

/** How many requests are let in at once, found out from how long they take. */
export interface SheddingConfig {
  readonly minimum: number;
  readonly maximum: number;
  /** How much longer than without load requests may take, as a factor, before fewer are let in. */
  readonly tolerance: number;
  /** What those who are not let in are told to wait, in seconds. */
  readonly retryAfterSeconds: number;
}
