// Token bucket: `burst` tokens at first and at most, `ratePerMs` of them come back; a request takes as many as it costs, or none. As the committed
// bucket of RFC 2697, and equal to GCRA (ITU-T I.371). In any span of t ms at most burst + t × rate units are admitted.

import type { TokenBucketRule } from "../rule.ts";
import { ADMITTED, ceilMs, floorUnits, MeterModel, refused, type Standing, type Verdict } from "./meter-model.ts";

export class TokenBucketModel extends MeterModel {
  readonly #rule: TokenBucketRule;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(rule: TokenBucketRule) {
    super();
    this.#rule = rule;
  }

  judge(nowMs: number, key: string, cost: number): Verdict {
    const { ratePerMs, burst } = this.#rule;
    if (cost > burst) return refused(0);
    const tokens = this.#tokens(nowMs, key);
    return cost <= tokens + 1e-6 ? ADMITTED : refused((cost - tokens) / ratePerMs);
  }

  /** Charges may leave a debt, which comes back like any other token. */
  add(nowMs: number, key: string, units: number): void {
    this.#buckets.set(key, { tokens: Math.min(this.#rule.burst, this.#tokens(nowMs, key) - units), atMs: nowMs });
  }

  standing(nowMs: number, key: string): Standing {
    const tokens = this.#tokens(nowMs, key);
    return { remaining: floorUnits(tokens), resetMs: ceilMs((this.#rule.burst - tokens) / this.#rule.ratePerMs), used: 0 };
  }

  #tokens(nowMs: number, key: string): number {
    const { ratePerMs, burst } = this.#rule;
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return burst;
    return Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) * ratePerMs);
  }
}
