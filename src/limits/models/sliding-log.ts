// Sliding log: what came within a window that ends now, to the letter: each time is remembered, with its units, for as long as it is within.

import type { SlidingLogRule } from "../rule.ts";
import { ADMITTED, MeterModel, refused, type Standing, type Verdict } from "./meter-model.ts";

interface Entry {
  readonly atMs: number;
  units: number;
}

export class SlidingLogModel extends MeterModel {
  readonly #rule: SlidingLogRule;
  /** By key, the oldest first. */
  readonly #logs = new Map<string, Entry[]>();

  constructor(rule: SlidingLogRule) {
    super();
    this.#rule = rule;
  }

  judge(nowMs: number, key: string, cost: number): Verdict {
    const { limit, windowMs } = this.#rule;
    if (cost > limit) return refused(0);
    let units = this.#units(nowMs, key);
    if (units + cost <= limit) return ADMITTED;
    for (const entry of this.#within(nowMs, key)) {
      units -= entry.units;
      if (units + cost <= limit) return refused(entry.atMs + windowMs - nowMs);
    }
    throw new Error("an empty log admits whatever the limit does");
  }

  /** What is taken off comes off the newest. */
  add(nowMs: number, key: string, units: number): void {
    const log = this.#within(nowMs, key);
    if (units > 0) log.push({ atMs: nowMs, units });
    let off = -units;
    while (off > 0 && log.length > 0) {
      const newest = log.at(-1)!;
      const some = Math.min(off, newest.units);
      newest.units -= some;
      off -= some;
      if (newest.units === 0) log.pop();
    }
    this.#logs.set(key, log);
  }

  standing(nowMs: number, key: string): Standing {
    const newest = this.#within(nowMs, key).at(-1);
    const resetMs = newest === undefined ? 0 : newest.atMs + this.#rule.windowMs - nowMs;
    return { remaining: Math.max(0, this.#rule.limit - this.#units(nowMs, key)), resetMs, used: 0 };
  }

  #within(nowMs: number, key: string): Entry[] {
    return (this.#logs.get(key) ?? []).filter(({ atMs }) => nowMs - atMs < this.#rule.windowMs);
  }

  #units(nowMs: number, key: string): number {
    return this.#within(nowMs, key).reduce((sum, { units }) => sum + units, 0);
  }
}
