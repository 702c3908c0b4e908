// Numbers by key: open addressing over typed arrays, which the garbage collector has nothing to look for in. A key is its hash of 64 bits, a state is
// a few numbers in the same cache line. @hot
//
// The table is in segments of 8,192 slots at most that grow each by itself, so that no growth stops the loop for longer than copying one takes. A state
// that time has emptied (CellLife) is as good as none: its slot goes to the next key that comes by, and growing leaves it behind.
//
// Memory is bounded: a segment of the full size that is full of live states takes no more keys. Those that come then share one of a few cells, chosen
// by hash, with whoever else is sent there, so that they are counted with others' units besides their own: too much, never too little. Such a key
// stays with its cell for as long as anything in that is live, also when a slot becomes free: its units are there. Nothing live is ever forgotten.

/** How the states of one table live. All zeros must be an empty one. */
export interface CellLife {
  /** Whether time has emptied the state: it says nothing that all zeros would not. */
  isOver(cells: Float64Array, at: number, nowMs: number): boolean;
  /** The state, which is over, is about to be forgotten. A state that is over and whose slot goes to another key stays as it is. */
  drop(cells: Float64Array, at: number): void;
}

const MOST_SLOTS = 8192;
const FIRST_SLOTS = 8;
/** Beyond 13/16 of the slots a search takes too many steps (on average 15 to find that a key isn't there). */
const MOST_LOAD = 13 / 16;
/** Of the segments when as many keys are there as should be: they never are there evenly. */
const MEAN_LOAD = 12 / 16;
/** Of a segment's slots: shared cells are that much of its memory, once it needs them. */
const SHARED_SHARE = 1 / 16;
/** A segment that has its full size is looked through that often at most. */
const SWEEP_EVERY_MS = 1000;

class Segment {
  /** Hashes, and states behind each, over the same memory. */
  hashes: Int32Array;
  cells: Float64Array;
  mask: number;
  /** Slots that are not empty, whether what is in them lives or not. */
  taken = 0;
  /** When it was full and was looked through for what is over. */
  sweptAtMs = 0;
  /** Null until there was a key that had no room. */
  shared: Float64Array | null = null;

  constructor(slots: number, stride: number) {
    this.cells = new Float64Array(slots * stride);
    this.hashes = new Int32Array(this.cells.buffer);
    this.mask = slots - 1;
  }
}

export class KeyTable {
  readonly #life: CellLife;
  readonly #words: number;
  /** Words of a slot: the hash and the state. */
  readonly #stride: number;
  readonly #segments: (Segment | null)[];
  readonly #mostSlots: number;
  /** Keys that a segment takes. */
  readonly #mostTaken: number;
  readonly #sharedCells: number;
  /** What find() found: its state is here, from where it said on. */
  cells: Float64Array;
  /** Whether other keys' units are in it too. */
  isShared = false;
  /** Of states and hashes. */
  bytes = 0;

