// How many connections each client address has, at one listener of the whole gateway: exactly those of this worker, and those of the
// others as they were a moment ago. Only addresses with many are told of, so that a crowd of clients costs no messages. @hot
//
// The bound on what is let in beyond the limit: what the other workers have accepted since they last told, and of each of them at most
// one connection less than HEAVY_SHARE of the limit that they need not tell.

/** From this share of the limit on, the others hear of an address. */
const HEAVY_SHARE = 1 / 128;

export class AddressCounts {
  readonly #own = new Map<string, number>();
  readonly #others = new Map<string, number>();
  /** Addresses that are told of, those that have to be told once more included: they have become few. */
  readonly #heavy = new Set<string>();
  #changed = false;

  /** Counts one more and says true, or leaves it and says false when that would be more than `limit`. Null is none. */
  enter(key: string, limit: number | null): boolean {
    const count = (this.#own.get(key) ?? 0) + 1;
    if (limit !== null) {
      if (count + (this.#others.size === 0 ? 0 : (this.#others.get(key) ?? 0)) > limit) return false;
      if (count >= limit * HEAVY_SHARE) {
        this.#heavy.add(key);
        this.#changed = true;
      }
    }
    this.#own.set(key, count);
    return true;
  }

  /** The limit is another one from now on: the others hear of addresses that were not worth telling, or not bounded, until now. */
  changeLimit(limit: number | null): void {
    if (limit === null) return;
    const keys = Array.from(this.#own.keys());
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      if ((this.#own.get(key) ?? 0) < limit * HEAVY_SHARE) continue;
      this.#heavy.add(key);
      this.#changed = true;
    }
  }

  leave(key: string): void {
    const count = (this.#own.get(key) ?? 1) - 1;
    if (count === 0) this.#own.delete(key);
    else this.#own.set(key, count);
    if (this.#heavy.size > 0 && this.#heavy.has(key)) this.#changed = true;
  }

  /** What has changed since the last call, null when nothing has: this worker's count of each address that the others must know. */
  takeNews(): Record<string, number> | null {
    if (!this.#changed) return null;
    this.#changed = false;
    const news: Record<string, number> = {};
    const keys = Array.from(this.#heavy);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const count = this.#own.get(key) ?? 0;
      news[key] = count;
      if (count === 0) this.#heavy.delete(key);
    }
    return news;
  }

  /** Of all other workers together, in place of what they had. */
  setOthers(counts: Readonly<Record<string, number>>): void {
    this.#others.clear();
    const keys = Object.keys(counts);
    for (let i = 0; i < keys.length; i++) this.#others.set(keys[i]!, counts[keys[i]!]!);
  }
}
