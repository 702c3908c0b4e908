// From what was written of limits to what it means: one rule for each way of counting, tiers with what they leave out, URLs as secrets.
// Nothing can be wrong any more here.

import type * as z from "zod";
import { Secret } from "../base/index.ts";
import type { LimitRule } from "../limits/index.ts";
import type { CountersConfig, LimitCost, LimitKeyPart, LimitTiers, LimitUse, RateLimitConfig, SheddingConfig } from "./limit-config.ts";
import type { loadShedding } from "./limit-schema.ts";
import { type PemSource, readPem } from "./resolve-tls.ts";
import type { Configuration } from "./schema.ts";

type Written = Configuration["rateLimits"][string];
type WrittenKey = Exclude<Written["key"], readonly unknown[]>;
type Numbers = NonNullable<Written["tiers"]>["of"][string];

export function resolveCounters(written: Configuration["counters"], source: PemSource): CountersConfig | null {
  if (written === undefined) return null;
  const { timeout, ca, prefix, syncEvery } = written.redis;
  return {
    place: resolvePlace(written.redis),
    ca: ca === undefined ? null : readPem(ca, source).text,
    timeoutMs: timeout,
    prefix,
    syncEveryMs: syncEvery,
  };
}

/** check-limits.ts has refused one that says several places or none. */
function resolvePlace({ url, cluster, sentinel }: NonNullable<Configuration["counters"]>["redis"]): CountersConfig["place"] {
  const toSecrets = (urls: readonly string[]) => urls.map((one) => new Secret(one));
  if (cluster !== undefined) return { kind: "cluster", urls: toSecrets(cluster) };
  if (sentinel === undefined) return { kind: "single", url: new Secret(url ?? "") };
  const server = sentinel.url === undefined ? null : new Secret(sentinel.url);
  return { kind: "sentinel", urls: toSecrets(sentinel.nodes), master: sentinel.master, url: server };
}

export function resolveRateLimits(written: Configuration["rateLimits"]): RateLimitConfig[] {
  return Object.entries(written).map(([name, limit]) => resolveRateLimit(name, limit));
}

function resolveRateLimit(name: string, written: Written): RateLimitConfig {
  const { key, cost, exempt, dryRun, quota } = written;
  const store = written.store ?? (quota === undefined ? "local" : "database");
  return {
    name,
    key: (Array.isArray(key) ? key : [key]).map(resolveKey),
    rule: toRule(written, {}),
    cost: resolveCost(cost),
    tiers: resolveTiers(written),
    exempt: exempt === undefined || isNobody(exempt) ? null : exempt,
    dryRun,
    store,
    mode: written.mode ?? "exact",
    onStoreFailure: written.onStoreFailure ?? null,
    warnAt: quota?.warnAt ?? [],
  };
}

function isNobody({ from, users, roles, plans }: NonNullable<Written["exempt"]>): boolean {
  return from.length + users.length + roles.length + plans.length === 0;
}

function resolveKey(key: WrittenKey): LimitKeyPart {
  if (key === "ip") return { kind: "ip", v4: 32, v6: 64 };
  if (typeof key === "string") return { kind: key };
  if ("header" in key) return { kind: "header", name: key.header };
  return "claim" in key ? { kind: "claim", name: key.claim } : { kind: "ip", ...key.ip };
}

function resolveCost(cost: Written["cost"]): LimitCost {
  if (typeof cost === "number") return { kind: "constant", units: cost };
  const { responseHeader, estimate, most } = cost;
  return { kind: "responseHeader", name: responseHeader, estimate, most };
}

function resolveTiers(written: Written): LimitTiers | null {
  if (written.tiers === undefined) return null;
  const { by, of } = written.tiers;
  return {
    by: by === "plan" ? { kind: "plan" } : { kind: "claim", name: by.claim },
    of: Object.entries(of).map(([tier, numbers]) => [tier, toRule(written, numbers)] as const),
  };
}

/** The limit's own way of counting with the numbers of a tier. check-limits.ts has refused a limit that has none or several. */
function toRule(written: Written, tier: Numbers): LimitRule {
  const { fixedWindow, slidingWindow, slidingWindowLog, tokenBucket, leakyBucket, concurrency, quota } = written;
  const inWindow = (own: { readonly limit: number; readonly window: number }) => {
    return { limit: tier.limit ?? own.limit, windowMs: tier.window ?? own.window };
  };
  if (fixedWindow !== undefined) return { kind: "fixedWindow", ...inWindow(fixedWindow) };
  if (slidingWindow !== undefined) return { kind: "slidingWindow", ...inWindow(slidingWindow) };
  if (slidingWindowLog !== undefined) return { kind: "slidingLog", ...inWindow(slidingWindowLog) };
  if (tokenBucket !== undefined) {
    return { kind: "tokenBucket", ratePerMs: tier.rate ?? tokenBucket.rate, burst: tier.burst ?? tokenBucket.burst };
  }
  if (leakyBucket !== undefined) {
    return { kind: "leakyBucket", ratePerMs: tier.rate ?? leakyBucket.rate, maxDelayMs: tier.maxDelay ?? leakyBucket.maxDelay };
  }
  if (quota !== undefined) {
    const { limit = quota.limit, per = quota.per, timeZone = quota.timeZone } = tier;
    return { kind: "quota", limit, per, timeZone };
  }
  return { kind: "concurrency", limit: tier.limit ?? concurrency?.limit ?? 1 };
}

export function resolveUses(written: Configuration["routes"][number]["rateLimits"]): LimitUse[] {
  return written.map((use) => (typeof use === "string" ? { limit: use, cost: null } : { limit: use.limit, cost: use.cost ?? null }));
}

export function resolveShedding(written: z.output<typeof loadShedding> | null): SheddingConfig | null {
  if (written === null) return null;
  const { minimum, maximum, tolerance, retryAfter } = written;
  return { minimum, maximum, tolerance, retryAfterSeconds: Math.ceil(retryAfter / 1000) };
}
