// Buckets: tokens that come back, and a line that leaks. A state is how much is missing (or stands in line), and when that was so. @hot

import type { Ask } from "../counters.ts";
import type { LeakyBucketRule, TokenBucketRule } from "../rule.ts";
import { KeyTable } from "./key-table.ts";
import { ceilMs, floorUnits, LocalMeter, tell } from "./local-meter.ts";

abstract class BucketMeter extends LocalMeter {
  readonly table: KeyTable;
  readonly #ratePerMs: number;

  constructor(ratePerMs: number, maxKeys: number) {
    super();
    this.table = new KeyTable(2, maxKeys, this);
    this.#ratePerMs = ratePerMs;
  }

  charge(lo: number, hi: number, units: number, nowMs: number): void {
    const at = this.find(lo, hi, nowMs);
    if (units < 0 && this.table.isShared) return;
    this.table.cells[at] = Math.max(0, this.table.cells[at]! + units);
  }

  isOver(cells: Float64Array, at: number, nowMs: number): boolean {
    return cells[at]! <= (nowMs - cells[at + 1]!) * this.#ratePerMs;
  }

  /** The key's state, as it is now. */
  protected find(lo: number, hi: number, nowMs: number): number {
    const at = this.table.find(lo, hi, nowMs);
    const { cells } = this.table;
    if (cells[at + 1] !== nowMs) {
      cells[at] = Math.max(0, cells[at]! - (nowMs - cells[at + 1]!) * this.#ratePerMs);
      cells[at + 1] = nowMs;
    }
    return at;
  }

  /** Takes an ask's units back, and returns what is left. */
  protected takeBack(ask: Ask, lo: number, hi: number, nowMs: number): number {
    const at = this.find(lo, hi, nowMs);
    const units = Math.max(0, this.table.cells[at]! - ask.cost);
    this.table.cells[at] = units;
    return units;
  }
}

export class TokenBucketMeter extends BucketMeter {
  readonly #rule: TokenBucketRule;

  constructor(rule: TokenBucketRule, maxKeys: number) {
    super(rule.ratePerMs, maxKeys);
    this.#rule = rule;
  }

  take(ask: Ask, lo: number, hi: number, nowMs: number, isCounting: boolean): void {
    const at = this.find(lo, hi, nowMs);
    const { cost } = ask;
    const { burst, ratePerMs } = this.#rule;
    let missing = this.table.cells[at]!;
    const isAdmitted = cost <= burst && cost <= burst - missing + 1e-6;
    if (isAdmitted && isCounting) {
      missing += cost;
      this.table.cells[at] = missing;
    }
    const retryMs = isAdmitted || cost > burst ? 0 : ceilMs((cost - (burst - missing)) / ratePerMs);
    tell(ask, isAdmitted, floorUnits(burst - missing), ceilMs(missing / ratePerMs), retryMs);
  }

  undo(ask: Ask, lo: number, hi: number, nowMs: number): void {
    const missing = this.takeBack(ask, lo, hi, nowMs);
    ask.remaining = floorUnits(this.#rule.burst - missing);
    ask.resetMs = ceilMs(missing / this.#rule.ratePerMs);
  }
}

export class LeakyBucketMeter extends BucketMeter {
  readonly #rule: LeakyBucketRule;

  constructor(rule: LeakyBucketRule, maxKeys: number) {
    super(rule.ratePerMs, maxKeys);
    this.#rule = rule;
  }

  take(ask: Ask, lo: number, hi: number, nowMs: number, isCounting: boolean): void {
    const at = this.find(lo, hi, nowMs);
    const { cost } = ask;
    const { maxDelayMs, ratePerMs } = this.#rule;
    const units = this.table.cells[at]!;
    const waitMs = units / ratePerMs;
    if (waitMs > maxDelayMs + 1e-6) {
      tell(ask, false, 0, ceilMs(waitMs), ceilMs(waitMs - maxDelayMs));
      return;
    }
    const after = isCounting ? units + cost : units;
    this.table.cells[at] = after;
    tell(ask, true, this.#remaining(after), ceilMs(after / ratePerMs), 0);
    if (isCounting && cost > 0) ask.delayMs = ceilMs(waitMs);
  }

  undo(ask: Ask, lo: number, hi: number, nowMs: number): void {
    const units = this.takeBack(ask, lo, hi, nowMs);
    ask.remaining = this.#remaining(units);
    ask.resetMs = ceilMs(units / this.#rule.ratePerMs);
    ask.delayMs = 0;
  }

  /** Requests of one unit that would be admitted now. */
  #remaining(units: number): number {
    const { maxDelayMs, ratePerMs } = this.#rule;
    const waitMs = units / ratePerMs;
    return waitMs > maxDelayMs + 1e-6 ? 0 : floorUnits((maxDelayMs - waitMs) * ratePerMs) + 1;
  }
}
