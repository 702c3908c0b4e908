// Weighted round robin, smooth: an endpoint of weight 2 among two of weight 1 gets every other turn, not two in a row.
// (The scheme nginx uses: each turn everybody gains its weight, the highest wins and pays the total.) @hot

export interface Weighted {
  readonly weight: number;
}

export class RoundRobin<T extends Weighted> {
  readonly #entries: readonly T[];
  readonly #credits: number[];
  readonly #total: number;
  readonly #isEven: boolean;
  #next = 0;

  constructor(entries: readonly T[]) {
    this.#entries = entries;
    // hot-exception: once a pool, round-trip.bench.ts
    this.#credits = entries.map(() => 0);
    // hot-exception: once a pool, round-trip.bench.ts
    this.#total = entries.reduce((sum, entry) => sum + entry.weight, 0);
    // hot-exception: once a pool, round-trip.bench.ts
    this.#isEven = entries.every((entry) => entry.weight === entries[0]!.weight);
  }

  /** The next in turn. There is at least one entry. */
  select(): T {
    if (this.#isEven) {
      const entry = this.#entries[this.#next]!;
      this.#next = this.#next + 1 === this.#entries.length ? 0 : this.#next + 1;
      return entry;
    }
    let best = 0;
    for (let i = 0; i < this.#entries.length; i++) {
      this.#credits[i]! += this.#entries[i]!.weight;
      if (this.#credits[i]! > this.#credits[best]!) best = i;
    }
    this.#credits[best]! -= this.#total;
    return this.#entries[best]!;
  }
}
