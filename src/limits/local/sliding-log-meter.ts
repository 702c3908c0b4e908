// Sliding logs: the time of what was admitted, entry by entry. A state is the units within the window, and the first and last entry. @hot
//
// Memory is bounded twice, and where a bound is reached units join the entry before them, at their own time: what is in it stays for longer than it
// should, so that less is admitted, never more.
// - A key has about 4,096 entries: of a limit beyond that, units that come within the same 4,096th of the window are one entry.
// - A meter has 4 × maxKeys of them, or its first for each key.

import type { Ask } from "../counters.ts";
import type { SlidingLogRule } from "../rule.ts";
import { KeyTable } from "./key-table.ts";
import { LocalMeter, tell } from "./local-meter.ts";
import { LogNodes } from "./log-nodes.ts";

const ENTRIES_OF_KEY = 4096;
const ENTRIES_FOR_KEY = 4;

export class SlidingLogMeter extends LocalMeter {
  readonly table: KeyTable;
  readonly #nodes = new LogNodes();
  readonly #mostNodes: number;
  readonly #limit: number;
  readonly #windowMs: number;
  /** Times with the same multiple of this are one entry. */
  readonly #grainMs: number;

  constructor(rule: SlidingLogRule, maxKeys: number) {
    super();
    this.table = new KeyTable(3, maxKeys, this);
    this.#mostNodes = ENTRIES_FOR_KEY * maxKeys;
    this.#limit = rule.limit;
    this.#windowMs = rule.windowMs;
    this.#grainMs = rule.limit > ENTRIES_OF_KEY ? Math.max(1, rule.windowMs / ENTRIES_OF_KEY) : 1;
  }

  override get bytes(): number {
    return this.table.bytes + this.#nodes.bytes;
  }

  take(ask: Ask, lo: number, hi: number, nowMs: number, isCounting: boolean): void {
    const at = this.#find(lo, hi, nowMs);
    const { cells } = this.table;
    const { cost } = ask;
    const limit = this.#limit;
    const isAdmitted = cells[at]! + cost <= limit;
    if (isAdmitted && isCounting && cost > 0) this.#append(cells, at, cost, nowMs);
    const retryMs = isAdmitted || cost > limit ? 0 : this.#retryMs(cells, at, cost, nowMs);
    tell(ask, isAdmitted, Math.max(0, limit - cells[at]!), this.#resetMs(cells, at, nowMs), retryMs);
  }

  undo(ask: Ask, lo: number, hi: number, nowMs: number): void {
    const at = this.#find(lo, hi, nowMs);
    const { cells } = this.table;
    this.#takeOff(cells, at, ask.cost);
    ask.remaining = this.#limit - cells[at]!;
    ask.resetMs = this.#resetMs(cells, at, nowMs);
  }

  charge(lo: number, hi: number, units: number, nowMs: number): void {
    const at = this.#find(lo, hi, nowMs);
    if (units > 0) this.#append(this.table.cells, at, units, nowMs);
    else if (!this.table.isShared) this.#takeOff(this.table.cells, at, -units);
  }

  isOver(cells: Float64Array, at: number, nowMs: number): boolean {
    const last = cells[at + 2]!;
    return last === 0 || this.#nodes.timeMs(last) + this.#windowMs <= nowMs;
  }

  override drop(cells: Float64Array, at: number): void {
    const first = cells[at + 1]!;
    if (first !== 0) this.#nodes.giveBack(first, cells[at + 2]!, this.#nodes.previous(first));
  }

  /** The key's state, without what is no longer within the window. */
  #find(lo: number, hi: number, nowMs: number): number {
    const at = this.table.find(lo, hi, nowMs);
    const { cells } = this.table;
    const nodes = this.#nodes;
    for (let first = cells[at + 1]!; first !== 0; first = cells[at + 1]!) {
      if (nodes.timeMs(first) + this.#windowMs > nowMs) break;
      cells[at] = cells[at]! - nodes.units(first);
      this.#removeFirst(cells, at, first);
    }
    return at;
  }

  #removeFirst(cells: Float64Array, at: number, first: number): void {
    const nodes = this.#nodes;
    const next = nodes.next(first);
    // Before the first entry there is none: it has the list's length in that place.
    if (next === 0) cells[at + 2] = 0;
    else nodes.setPrevious(next, nodes.previous(first) - 1);
    cells[at + 1] = next;
    nodes.giveBack(first, first, 1);
  }

  #append(cells: Float64Array, at: number, units: number, nowMs: number): void {
    const nodes = this.#nodes;
    const last = cells[at + 2]!;
    cells[at] = cells[at]! + units;
    if (last === 0) {
      const only = nodes.make(nowMs, units, 1);
      cells[at + 1] = only;
      cells[at + 2] = only;
      return;
    }
    if (nodes.used >= this.#mostNodes || Math.floor(nodes.timeMs(last) / this.#grainMs) === Math.floor(nowMs / this.#grainMs)) {
      nodes.setTimeMs(last, nowMs);
      nodes.setUnits(last, nodes.units(last) + units);
      return;
    }
    const next = nodes.make(nowMs, units, last);
    nodes.setNext(last, next);
    cells[at + 2] = next;
    const first = cells[at + 1]!;
    nodes.setPrevious(first, nodes.previous(first) + 1);
  }

  /** Off the newest entries. */
  #takeOff(cells: Float64Array, at: number, units: number): void {
    const nodes = this.#nodes;
    let off = units;
    while (off > 0 && cells[at + 2] !== 0) {
      const last = cells[at + 2]!;
      const some = Math.min(off, nodes.units(last));
      off -= some;
      cells[at] = cells[at]! - some;
      nodes.setUnits(last, nodes.units(last) - some);
      if (nodes.units(last) === 0) this.#removeLast(cells, at, last);
    }
  }

  #removeLast(cells: Float64Array, at: number, last: number): void {
    const nodes = this.#nodes;
    const first = cells[at + 1]!;
    if (last === first) {
      this.#removeFirst(cells, at, first);
      return;
    }
    const before = nodes.previous(last);
    nodes.setNext(before, 0);
    nodes.setPrevious(first, nodes.previous(first) - 1);
    cells[at + 2] = before;
    nodes.giveBack(last, last, 1);
  }

  #resetMs(cells: Float64Array, at: number, nowMs: number): number {
    const last = cells[at + 2]!;
    return last === 0 ? 0 : this.#nodes.timeMs(last) + this.#windowMs - nowMs;
  }

  /** Until enough of the oldest entries have gone. */
  #retryMs(cells: Float64Array, at: number, cost: number, nowMs: number): number {
    const nodes = this.#nodes;
    let units = cells[at]!;
    let node = cells[at + 1]!;
    for (;;) {
      units -= nodes.units(node);
      if (units + cost <= this.#limit) return nodes.timeMs(node) + this.#windowMs - nowMs;
      node = nodes.next(node);
    }
  }
}
