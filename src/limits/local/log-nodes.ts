// Entries of sliding logs, as lists in a few large arrays. An entry is a time, units, and its neighbours. @hot

const NODES_OF_SLAB = 1024;
const WORDS = 4;

/** A list's first and last node are its owner's to remember; 0 is no node. */
export class LogNodes {
  readonly #slabs: Float64Array[] = [];
  #free = 0;
  /** Nodes in lists. */
  used = 0;

  get bytes(): number {
    return this.#slabs.length * NODES_OF_SLAB * WORDS * 8;
  }

  make(timeMs: number, units: number, previous: number): number {
    if (this.#free === 0) this.#grow();
    const node = this.#free;
    const slab = this.#slabs[node >>> 10]!;
    const at = (node & 1023) * WORDS;
    this.#free = slab[at + 2]!;
    this.used++;
    slab[at] = timeMs;
    slab[at + 1] = units;
    slab[at + 2] = 0;
    slab[at + 3] = previous;
    return node;
  }

  /** Gives `count` nodes back, the first of which are joined up to the last. */
  giveBack(first: number, last: number, count: number): void {
    this.setNext(last, this.#free);
    this.#free = first;
    this.used -= count;
  }

  timeMs(node: number): number {
    return this.#slabs[node >>> 10]![(node & 1023) * WORDS]!;
  }

  units(node: number): number {
    return this.#slabs[node >>> 10]![(node & 1023) * WORDS + 1]!;
  }

  next(node: number): number {
    return this.#slabs[node >>> 10]![(node & 1023) * WORDS + 2]!;
  }

  previous(node: number): number {
    return this.#slabs[node >>> 10]![(node & 1023) * WORDS + 3]!;
  }

  setTimeMs(node: number, timeMs: number): void {
    this.#slabs[node >>> 10]![(node & 1023) * WORDS] = timeMs;
  }

  setUnits(node: number, units: number): void {
    this.#slabs[node >>> 10]![(node & 1023) * WORDS + 1] = units;
  }

  setNext(node: number, next: number): void {
    this.#slabs[node >>> 10]![(node & 1023) * WORDS + 2] = next;
  }

  setPrevious(node: number, previous: number): void {
    this.#slabs[node >>> 10]![(node & 1023) * WORDS + 3] = previous;
  }

  #grow(): void {
    const from = this.#slabs.length * NODES_OF_SLAB;
    this.#slabs.push(new Float64Array(NODES_OF_SLAB * WORDS));
    for (let node = from + NODES_OF_SLAB - 1; node >= Math.max(1, from); node--) {
      this.setNext(node, this.#free);
      this.#free = node;
    }
  }
}
