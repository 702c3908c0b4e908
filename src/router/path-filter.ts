// @hot
// Whether a path may be among those of a table, by a look at a few of its characters. A Map of thousands of paths spreads over more
// memory than the processor keeps near, and every path that is not in it would pay for that; the filter's bits stay near.

const MIN_BITS = 64;
/** Bits a path: one in sixteen strangers passes, and is then not found in the Map. */
const BITS_PER_PATH = 16;
const MAX_BITS = 1 << 20;

export class PathFilter {
  #bits = new Uint32Array(MIN_BITS / 32);
  #mask = MIN_BITS - 1;

  /** False for paths that are surely none of those added. */
  mayHold(path: string): boolean {
    const bit = digest(path) & this.#mask;
    return ((this.#bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  }

  /** For `paths` and no other. */
  fill(paths: Iterable<string>, count: number): void {
    let size = MIN_BITS;
    while (size < count * BITS_PER_PATH && size < MAX_BITS) size *= 2;
    this.#mask = size - 1;
    this.#bits = new Uint32Array(size / 32);
    // hot-exception: when a table compiles, router.bench.ts
    for (const path of paths) {
      const bit = digest(path) & this.#mask;
      this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
    }
  }
}

/** Of its length, its last four characters and one in the middle: where paths of one service differ. */
function digest(path: string): number {
  const length = path.length;
  let hash = Math.imul(length, 0x9e3779b1);
  hash = Math.imul(hash ^ path.charCodeAt(length - 1), 0x01000193);
  hash = Math.imul(hash ^ path.charCodeAt(length - 2), 0x01000193);
  hash = Math.imul(hash ^ path.charCodeAt(length - 3), 0x01000193);
  hash = Math.imul(hash ^ path.charCodeAt(length - 4), 0x01000193);
  hash = Math.imul(hash ^ path.charCodeAt(length >> 1), 0x01000193);
  return hash ^ (hash >>> 15);
}
