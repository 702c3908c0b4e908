// @hot The objects that a request touches: a counter, a gauge, a histogram of one set of label values. Each is resolved
// once, when the configuration is compiled (metrics.ts), and its work is an addition to a number in a typed array.
// No labels, no names and no text here. See metrics.bench.ts.

// Cells of many children lie together, 2 KiB a slab: a request's counters share cache lines rather than being objects of their own.
const SLAB_CELLS = 256;

/** Hands out runs of numbers, all zero. They are never given back: a removed child's cells are few and rare. */
export class CellSlab {
  #cells = new Float64Array(SLAB_CELLS);
  #used = 0;

  take(count: number): Float64Array {
    if (count > SLAB_CELLS) return new Float64Array(count);
    if (this.#used + count > SLAB_CELLS) {
      this.#cells = new Float64Array(SLAB_CELLS);
      this.#used = 0;
    }
    this.#used += count;
    return this.#cells.subarray(this.#used - count, this.#used);
  }
}

/** A sum that only grows. */
export class Counter {
  readonly #cell: Float64Array;

  constructor(slab: CellSlab) {
    this.#cell = slab.take(1);
  }

  /** Negative amounts and NaN are the caller's mistake and would spoil every rate; they are left out. */
  add(amount: number): void {
    if (amount >= 0) this.#cell[0]! += amount;
  }

  get value(): number {
    return this.#cell[0]!;
  }
}

/** A number that rises and falls. */
export class Gauge {
  readonly #cell: Float64Array;

  constructor(slab: CellSlab) {
    this.#cell = slab.take(1);
  }

  set(value: number): void {
    this.#cell[0] = value;
  }

  add(amount: number): void {
    this.#cell[0]! += amount;
  }

  get value(): number {
    return this.#cell[0]!;
  }
}

/** How often values fell within each bound, and their sum. */
export class Histogram {
  /** Upper bounds, rising, without +Inf. */
  readonly bounds: Float64Array;
  /** One count a bound, not cumulated; then that of +Inf; then the sum. */
  readonly #cells: Float64Array;

  constructor(slab: CellSlab, bounds: Float64Array) {
    this.bounds = bounds;
    this.#cells = slab.take(bounds.length + 2);
  }

  /** In the unit of the bounds: seconds, bytes. NaN is left out. */
  observe(value: number): void {
    const bounds = this.bounds;
    const count = bounds.length;
    if (Number.isNaN(value)) return;
    // From below: nearly all that a gateway measures is small, and a binary search misses the branch predictor.
    let at = 0;
    while (at < count && value > bounds[at]!) at++;
    const cells = this.#cells;
    cells[at]! += 1;
    cells[count + 1]! += value;
  }

  /** Values within the bound of that index alone; the index after the last is that of +Inf. */
  countAt(index: number): number {
    return this.#cells[index] ?? 0;
  }

  get sum(): number {
    return this.#cells[this.bounds.length + 1]!;
  }
}
