// @hot
// Segments to tree nodes by open addressing: hashed and compared where they stand in the path, so that a lookup cuts no string
// out. A Map with substrings took twice as long and allocated (router.bench.ts). Clients cannot add entries, and the table
// is nearly empty, so that no path makes a lookup long.

// FNV-1a, 32 bits.
export const HASH_START = 0x811c9dc5;

/** The hash of a segment, a character at a time. */
export function hashNext(hash: number, c: number): number {
  return Math.imul(hash ^ c, 0x01000193);
}

interface Entry<V> {
  readonly name: string;
  readonly hash: number;
  readonly value: V;
}

/** Slots an entry: a segment then stands where it belongs nearly always, whether its node has three children or ten thousand. */
const SLOTS_PER_ENTRY = 8;

export class SegmentTable<V> {
  count = 0;
  #mask = 1;
  #entries: (Entry<V> | null)[] = [null, null];
  readonly #values: V[] = [];

  /** The value of the segment that stands in `path` from `at` up to `end` and has this hash. */
  find(path: string, at: number, end: number, hash: number): V | null {
    const entries = this.#entries;
    let slot = (hash ^ (hash >>> 15)) & this.#mask;
    while (true) {
      const entry = entries[slot] ?? null;
      if (entry === null) return null;
      if (entry.hash === hash && entry.name.length === end - at && path.startsWith(entry.name, at)) return entry.value;
      slot = (slot + 1) & this.#mask;
    }
  }

  /** Adds a segment that is not in the table yet. */
  add(name: string, value: V): void {
    this.count++;
    if (this.count * SLOTS_PER_ENTRY > this.#entries.length) this.#grow();
    this.#values.push(value);
    this.#insert({ name, hash: hashText(name), value });
  }

  /** In the order in which they were added. */
  values(): readonly V[] {
    return this.#values;
  }

  #insert(entry: Entry<V>): void {
    let slot = (entry.hash ^ (entry.hash >>> 15)) & this.#mask;
    while (this.#entries[slot] !== null) slot = (slot + 1) & this.#mask;
    this.#entries[slot] = entry;
  }

  #grow(): void {
    const entries = this.#entries;
    const size = entries.length * 4;
    this.#mask = size - 1;
    this.#entries = new Array<Entry<V> | null>(size).fill(null);
    for (let slot = 0; slot < entries.length; slot++) {
      const entry = entries[slot] ?? null;
      if (entry !== null) this.#insert(entry);
    }
  }
}

export function hashText(text: string): number {
  let hash = HASH_START | 0;
  for (let i = 0; i < text.length; i++) hash = hashNext(hash, text.charCodeAt(i));
  return hash;
}
