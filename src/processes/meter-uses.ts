// Which meters of counters matter still: those that nobody has counted by for as long as a count lasts are dropped when new ones come, as they do
// with each configuration that changes a limit. @hot

import type { LimitRule, Meter } from "../limits/index.ts";

export interface RetainingCounters {
  /** Forgets what is counted by other meters than these, but for units that are out. */
  retain(ids: ReadonlySet<string>): void;
}

interface Use {
  readonly memoryMs: number;
  untilMs: number;
}

export class MeterUses {
  readonly #counters: RetainingCounters;
  readonly #uses = new Map<string, Use>();
  /** There are new ones since the last sweep. */
  #isGrown = false;

  constructor(counters: RetainingCounters) {
    this.#counters = counters;
  }

  /** It counts now. */
  touch({ id, rule }: Meter, nowMs: number): void {
    let use = this.#uses.get(id);
    if (use === undefined) {
      use = { memoryMs: memoryOf(rule), untilMs: 0 };
      this.#uses.set(id, use);
      this.#isGrown = true;
    }
    use.untilMs = nowMs + use.memoryMs;
  }

  /** Once all that has counted was touched. */
  sweep(nowMs: number): void {
    if (!this.#isGrown) return;
    this.#isGrown = false;
    const before = this.#uses.size;
    // hot-exception: when there is a new meter, asked-counters.bench.ts
    for (const [id, { untilMs }] of this.#uses) if (untilMs < nowMs) this.#uses.delete(id);
    // hot-exception: when there is a new meter, asked-counters.bench.ts
    if (this.#uses.size < before) this.#counters.retain(new Set(this.#uses.keys()));
  }
}

const HOUR_MS = 3_600_000;
/** At most: a day may have 25 hours. */
const PERIOD_MS = { hour: HOUR_MS, day: 25 * HOUR_MS, month: (31 * 24 + 1) * HOUR_MS } as const;

/** For how long what was counted matters to what is admitted. */
export function memoryOf(rule: LimitRule): number {
  switch (rule.kind) {
    case "fixedWindow":
    case "slidingLog":
      return rule.windowMs;
    case "slidingWindow":
      return 2 * rule.windowMs;
    case "tokenBucket":
      return rule.burst / rule.ratePerMs;
    case "leakyBucket":
      return rule.maxDelayMs + 1 / rule.ratePerMs;
    case "concurrency":
      return 0;
    case "quota":
      return PERIOD_MS[rule.per];
  }
}
