// Limits, where they are used, shared counters and load shedding, before and after. What lets more requests in loosens; a URL of a server
// that counts is never said, since it may hold a password.

import type {
  CountersConfig,
  GatewayConfig,
  LimitCost,
  LimitExemptions,
  LimitKeyPart,
  LimitTiers,
  LimitUse,
  RateLimitConfig,
  SheddingConfig,
} from "../../config/index.ts";
import {
  type Comparer,
  type Comparers,
  compareFields,
  compareSets,
  fields,
  flag,
  ladder,
  limit,
  optional,
  plain,
  type SetWords,
  text,
} from "./comparers.ts";
import { coversNetwork } from "./covers.ts";
import { type Effect, Say } from "./effect.ts";
import { isSame } from "./same.ts";
import { toCount, toDuration, toList, toSeconds, toText } from "./words.ts";

type LimitRule = RateLimitConfig["rule"];
type Rule<Kind extends LimitRule["kind"]> = Omit<Extract<LimitRule, { readonly kind: Kind }>, "kind">;

const same = (item: string) => item;

// ── counters and load ────────────────────────────────────────────────────────────────────────────────────────────────

function toPlace({ kind, ...place }: CountersConfig["place"]): string {
  if ("master" in place) return `the server ${place.master} of ${place.urls.length} sentinels`;
  return "urls" in place ? `a cluster (${place.urls.length} nodes)` : `a ${kind} server`;
}

export const counters: Comparer<CountersConfig | null> = optional(
  ({ place }, say) => say.that(null, `shares counters by ${toPlace(place)}`, "share counters"),
  (_was, say) => say.that(null, "no longer shares counters", "no longer share counters"),
  fields<CountersConfig>({
    place: plain("place for shared counters, where all begin anew", toPlace),
    ca: plain("authority of its shared counters", () => ""),
    timeoutMs: plain("time for an answer of its shared counters", toDuration),
    prefix: text("prefix of its shared counters, which begin anew"),
    syncEveryMs: plain("time between two syncs of approximate limits", toDuration),
  }),
);

export const loadShedding: Comparer<SheddingConfig | null> = optional(
  ({ minimum, maximum }, say) => say.that(false, `begins to shed load, at ${minimum} to ${maximum} requests at once`, "begin to shed load"),
  (_was, say) => say.that(true, "no longer sheds load", "no longer shed load"),
  fields<SheddingConfig>({
    minimum: limit("least of requests at once", toCount),
    maximum: limit("most of requests at once", toCount),
    tolerance: limit("tolerance of slowness under load", toCount),
    retryAfterSeconds: plain("time after which those who were not let in may come again", toSeconds),
  }),
);

// ── where limits are used ────────────────────────────────────────────────────────────────────────────────────────────

type Limits = Pick<GatewayConfig, "rateLimits">;

/** Of a route or listener. */
export function limitUses(before: Limits, after: Limits): Comparer<readonly LimitUse[]> {
  return (was, is, say) => {
    const [old, now] = [byLimit(was), byLimit(is)];
    for (const [name, use] of now) {
      const other = old.get(name);
      if (other === undefined) say.that(false, `is limited by ${name}`, "are limited");
      else if (other.cost !== use.cost) compareUse(toUnits(other, before), toUnits(use, after), name, say);
    }
    for (const name of old.keys()) {
      if (!now.has(name)) say.that(true, `is no longer limited by ${name}`, "lose a limit");
    }
  };
}

const byLimit = (uses: readonly LimitUse[]) => new Map(uses.map((use) => [use.limit, use]));

/** Null: what the upstream says, or nobody knows. */
function toUnits({ limit: name, cost }: LimitUse, { rateLimits }: Limits): number | null {
  if (cost !== null) return cost;
  const own = rateLimits.find((one) => one.name === name)?.cost;
  return own?.kind === "constant" ? own.units : null;
}

