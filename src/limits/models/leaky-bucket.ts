// Leaky bucket as a queue: units stand in line and leave at `ratePerMs`, so that what is behind never sees more than that. A request waits until
// what stands before it has left (`delayMs`), and is refused where that is longer than `maxDelayMs`. What it costs lengthens the line behind it, so
// that no cost is too much for an empty one. J. Turner, "New directions in communications", 1986; as nginx's limit_req without `nodelay`.

import type { LeakyBucketRule } from "../rule.ts";
import { ceilMs, floorUnits, MeterModel, refused, type Standing, type Verdict } from "./meter-model.ts";

export class LeakyBucketModel extends MeterModel {
  readonly #rule: LeakyBucketRule;
  readonly #lines = new Map<string, { units: number; atMs: number }>();

  constructor(rule: LeakyBucketRule) {
    super();
    this.#rule = rule;
  }

  /** A cost of 0 waits for nothing. */
  judge(nowMs: number, key: string, cost: number): Verdict {
    const waitMs = this.#units(nowMs, key) / this.#rule.ratePerMs;
    if (waitMs > this.#rule.maxDelayMs + 1e-6) return refused(waitMs - this.#rule.maxDelayMs);
    return { isAdmitted: true, retryMs: 0, delayMs: cost === 0 ? 0 : ceilMs(waitMs) };
  }

  add(nowMs: number, key: string, units: number): void {
    this.#lines.set(key, { units: Math.max(0, this.#units(nowMs, key) + units), atMs: nowMs });
  }

  /** Left are as many requests of one unit as would be admitted now. */
  standing(nowMs: number, key: string): Standing {
    const { ratePerMs, maxDelayMs } = this.#rule;
    const waitMs = this.#units(nowMs, key) / ratePerMs;
    const remaining = waitMs > maxDelayMs + 1e-6 ? 0 : floorUnits((maxDelayMs - waitMs) * ratePerMs) + 1;
    return { remaining, resetMs: ceilMs(waitMs), used: 0 };
  }

  #units(nowMs: number, key: string): number {
    const line = this.#lines.get(key);
    return line === undefined ? 0 : Math.max(0, line.units - (nowMs - line.atMs) * this.#rule.ratePerMs);
  }
}
