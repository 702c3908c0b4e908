// Who comes most often, of any number of different ones in bounded memory: when there are too many, the rarest are forgotten.

/** Kept when there were twice as many. */
const KEPT = 10_000;

export class TopCounts {
  readonly #kept: number;
  #counts = new Map<string, number>();
  /** Some were forgotten: what is told of the others is the least that they can have been. */
  isPartial = false;

  constructor(kept = KEPT) {
    this.#kept = kept;
  }

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    if (this.#counts.size < 2 * this.#kept) return;
    this.#counts = new Map(this.#sort().slice(0, this.#kept));
    this.isPartial = true;
  }

  /** Different ones that are known. */
  get size(): number {
    return this.#counts.size;
  }

  top(most: number): { readonly name: string; readonly count: number }[] {
    return this.#sort()
      .slice(0, most)
      .map(([name, count]) => ({ name, count }));
  }

  #sort(): [string, number][] {
    return [...this.#counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  }
}
