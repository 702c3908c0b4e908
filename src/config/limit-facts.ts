// What checks have to know of a limit as it is written: by what it counts, and how much it can ever admit.

import { parseDuration } from "./quantities.ts";
import { children, get, has, keysOf, parsed, texts } from "./written.ts";

/** A limit has one of these keys. */
export const WAYS = ["fixedWindow", "slidingWindow", "slidingWindowLog", "tokenBucket", "leakyBucket", "concurrency", "quota"] as const;
export type Way = (typeof WAYS)[number];

const WINDOW = ["limit", "window"];
const NUMBERS: Readonly<Record<Way, readonly string[]>> = {
  fixedWindow: WINDOW,
  slidingWindow: WINDOW,
  slidingWindowLog: WINDOW,
  tokenBucket: ["rate", "burst"],
  leakyBucket: ["rate", "maxDelay"],
  concurrency: ["limit"],
  quota: ["limit", "per", "timeZone"],
};

/** The keys that a tier of such a limit may have. */
export function listNumbers(way: Way): readonly string[] {
  return NUMBERS[way];
}

/** Undefined where none or several are written. */
export function wayOf(limit: unknown): Way | undefined {
  const written = WAYS.filter((way) => has(limit, way));
  return written.length === 1 ? written[0] : undefined;
}

/** The most units that can be admitted at once by whichever tier admits the least; undefined where any cost can. */
export function toLeastUnits(limit: unknown): { readonly units: number; readonly tier: string | undefined } | undefined {
  const way = wayOf(limit);
  if (way === undefined || way === "leakyBucket") return undefined;
  const key = way === "tokenBucket" ? "burst" : "limit";
  const all: { units: number; tier: string | undefined }[] = [];
  const add = (units: unknown, tier: string | undefined) => {
    if (typeof units === "number") all.push({ units, tier });
  };
  add(get(limit, way, key), undefined);
  for (const [path, tier] of children(get(limit, "tiers"), [], "of")) add(get(tier, key), String(path.at(-1)));
  all.sort((a, b) => a.units - b.units);
  return all[0];
}

/** How long a request may be held, ms; undefined where it never is. */
export function toMostDelayMs(limit: unknown): number | undefined {
  if (wayOf(limit) !== "leakyBucket") return undefined;
  const written = [
    get(limit, "leakyBucket", "maxDelay"),
    ...children(get(limit, "tiers"), [], "of").map(([, tier]) => get(tier, "maxDelay")),
  ];
  const form = { example: "2s", off: false, max: "1h" } as const;
  const delays = written.flatMap((text) => parsed(text, (one) => parseDuration(one, form)) ?? []);
  return delays.length === 0 ? undefined : Math.max(...delays);
}

/** What a limit must know before it can count; each ends the sentence "the limit `x` …". */
export interface LimitNeeds {
  /** Which route it is. */
  readonly ofRoute: readonly string[];
  /** Who calls; `ofKey` are those that only an API key tells. */
  readonly ofCaller: readonly string[];
  readonly ofKey: readonly string[];
}

export function listNeeds(limit: unknown): LimitNeeds {
  const needs = { ofRoute: [] as string[], ofCaller: [] as string[], ofKey: [] as string[] };
  const key = get(limit, "key");
  for (const part of Array.isArray(key) ? key : [key]) {
    const claim = get(part, "claim");
    if (typeof claim === "string") needs.ofCaller.push(`counts by the claim \`${claim}\``);
    else if (part === "user" || part === "tenant") needs.ofCaller.push(`counts by \`${part}\``);
    else if (part === "apiKey" || part === "plan") needs.ofKey.push(`counts by \`${part}\``);
    else if (part === "route" || part === "endpoint") needs.ofRoute.push(`counts by \`${part}\``);
  }
  const by = get(limit, "tiers", "by");
  const claim = get(by, "claim");
  if (by === "plan") needs.ofKey.push("has tiers by `plan`");
  else if (typeof claim === "string") needs.ofCaller.push(`has tiers by the claim \`${claim}\``);
  const exempt = get(limit, "exempt");
  for (const word of keysOf(exempt)) {
    if ((texts(get(exempt, word)) ?? []).length === 0) continue;
    if (word === "users" || word === "roles") needs.ofCaller.push(`exempts \`${word}\``);
    else if (word === "plans") needs.ofKey.push("exempts `plans`");
  }
  return { ...needs, ofCaller: [...needs.ofCaller, ...needs.ofKey] };
}
