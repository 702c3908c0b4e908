// Concurrency: `limit` units at once, whatever the time. When there will be room nobody knows.

import type { ConcurrencyRule } from "../rule.ts";
import { ADMITTED, MeterModel, refused, type Standing, type Verdict } from "./meter-model.ts";

export class ConcurrencyModel extends MeterModel {
  readonly #rule: ConcurrencyRule;
  readonly #units = new Map<string, number>();

  constructor(rule: ConcurrencyRule) {
    super();
    this.#rule = rule;
  }

  judge(_nowMs: number, key: string, cost: number): Verdict {
    return (this.#units.get(key) ?? 0) + cost <= this.#rule.limit ? ADMITTED : refused(0);
  }

  /** Giving back is adding less than nothing. */
  add(_nowMs: number, key: string, units: number): void {
    this.#units.set(key, (this.#units.get(key) ?? 0) + units);
  }

  standing(_nowMs: number, key: string): Standing {
    return { remaining: this.#rule.limit - (this.#units.get(key) ?? 0), resetMs: 0, used: 0 };
  }
}
