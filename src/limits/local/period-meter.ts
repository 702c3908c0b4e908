// Limits whose counters begin anew together: fixed windows, and quotas of a calendar. A state is when its period ends, and the units. @hot

import type { Ask } from "../counters.ts";
import { obtainCalendar, type QuotaCalendar } from "../quota/calendar.ts";
import type { FixedWindowRule, QuotaRule } from "../rule.ts";
import { KeyTable } from "./key-table.ts";
import { LocalMeter, tell } from "./local-meter.ts";

abstract class PeriodMeter extends LocalMeter {
  readonly table: KeyTable;
  readonly #limit: number;
  readonly #tellsUsed: boolean;
  #endsAtMs = 0;

  constructor(limit: number, tellsUsed: boolean, maxKeys: number) {
    super();
    this.table = new KeyTable(2, maxKeys, this);
    this.#limit = limit;
    this.#tellsUsed = tellsUsed;
  }

  /** The end of the period that the time is in. */
  protected abstract endAfter(nowMs: number): number;

  take(ask: Ask, lo: number, hi: number, nowMs: number, isCounting: boolean): void {
    const at = this.#find(lo, hi, nowMs);
    const { cells } = this.table;
    const { cost } = ask;
    const limit = this.#limit;
    let units = cells[at + 1]!;
    const isAdmitted = units + cost <= limit;
    if (isAdmitted && isCounting) {
      units += cost;
      cells[at + 1] = units;
    }
    const resetMs = this.#endsAtMs - nowMs;
    tell(ask, isAdmitted, Math.max(0, limit - units), resetMs, isAdmitted || cost > limit ? 0 : resetMs);
    if (this.#tellsUsed) ask.used = units;
  }

  undo(ask: Ask, lo: number, hi: number, nowMs: number): void {
    const at = this.#find(lo, hi, nowMs);
    const units = this.table.cells[at + 1]! - ask.cost;
    this.table.cells[at + 1] = units;
    ask.remaining = this.#limit - units;
    if (this.#tellsUsed) ask.used = units;
  }

  charge(lo: number, hi: number, units: number, nowMs: number): void {
    const at = this.#find(lo, hi, nowMs);
    if (units < 0 && this.table.isShared) return;
    this.table.cells[at + 1] = Math.max(0, this.table.cells[at + 1]! + units);
  }

  isOver(cells: Float64Array, at: number, nowMs: number): boolean {
    return cells[at]! <= nowMs || cells[at + 1] === 0;
  }

  /** The key's state, in this period. */
  #find(lo: number, hi: number, nowMs: number): number {
    if (nowMs >= this.#endsAtMs) this.#endsAtMs = this.endAfter(nowMs);
    const at = this.table.find(lo, hi, nowMs);
    const { cells } = this.table;
    if (cells[at] !== this.#endsAtMs) {
      cells[at] = this.#endsAtMs;
      cells[at + 1] = 0;
    }
    return at;
  }
}

export class FixedWindowMeter extends PeriodMeter {
  readonly #windowMs: number;

  constructor(rule: FixedWindowRule, maxKeys: number) {
    super(rule.limit, false, maxKeys);
    this.#windowMs = rule.windowMs;
  }

  protected endAfter(nowMs: number): number {
    return nowMs - (nowMs % this.#windowMs) + this.#windowMs;
  }
}

/** Not durable: what a quota counts by while its database is away. */
export class QuotaMeter extends PeriodMeter {
  readonly #calendar: QuotaCalendar;

  constructor(rule: QuotaRule, maxKeys: number) {
    super(rule.limit, true, maxKeys);
    this.#calendar = obtainCalendar(rule.per, rule.timeZone);
  }

  protected endAfter(nowMs: number): number {
    return this.#calendar.at(nowMs).endsAtMs;
  }
}
