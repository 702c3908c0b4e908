// Sliding-window counter: what came within a window that ends now, estimated from two fixed windows, as if the units of the one before had come
// evenly. By "How we built rate limiting capable of scaling to millions of domains" (Cloudflare, 2017) 0.003 % of their requests
// were decided otherwise than by an exact log. Two numbers a key.
//
//   estimate = previous × (1 − elapsed ÷ window) + current

import type { SlidingWindowRule } from "../rule.ts";
import { ADMITTED, ceilMs, MeterModel, refused, type Standing, type Verdict } from "./meter-model.ts";

export class SlidingWindowModel extends MeterModel {
  readonly #rule: SlidingWindowRule;
  /** Units by key and window. */
  readonly #counts = new Map<string, number>();

  constructor(rule: SlidingWindowRule) {
    super();
    this.#rule = rule;
  }

  judge(nowMs: number, key: string, cost: number): Verdict {
    const { limit, windowMs } = this.#rule;
    if (cost > limit) return refused(0);
    const { previous, current, elapsedMs, estimate } = this.#look(nowMs, key);
    if (estimate + cost <= limit + 1e-9) return ADMITTED;
    // Within this window only what the one before still weighs can go; in the next one this window's units do.
    const room = limit - current - cost;
    if (room >= 0) return refused(windowMs * (1 - room / previous) - elapsedMs);
    return refused(windowMs - elapsedMs + Math.max(0, windowMs * (1 - (limit - cost) / current)));
  }

  add(nowMs: number, key: string, units: number): void {
    this.#counts.set(this.#name(nowMs, key, 0), Math.max(0, this.#look(nowMs, key).current + units));
  }

  standing(nowMs: number, key: string): Standing {
    const { limit, windowMs } = this.#rule;
    const { previous, current, elapsedMs, estimate } = this.#look(nowMs, key);
    const resetMs = current > 0 ? 2 * windowMs - elapsedMs : previous > 0 ? windowMs - elapsedMs : 0;
    return { remaining: Math.max(0, Math.floor(limit - estimate + 1e-9)), resetMs: ceilMs(resetMs), used: 0 };
  }

  #look(nowMs: number, key: string) {
    const { windowMs } = this.#rule;
    const previous = this.#counts.get(this.#name(nowMs, key, 1)) ?? 0;
    const current = this.#counts.get(this.#name(nowMs, key, 0)) ?? 0;
    const elapsedMs = nowMs % windowMs;
    return { previous, current, elapsedMs, estimate: previous * (1 - elapsedMs / windowMs) + current };
  }

  #name(nowMs: number, key: string, ago: number): string {
    return `${Math.floor(nowMs / this.#rule.windowMs) - ago} ${key}`;
  }
}
