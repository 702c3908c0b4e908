// What comes next by a number: the smallest first, and of equal ones the one that came first.

interface Entry<T> {
  readonly key: number;
  readonly turn: number;
  readonly value: T;
}

export class MinHeap<T> {
  readonly #entries: Entry<T>[] = [];
  #turns = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** The smallest key; Infinity when nothing is held. */
  get least(): number {
    return this.#entries[0]?.key ?? Number.POSITIVE_INFINITY;
  }

  push(key: number, value: T): void {
    const entries = this.#entries;
    const entry = { key, turn: this.#turns++, value };
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(entry, entries[above]!)) break;
      entries[at] = entries[above]!;
      at = above;
    }
    entries[at] = entry;
  }

  /** Undefined when nothing is held. */
  pop(): T | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first?.value;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= entries.length) break;
      if (below + 1 < entries.length && isBefore(entries[below + 1]!, entries[below]!)) below++;
      if (!isBefore(entries[below]!, last)) break;
      entries[at] = entries[below]!;
      at = below;
    }
    entries[at] = last;
    return first.value;
  }
}

function isBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.key < b.key || (a.key === b.key && a.turn < b.turn);
}
