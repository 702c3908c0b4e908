// What callers are told of a meter, as far as it is the same each time: made when the configuration compiles.

import type { LimitRule, Meter } from "../../limits/index.ts";

/** An integer of a structured field (RFC 9651 3.3.1). */
const MOST_INTEGER = 999_999_999_999_999;

export class ToldMeter {
  readonly meter: Meter;
  /** Units that there are in all. */
  readonly quota: number;
  /** Of X-RateLimit-Limit. */
  readonly quotaText: string;
  /** Of RateLimit-Policy: `"per-user";q=100;w=60`. */
  readonly policy: string;
  /** How an item of RateLimit begins: `"per-user";r=`. */
  readonly item: string;
  /** How an item of X-Quota-Warning begins: `"monthly";used=`. */
  readonly warning: string;
  /** Of a quota: units that its callers are warned from. Infinity: never. */
  readonly warnFrom: number;

  constructor(meter: Meter, warnAt: readonly number[]) {
    this.meter = meter;
    // A name of the configuration is plain ASCII, so this is a string of a structured field, too.
    const name = JSON.stringify(meter.limit);
    const { quota, windowSeconds, isConcurrency } = describe(meter.rule);
    this.quota = quota;
    this.quotaText = String(quota);
    const unit = isConcurrency ? ';qu="concurrent-requests"' : "";
    this.policy = `${name};q=${quota}${unit}${windowSeconds === null ? "" : `;w=${windowSeconds}`}`;
    this.item = `${name};r=`;
    this.warning = `${name};used=`;
    const first = warnAt.length === 0 ? null : Math.min(...warnAt);
    this.warnFrom = first === null || meter.rule.kind !== "quota" ? Number.POSITIVE_INFINITY : first * meter.rule.limit;
  }
}

interface Description {
  readonly quota: number;
  /** In which as many come (back); null where that is no number. */
  readonly windowSeconds: number | null;
  readonly isConcurrency: boolean;
}

function describe(rule: LimitRule): Description {
  const { units, windowMs } = measure(rule);
  return {
    quota: Math.min(Math.floor(units), MOST_INTEGER),
    windowSeconds: windowMs === null ? null : Math.min(Math.max(1, Math.ceil(windowMs / 1000)), MOST_INTEGER),
    isConcurrency: rule.kind === "concurrency",
  };
}

const HOUR_MS = 3_600_000;
/** A month has no length of its own. */
const PERIOD_MS = { hour: HOUR_MS, day: 24 * HOUR_MS, month: null } as const;

function measure(rule: LimitRule): { readonly units: number; readonly windowMs: number | null } {
  switch (rule.kind) {
    case "fixedWindow":
    case "slidingWindow":
    case "slidingLog":
      return { units: rule.limit, windowMs: rule.windowMs };
    case "tokenBucket":
      return { units: rule.burst, windowMs: rule.burst / rule.ratePerMs };
    case "leakyBucket": {
      // What may wait, and the one that leaves at once.
      const units = Math.floor(rule.maxDelayMs * rule.ratePerMs + 1e-6) + 1;
      return { units, windowMs: units / rule.ratePerMs };
    }
    case "concurrency":
      return { units: rule.limit, windowMs: null };
    case "quota":
      return { units: rule.limit, windowMs: PERIOD_MS[rule.per] };
  }
}