function compareUse(before: number | null, after: number | null, name: string, say: Say): void {
  const shown = (units: number | null) => (units === null ? "what the limit says" : String(units));
  const way = before === null || after === null || before === after ? null : after < before;
  const change = before === after ? "written otherwise" : `${shown(before)} becomes ${shown(after)}`;
  say.that(way, `costs another part of ${name}: ${change}`, "cost another part of a limit");
}

// ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const WAYS: Readonly<Record<string, string>> = { slidingLog: "slidingWindowLog" };
const toWay = ({ kind }: LimitRule) => WAYS[kind] ?? kind;

const RATES = [
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
] as const;

/** In the shortest unit that needs no fraction. */
function toUnitRate(ratePerMs: number | null): string {
  if (ratePerMs === null) return "off";
  const all = RATES.map(([unit, ms]) => [unit, Number((ratePerMs * ms).toPrecision(12))] as const);
  const [unit, amount] = all.find(([, each]) => Number.isInteger(each)) ?? all[0] ?? ["s", ratePerMs * 1000];
  return `${amount}/${unit}`;
}

/** The longer, the fewer. */
const window: Comparer<number> = (before, after, say) => {
  const isShorter = after < before;
  const change = `${toDuration(before)} becomes ${toDuration(after)}`;
  say.that(
    isShorter,
    `${isShorter ? "shortens" : "lengthens"} its window: ${change}`,
    `${isShorter ? "shorten" : "lengthen"} their window`,
  );
};

const units = limit("number", toCount);
const inWindow: Comparers<Rule<"fixedWindow">> = { limit: units, windowMs: window };
const RULES: { readonly [Kind in LimitRule["kind"]]: Comparers<Rule<Kind>> } = {
  fixedWindow: inWindow,
  slidingWindow: inWindow,
  slidingLog: inWindow,
  tokenBucket: { ratePerMs: limit("rate", toUnitRate), burst: limit("burst", toCount) },
  leakyBucket: { ratePerMs: limit("rate", toUnitRate), maxDelayMs: limit("longest delay", toDuration) },
  concurrency: { limit: units },
  quota: { limit: units, per: ladder("period", ["month", "day", "hour"]), timeZone: text("time zone") },
};

const rule: Comparer<LimitRule> = (before, after, say) => {
  if (before.kind === after.kind) compareFields<object>(before, after, RULES[after.kind], say);
  else say.that(null, `counts by ${toWay(after)}, no longer by ${toWay(before)}`, "count another way");
};

function toKey(parts: readonly LimitKeyPart[]): string {
  return toList(parts.map(toKeyPart));
}

function toKeyPart(part: LimitKeyPart): string {
  if (part.kind === "ip") return part.v4 === 32 && part.v6 === 64 ? "ip" : `ip (/${part.v4}, /${part.v6})`;
  return part.kind === "header" || part.kind === "claim" ? `${part.kind} ${part.name}` : part.kind;
}

/** The more a request costs, the fewer there are. */
function price(what: string): Comparer<number> {
  return (before, after, say) => {
    const isCheaper = after < before;
    const change = `${isCheaper ? "lowers" : "raises"} its ${what}: ${before} becomes ${after}`;
    say.that(isCheaper, change, `${isCheaper ? "lower" : "raise"} their ${what}`);
  };
}

const responseCost = {
  kind: () => undefined,
  name: text("header that says a cost"),
  estimate: price("estimate of a cost"),
  most: price("greatest cost"),
};

const cost: Comparer<LimitCost> = (before, after, say) => {
  if (before.kind === "constant" && after.kind === "constant") price("cost")(before.units, after.units, say);
  else if (before.kind === "responseHeader" && after.kind === "responseHeader") compareFields(before, after, responseCost, say);
  else say.that(null, `charges ${toCost(after)}, no longer ${toCost(before)}`, "charge another cost");
};

function toCost(written: LimitCost): string {
  return written.kind === "constant" ? String(written.units) : `what ${written.name} of the response says`;
}

