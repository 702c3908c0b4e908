// Sliding windows as two counters. A state is when the current window ends, and the units of it and of the one before. @hot

import type { Ask } from "../counters.ts";
import type { SlidingWindowRule } from "../rule.ts";
import { KeyTable } from "./key-table.ts";
import { ceilMs, LocalMeter, tell } from "./local-meter.ts";

export class SlidingWindowMeter extends LocalMeter {
  readonly table: KeyTable;
  readonly #limit: number;
  readonly #windowMs: number;
  #endsAtMs = 0;

  constructor(rule: SlidingWindowRule, maxKeys: number) {
    super();
    this.table = new KeyTable(3, maxKeys, this);
    this.#limit = rule.limit;
    this.#windowMs = rule.windowMs;
  }

  take(ask: Ask, lo: number, hi: number, nowMs: number, isCounting: boolean): void {
    const at = this.#find(lo, hi, nowMs);
    const { cells } = this.table;
    const { cost } = ask;
    const limit = this.#limit;
    let current = cells[at + 1]!;
    const previous = cells[at + 2]!;
    const restMs = this.#endsAtMs - nowMs;
    const estimate = this.#estimate(previous, current, nowMs);
    const isAdmitted = cost <= limit && estimate + cost <= limit + 1e-9;
    if (!isAdmitted) {
      tell(
        ask,
        false,
        toRemaining(limit - estimate),
        this.#resetMs(previous, current, restMs),
        this.#retryMs(previous, current, restMs, cost),
      );
      return;
    }
    if (isCounting) {
      current += cost;
      cells[at + 1] = current;
    }
    tell(ask, true, toRemaining(limit - estimate - (isCounting ? cost : 0)), this.#resetMs(previous, current, restMs), 0);
  }

  undo(ask: Ask, lo: number, hi: number, nowMs: number): void {
    const at = this.#find(lo, hi, nowMs);
    const { cells } = this.table;
    const current = cells[at + 1]! - ask.cost;
    cells[at + 1] = current;
    ask.remaining = toRemaining(this.#limit - this.#estimate(cells[at + 2]!, current, nowMs));
    ask.resetMs = this.#resetMs(cells[at + 2]!, current, this.#endsAtMs - nowMs);
  }

  charge(lo: number, hi: number, units: number, nowMs: number): void {
    const at = this.#find(lo, hi, nowMs);
    if (units < 0 && this.table.isShared) return;
    this.table.cells[at + 1] = Math.max(0, this.table.cells[at + 1]! + units);
  }

  isOver(cells: Float64Array, at: number, nowMs: number): boolean {
    return cells[at]! + this.#windowMs <= nowMs || (cells[at + 1] === 0 && cells[at + 2] === 0);
  }

  /** The key's state, in this window. */
  #find(lo: number, hi: number, nowMs: number): number {
    if (nowMs >= this.#endsAtMs) this.#endsAtMs = nowMs - (nowMs % this.#windowMs) + this.#windowMs;
    const at = this.table.find(lo, hi, nowMs);
    const { cells } = this.table;
    const endsAtMs = cells[at]!;
    if (endsAtMs !== this.#endsAtMs) {
      cells[at + 2] = endsAtMs === this.#endsAtMs - this.#windowMs ? cells[at + 1]! : 0;
      cells[at + 1] = 0;
      cells[at] = this.#endsAtMs;
    }
    return at;
  }

  #estimate(previous: number, current: number, nowMs: number): number {
    const elapsedMs = this.#windowMs - (this.#endsAtMs - nowMs);
    return previous * (1 - elapsedMs / this.#windowMs) + current;
  }

  #resetMs(previous: number, current: number, restMs: number): number {
    if (current > 0) return restMs + this.#windowMs;
    return previous > 0 ? restMs : 0;
  }

  #retryMs(previous: number, current: number, restMs: number, cost: number): number {
    const limit = this.#limit;
    const windowMs = this.#windowMs;
    if (cost > limit) return 0;
    // Within this window only what the one before still weighs can go; in the next one this window's units do.
    const room = limit - current - cost;
    if (room >= 0) return ceilMs(restMs - (windowMs * room) / previous);
    return ceilMs(restMs + Math.max(0, windowMs * (1 - (limit - cost) / current)));
  }
}

function toRemaining(units: number): number {
  return Math.max(0, Math.floor(units + 1e-9));
}
