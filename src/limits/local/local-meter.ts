// One meter's counters in this process, and how an ask is told. A kind of limit is a subclass; what it admits is said by its model (../models). @hot

import type { Ask } from "../counters.ts";
import type { CellLife, KeyTable } from "./key-table.ts";

/** Keys are hashes (KeyHash), times are SteadyTime's: they never go back. */
export abstract class LocalMeter implements CellLife {
  abstract readonly table: KeyTable;

  /** Decides, tells the ask, and counts it if it is admitted and `isCounting`. */
  abstract take(ask: Ask, lo: number, hi: number, nowMs: number, isCounting: boolean): void;

  /** Takes back what take() has just counted, at the same time, and tells the ask how things stand. */
  abstract undo(ask: Ask, lo: number, hi: number, nowMs: number): void;

  /** Counts units whatever the limit says. Fewer are only taken off what is one key's alone: of a shared cell the units may be somebody else's. */
  abstract charge(lo: number, hi: number, units: number, nowMs: number): void;

  /** Of concurrency alone. */
  hold(_lo: number, _hi: number, _units: number, _nowMs: number): void {}

  abstract isOver(cells: Float64Array, at: number, nowMs: number): boolean;

  drop(_cells: Float64Array, _at: number): void {}

  /** Whether something was taken that will be given back. */
  get isHeld(): boolean {
    return false;
  }

  get bytes(): number {
    return this.table.bytes;
  }
}

export function tell(ask: Ask, isAdmitted: boolean, remaining: number, resetMs: number, retryMs: number): void {
  ask.isAdmitted = isAdmitted;
  ask.remaining = remaining;
  ask.resetMs = resetMs;
  ask.retryMs = retryMs;
  ask.delayMs = 0;
  ask.used = 0;
  ask.lease = null;
}

/** Rounded up, but for what arithmetic on fractions leaves behind. */
export function ceilMs(ms: number): number {
  return Math.max(0, Math.ceil(ms - 1e-6));
}

/** Whole units, of which arithmetic on fractions may have left a little less. */
export function floorUnits(units: number): number {
  return Math.max(0, Math.floor(units + 1e-6));
}
