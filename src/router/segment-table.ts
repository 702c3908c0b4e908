// @hot
// Segments to tree nodes by open addressing: hashed and compared where they stand in the path, so that a lookup cuts no string
// out. A Map with substrings took twice as long and allocated (router.bench.ts). Clients cannot add entries, and the table
// is at most half full, so that no path makes a lookup long.

// FNV-1a, 32 bits.
export const HASH_START = 0x811c9dc5;

/** The hash of a segment, a character at a time. */
export function hashNext(hash: number, c: number): number {
  return Math.imul(hash ^ c, 0x01000193);
}

export class SegmentTable<V> {
  count = 0;
  #mask = 1;
  #hashes = new Int32Array(2);
  #names: string[] = ["", ""];
  #values: (V | null)[] = [null, null];

  /** The value of the segment that stands in `path` from `at` up to `end` and has this hash. */
  find(path: string, at: number, end: number, hash: number): V | null {
    const names = this.#names;
    const values = this.#values;
    let slot = (hash ^ (hash >>> 15)) & this.#mask;
    while (true) {
      const value = values[slot] ?? null;
      if (value === null) return null;
      if (this.#hashes[slot] === hash) {
        const name = names[slot] ?? "";
        if (name.length === end - at && path.startsWith(name, at)) return value;
      }
      slot = (slot + 1) & this.#mask;
    }
  }

  /** Adds a segment that is not in the table yet. */
  add(name: string, value: V): void {
    if ((this.count + 1) * 2 > this.#names.length) this.#grow();
    this.count++;
    this.#insert(name, hashText(name), value);
  }

  /** In no particular order. */
  values(): V[] {
    // hot-exception: when a table compiles, router.bench.ts
    return this.#values.filter((value) => value !== null);
  }

  #insert(name: string, hash: number, value: V): void {
    let slot = (hash ^ (hash >>> 15)) & this.#mask;
    while (this.#values[slot] !== null) slot = (slot + 1) & this.#mask;
    this.#hashes[slot] = hash;
    this.#names[slot] = name;
    this.#values[slot] = value;
  }

  #grow(): void {
    const names = this.#names;
    const values = this.#values;
    const hashes = this.#hashes;
    const size = names.length * 2;
    this.#mask = size - 1;
    this.#hashes = new Int32Array(size);
    this.#names = new Array<string>(size).fill("");
    this.#values = new Array<V | null>(size).fill(null);
    for (let slot = 0; slot < values.length; slot++) {
      const value = values[slot] ?? null;
      if (value !== null) this.#insert(names[slot] ?? "", hashes[slot] ?? 0, value);
    }
  }
}

export function hashText(text: string): number {
  let hash = HASH_START | 0;
  for (let i = 0; i < text.length; i++) hash = hashNext(hash, text.charCodeAt(i));
  return hash;
}
