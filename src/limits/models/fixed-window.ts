// Fixed window: a counter that begins anew where a multiple of the window's length begins, by Unix time. Around such a boundary twice the limit
// passes within less than a window: 100 at 11:59:59 and 100 at 12:00:00 are both within 100 a minute.

import type { FixedWindowRule } from "../rule.ts";
import { ADMITTED, MeterModel, refused, type Standing, type Verdict } from "./meter-model.ts";

export class FixedWindowModel extends MeterModel {
  readonly #rule: FixedWindowRule;
  /** Units by key and window. */
  readonly #counts = new Map<string, number>();

  constructor(rule: FixedWindowRule) {
    super();
    this.#rule = rule;
  }

  judge(nowMs: number, key: string, cost: number): Verdict {
    const { limit } = this.#rule;
    if (cost > limit) return refused(0);
    return this.#count(nowMs, key) + cost <= limit ? ADMITTED : refused(this.#endsInMs(nowMs));
  }

  add(nowMs: number, key: string, units: number): void {
    this.#counts.set(this.#name(nowMs, key), Math.max(0, this.#count(nowMs, key) + units));
  }

  standing(nowMs: number, key: string): Standing {
    return { remaining: Math.max(0, this.#rule.limit - this.#count(nowMs, key)), resetMs: this.#endsInMs(nowMs), used: 0 };
  }

  #count(nowMs: number, key: string): number {
    return this.#counts.get(this.#name(nowMs, key)) ?? 0;
  }

  #name(nowMs: number, key: string): string {
    return `${Math.floor(nowMs / this.#rule.windowMs)} ${key}`;
  }

  #endsInMs(nowMs: number): number {
    return this.#rule.windowMs - (nowMs % this.#rule.windowMs);
  }
}
