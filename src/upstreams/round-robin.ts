// Weighted round robin, smooth: an endpoint of weight 2 among two of weight 1 gets every other turn, not two in a row.
// (The scheme nginx uses: each turn everybody gains its weight, the highest wins and pays the total.) @hot

export interface Weighted {
  readonly weight: number;
  /** Those that are not get no turn, unless none is: then it is likelier that whoever judges is wrong, and all do. */
  readonly isHealthy: boolean;
}

export class RoundRobin<T extends Weighted> {
  readonly #all: readonly T[];
  /** Those that get turns. */
  #entries: readonly T[] = [];
  #credits: number[] = [];
  #total = 0;
  #isEven = true;
  #next = 0;

  constructor(entries: readonly T[]) {
    this.#all = entries;
    this.refresh();
  }

  /** The health of an entry has changed: the round begins anew, so that the turns of one that is out are everybody's. */
  refresh(): void {
    // hot-exception: when health changes, round-trip.bench.ts
    const healthy = this.#all.filter((entry) => entry.isHealthy);
    const entries = healthy.length === 0 ? this.#all : healthy;
    this.#entries = entries;
    // hot-exception: when health changes, round-trip.bench.ts
    this.#credits = entries.map(() => 0);
    // hot-exception: when health changes, round-trip.bench.ts
    this.#total = entries.reduce((sum, entry) => sum + entry.weight, 0);
    // hot-exception: when health changes, round-trip.bench.ts
    this.#isEven = entries.every((entry) => entry.weight === entries[0]!.weight);
    this.#next = 0;
  }

  /** Whether it gets turns. */
  takes(entry: T): boolean {
    return entry.isHealthy || this.#entries === this.#all;
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
