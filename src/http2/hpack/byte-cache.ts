// What bytes stand for, by the bytes: for all connections of the worker. @hot
//
// Encoders that keep no table (ours, and those of many proxies) send the same lines again and again, and every encoder spells names out.
// What was worked out about them is found here for the price of comparing. Kept when the same bytes come a second time, so
// what never repeats costs the cache nothing. Bounded in slots and bytes; a hit compares every byte.

export class ByteCache<Value> {
  readonly maxBytes: number;
  readonly #hashes: Int32Array;
  /** Of a slot that holds a value: how many bytes it came in. */
  readonly #lengths: Uint8Array;
  readonly #kept: Uint8Array;
  readonly #values: (Value | null)[];

  /** `slots`: a power of two. `maxBytes`: 255 at most. */
  constructor(slots: number, maxBytes: number) {
    this.maxBytes = maxBytes;
    this.#hashes = new Int32Array(slots);
    this.#lengths = new Uint8Array(slots);
    this.#kept = new Uint8Array(slots * maxBytes);
    this.#values = new Array<Value | null>(slots).fill(null);
  }

  /** What `bytes[from, to)`, not empty, stood for before; or null. */
  find(hash: number, bytes: Uint8Array, from: number, to: number): Value | null {
    const slot = this.#slotOf(hash);
    if (this.#hashes[slot] !== hash || this.#lengths[slot] !== to - from) return null;
    const kept = this.#kept;
    let key = slot * this.maxBytes;
    for (let at = from; at < to; at++) if (kept[key++] !== bytes[at]) return null;
    return this.#values[slot]!;
  }

  /** Whether the bytes that find() did not find are here for the second time, and keep() is worth it; notes the first. */
  isSecond(hash: number): boolean {
    const slot = this.#slotOf(hash);
    if (this.#hashes[slot] === hash) return true;
    this.#hashes[slot] = hash;
    this.#lengths[slot] = 0;
    this.#values[slot] = null;
    return false;
  }

  /** Only for `maxBytes` at most, and behind isSecond(). */
  keep(hash: number, bytes: Uint8Array, from: number, to: number, value: Value): void {
    const slot = this.#slotOf(hash);
    const kept = this.#kept;
    let key = slot * this.maxBytes;
    for (let at = from; at < to; at++) kept[key++] = bytes[at]!;
    this.#lengths[slot] = to - from;
    this.#values[slot] = value;
  }

  #slotOf(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.#hashes.length - 1);
  }
}

/** The hash of `bytes[from, to)`, four at a step: multiplications wait for each other. */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (const last = to - 3; at < last; at += 4) {
    hash = Math.imul(hash ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash;
}