  /** `words` of a state; `maxKeys` that are kept apart. */
  constructor(words: number, maxKeys: number, life: CellLife) {
    this.#words = words;
    this.#stride = words + 1;
    this.#life = life;
    const count = Math.ceil(maxKeys / (MOST_SLOTS * MEAN_LOAD));
    this.#segments = new Array<Segment | null>(count).fill(null);
    this.#mostTaken = count === 1 ? maxKeys : MOST_SLOTS * MOST_LOAD;
    let slots = FIRST_SLOTS;
    while (slots * MOST_LOAD < this.#mostTaken) slots *= 2;
    this.#mostSlots = slots;
    this.#sharedCells = Math.max(1, slots * SHARED_SHARE);
    this.cells = new Float64Array(0);
  }

  /** Keys that have a slot, those included whose state is over and whose slot nobody has wanted since. */
  get keys(): number {
    let keys = 0;
    for (let i = 0; i < this.#segments.length; i++) keys += this.#segments[i]?.taken ?? 0;
    return keys;
  }

  /** Where the key's state begins in `cells`, which stays true until the next call. A key that is new has an empty one. */
  find(lo: number, hi: number, nowMs: number): number {
    const segment = this.#segments[Math.floor(((hi >>> 0) * this.#segments.length) / 4294967296)]!;
    if (segment === null) return this.#open(lo, hi, nowMs);
    const { hashes, mask } = segment;
    const step = this.#stride * 2;
    for (let slot = lo & mask; ; slot = (slot + 1) & mask) {
      const at = slot * step;
      const low = hashes[at]!;
      const high = hashes[at + 1]!;
      if (low === lo && high === hi) {
        this.cells = segment.cells;
        this.isShared = false;
        return (at >> 1) + 1;
      }
      if (low === 0 && high === 0) return this.#claim(segment, lo, hi, nowMs);
    }
  }

  #open(lo: number, hi: number, nowMs: number): number {
    const segment = new Segment(FIRST_SLOTS, this.#stride);
    this.#segments[Math.floor(((hi >>> 0) * this.#segments.length) / 4294967296)] = segment;
    this.bytes += segment.cells.byteLength;
    return this.#claim(segment, lo, hi, nowMs);
  }

  /** A state for a key that has no slot. */
  #claim(segment: Segment, lo: number, hi: number, nowMs: number): number {
    if (segment.shared !== null) {
      const at = this.#sharedAt(hi);
      if (!this.#life.isOver(segment.shared, at, nowMs)) return this.#share(segment.shared, at);
    }
    for (;;) {
      const at = this.#findFree(segment, lo, nowMs);
      const isEmpty = segment.hashes[2 * at] === 0 && segment.hashes[2 * at + 1] === 0;
      if (!isEmpty || segment.taken < Math.min(this.#mostTaken, (segment.mask + 1) * MOST_LOAD)) {
        if (isEmpty) segment.taken++;
        segment.hashes[2 * at] = lo;
        segment.hashes[2 * at + 1] = hi;
        this.cells = segment.cells;
        this.isShared = false;
        return at + 1;
      }
      const isLargest = segment.mask + 1 === this.#mostSlots;
      if (isLargest && nowMs - segment.sweptAtMs < SWEEP_EVERY_MS) break;
      if (isLargest) segment.sweptAtMs = nowMs;
      this.#rebuild(segment, nowMs);
    }
    if (segment.shared === null) {
      segment.shared = new Float64Array(this.#sharedCells * this.#words);
      this.bytes += segment.shared.byteLength;
    }
    return this.#share(segment.shared, this.#sharedAt(hi));
  }

  #share(cells: Float64Array, at: number): number {
    this.cells = cells;
    this.isShared = true;
    return at;
  }

  /** By other bits than those that choose segment and slot. */
  #sharedAt(hi: number): number {
    return (hi & (this.#sharedCells - 1)) * this.#words;
  }

  /** Where the slot begins that a key which isn't there would get: one on its way that is over, or else the empty one that ends it. */
  #findFree(segment: Segment, lo: number, nowMs: number): number {
    const { hashes, cells, mask } = segment;
    for (let slot = lo & mask; ; slot = (slot + 1) & mask) {
      const at = slot * this.#stride;
      if (hashes[2 * at] === 0 && hashes[2 * at + 1] === 0) return at;
      if (this.#life.isOver(cells, at + 1, nowMs)) return at;
    }
  }

  /** Leaves behind what is over, and gives the rest twice as much room if it needs it. */
  #rebuild(segment: Segment, nowMs: number): void {
    const { hashes, cells, mask } = segment;
    const stride = this.#stride;
    let live = 0;
    for (let at = 0; at < cells.length; at += stride) {
      if (hashes[2 * at] === 0 && hashes[2 * at + 1] === 0) continue;
      if (!this.#life.isOver(cells, at + 1, nowMs)) {
        live++;
        continue;
      }
      this.#life.drop(cells, at + 1);
      hashes[2 * at] = 0;
      hashes[2 * at + 1] = 0;
    }
    const slots = live > segment.taken / 2 ? Math.min(this.#mostSlots, 2 * (mask + 1)) : mask + 1;
    const next = new Segment(slots, stride);
    for (let at = 0; at < cells.length; at += stride) {
      const lo = hashes[2 * at]!;
      const hi = hashes[2 * at + 1]!;
      if (lo === 0 && hi === 0) continue;
      let slot = lo & next.mask;
      while (next.hashes[2 * slot * stride] !== 0 || next.hashes[2 * slot * stride + 1] !== 0) slot = (slot + 1) & next.mask;
      next.hashes[2 * slot * stride] = lo;
      next.hashes[2 * slot * stride + 1] = hi;
      for (let word = 1; word < stride; word++) next.cells[slot * stride + word] = cells[at + word]!;
    }
    this.bytes += next.cells.byteLength - cells.byteLength;
    segment.cells = next.cells;
    segment.hashes = next.hashes;
    segment.mask = next.mask;
    segment.taken = live;
  }
}
