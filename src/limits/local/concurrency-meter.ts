// Units that are out at once. A state is how many; one without any goes to the next key that comes by. @hot

import type { Ask } from "../counters.ts";
import type { ConcurrencyRule } from "../rule.ts";
import { KeyTable } from "./key-table.ts";
import { LocalMeter, tell } from "./local-meter.ts";

export class ConcurrencyMeter extends LocalMeter {
  readonly table: KeyTable;
  readonly #limit: number;
  /** Of all keys. */
  #out = 0;

  constructor(rule: ConcurrencyRule, maxKeys: number) {
    super();
    this.table = new KeyTable(1, maxKeys, this);
    this.#limit = rule.limit;
  }

  override get isHeld(): boolean {
    return this.#out > 0;
  }

  take(ask: Ask, lo: number, hi: number, nowMs: number, isCounting: boolean): void {
    const at = this.table.find(lo, hi, nowMs);
    const { cells } = this.table;
    const { cost } = ask;
    let units = cells[at]!;
    const isAdmitted = units + cost <= this.#limit;
    const isTaken = isAdmitted && isCounting && cost > 0;
    if (isTaken) {
      units += cost;
      cells[at] = units;
      this.#out += cost;
    }
    tell(ask, isAdmitted, Math.max(0, this.#limit - units), 0, 0);
    if (isTaken) ask.lease = this;
  }

  undo(ask: Ask, lo: number, hi: number, nowMs: number): void {
    if (ask.lease === null) return;
    ask.lease = null;
    // The state is where it was taken: a key stays with its slot, or its shared cell, for as long as that is live.
    const at = this.table.find(lo, hi, nowMs);
    const units = this.table.cells[at]! - ask.cost;
    this.table.cells[at] = units;
    this.#out -= ask.cost;
    ask.remaining = Math.max(0, this.#limit - units);
  }

  override hold(lo: number, hi: number, units: number, nowMs: number): void {
    const at = this.table.find(lo, hi, nowMs);
    this.table.cells[at] = this.table.cells[at]! + units;
    this.#out += units;
  }

  /** What is at once is given back, not charged. */
  charge(): void {}

  isOver(cells: Float64Array, at: number): boolean {
    return cells[at] === 0;
  }
}