function tiers(name: string): Comparer<LimitTiers | null> {
  const toBy = (by: LimitTiers["by"]) => (by.kind === "claim" ? `the claim ${by.name}` : by.kind);
  const of: Comparer<LimitTiers["of"]> = (before, after, say) => {
    const [old, now] = [new Map(before), new Map(after)];
    for (const [tier, numbers] of now) {
      const others = old.get(tier);
      if (others === undefined) say.that(null, `has other numbers for ${toText(tier)}`, "have other numbers for some callers");
      else if (!isSame(others, numbers))
        rule(others, numbers, new Say(`limit ${name}`, `the limit ${name}, for ${toText(tier)},`, say.effects));
    }
    for (const tier of old.keys()) {
      if (!now.has(tier)) say.that(null, `has no other numbers for ${toText(tier)} any more`, "have other numbers for fewer callers");
    }
  };
  return optional(
    (value, say) => say.that(null, `has other numbers by ${toBy(value.by)}, for ${toList(value.of.map(([tier]) => tier))}`, "gain tiers"),
    (_was, say) => say.that(null, "has the same numbers for everybody", "lose tiers"),
    fields<LimitTiers>({ by: plain("way to tell tiers", toBy), of }),
  );
}

const exempted = (what: string, covers?: (outer: string, inner: string) => boolean): SetWords<string> => ({
  more: true,
  gains: [`no longer counts the ${what}`, `no longer count some ${what}`],
  loses: [`counts the ${what}`, `count more ${what}`],
  show: same,
  ...(covers !== undefined && { covers }),
});
const NOBODY: LimitExemptions = { from: [], users: [], roles: [], plans: [] };

const exempt: Comparer<LimitExemptions | null> = (before, after, say) => {
  const [old, now] = [before ?? NOBODY, after ?? NOBODY];
  compareSets(old.from, now.from, exempted("addresses", coversNetwork), say);
  for (const what of ["users", "roles", "plans"] as const) compareSets(old[what], now[what], exempted(what), say);
};

function comparersOf(name: string): Comparers<RateLimitConfig> {
  return {
    // Pairs are made by name.
    name: () => undefined,
    key: plain("key", toKey),
    rule,
    cost,
    tiers: tiers(name),
    exempt,
    dryRun: flag(
      true,
      "only reports whom it would refuse",
      "refuses, where it only reported before",
      "only report whom they would refuse",
      "refuse, where they only reported before",
    ),
    store: text("store"),
    mode: ladder("counting", ["exact", "approximate"]),
    onStoreFailure: (before, after, say) => {
      const what = "rule for when its store is away";
      if (before === null || after === null) text(what)(before, after, say);
      else ladder(what, ["closed", "local", "open"])(before, after, say);
    },
    warnAt: plain("list of shares that are warned of", (shares) => toList(shares.map((share) => `${share * 100}%`)) || "none"),
  };
}

export function compareLimit(before: RateLimitConfig, after: RateLimitConfig, effects: Effect[]): void {
  compareFields(before, after, comparersOf(after.name), new Say(`limit ${after.name}`, `the limit ${after.name}`, effects));
}

/** In a few words: `100 in 1m for each user`. */
export function toLimitWords({ rule: of, key }: RateLimitConfig): string {
  return `${toRuleWords(of)}, by ${toKey(key)}`;
}

function toRuleWords(of: LimitRule): string {
  switch (of.kind) {
    case "tokenBucket":
      return `${toUnitRate(of.ratePerMs)}, ${of.burst} at once`;
    case "leakyBucket":
      return `${toUnitRate(of.ratePerMs)}, delayed by ${toDuration(of.maxDelayMs)} at the most`;
    case "concurrency":
      return `${of.limit} at once`;
    case "quota":
      return `${of.limit} each ${of.per}`;
    default:
      return `${of.limit} in ${toDuration(of.windowMs)}`;
  }
}
