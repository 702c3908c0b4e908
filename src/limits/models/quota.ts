// Quota: a counter for each hour, day or month of a calendar. A day of its time zone may have 23 or 25 hours.

import type { QuotaPeriod, QuotaRule } from "../rule.ts";
import { ADMITTED, MeterModel, refused, type Standing, type Verdict } from "./meter-model.ts";

const HOUR_MS = 3_600_000;
/** No period is longer, changes of clocks included. */
const LONGEST_MS: Readonly<Record<QuotaPeriod, number>> = { hour: 3 * HOUR_MS, day: 27 * HOUR_MS, month: (31 * 24 + 3) * HOUR_MS };

export class QuotaModel extends MeterModel {
  readonly #rule: QuotaRule;
  readonly #format: Intl.DateTimeFormat;
  /** Units by key and period. */
  readonly #counts = new Map<string, number>();

  constructor(rule: QuotaRule) {
    super();
    this.#rule = rule;
    this.#format = new Intl.DateTimeFormat("en-CA", {
      timeZone: rule.timeZone,
      year: "numeric",
      month: "2-digit",
      ...(rule.per === "month" ? {} : { day: "2-digit" }),
      ...(rule.per === "hour" ? { hour: "2-digit", hourCycle: "h23" } : {}),
    });
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
    const used = this.#count(nowMs, key);
    return { remaining: Math.max(0, this.#rule.limit - used), resetMs: this.#endsInMs(nowMs), used };
  }

  #count(nowMs: number, key: string): number {
    return this.#counts.get(this.#name(nowMs, key)) ?? 0;
  }

  #name(nowMs: number, key: string): string {
    return `${this.#format.format(nowMs)} ${key}`;
  }

  /** A period ends with the last ms that is called by its name. */
  #endsInMs(nowMs: number): number {
    const name = this.#format.format(nowMs);
    let [within, beyond] = [nowMs, nowMs + LONGEST_MS[this.#rule.per]];
    while (beyond - within > 1) {
      const middle = Math.floor((within + beyond) / 2);
      if (this.#format.format(middle) === name) within = middle;
      else beyond = middle;
    }
    return beyond - nowMs;
  }
}
