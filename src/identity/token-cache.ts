// Credentials that were found good, by the digest of their text, so that one that comes again costs no second look. Bounded in number and in
// bytes. @hot
//
// Two queues, as S3-FIFO has them (Yang et al., "FIFO queues are all you need for cache eviction", 2023): who is new waits in a short one,
// and only who is asked for again while it waits gets into the long one. So a flood of tokens that come once, however many, passes through a
// tenth of the cache, and those that are in use stay. A hit moves nothing: it counts to three.

const MOST_USES = 3;

class Entry<Value> {
  readonly digest: string;
  readonly value: Value;
  /** Wall clock: from then on it is not good. */
  readonly goodUntilMs: number;
  readonly bytes: number;
  uses = 0;
  queue: Queue<Value> | null = null;
  older: Entry<Value> | null = null;
  newer: Entry<Value> | null = null;

  constructor(digest: string, value: Value, goodUntilMs: number, bytes: number) {
    this.digest = digest;
    this.value = value;
    this.goodUntilMs = goodUntilMs;
    this.bytes = bytes;
  }
}

class Queue<Value> {
  size = 0;
  oldest: Entry<Value> | null = null;
  #newest: Entry<Value> | null = null;

  add(entry: Entry<Value>): void {
    entry.queue = this;
    entry.older = this.#newest;
    entry.newer = null;
    if (this.#newest === null) this.oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.size++;
  }

  remove(entry: Entry<Value>): void {
    if (entry.older === null) this.oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === null) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    entry.queue = null;
    entry.older = null;
    entry.newer = null;
    this.size--;
  }
}

export interface TokenCacheBounds {
  readonly tokens: number;
  /** As keep() is told them. */
  readonly bytes: number;
}

export class TokenCache<Value> {
  readonly #bounds: TokenCacheBounds;
  readonly #mostNew: number;
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #new = new Queue<Value>();
  readonly #proven = new Queue<Value>();
  #bytes = 0;

  constructor(bounds: TokenCacheBounds) {
    this.#bounds = bounds;
    this.#mostNew = Math.max(1, Math.floor(bounds.tokens / 10));
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Null for what is not there, and for what is no longer good, which leaves. */
  find(digest: string, nowMs: number): Value | null {
    const entry = this.#entries.get(digest);
    if (entry === undefined) return null;
    if (nowMs >= entry.goodUntilMs) {
      this.#drop(entry);
      return null;
    }
    if (entry.uses < MOST_USES) entry.uses++;
    return entry.value;
  }

  /** `bytes`: what it holds of our memory, roughly. What alone would take more than all may is not kept. */
  keep(digest: string, value: Value, goodUntilMs: number, bytes: number): void {
    this.forget(digest);
    if (bytes > this.#bounds.bytes || this.#bounds.tokens < 1) return;
    while (this.#entries.size >= this.#bounds.tokens || this.#bytes + bytes > this.#bounds.bytes) this.#makeRoom();
    const entry = new Entry(digest, value, goodUntilMs, bytes);
    this.#entries.set(digest, entry);
    this.#new.add(entry);
    this.#bytes += bytes;
  }

  forget(digest: string): void {
    const entry = this.#entries.get(digest);
    if (entry !== undefined) this.#drop(entry);
  }

  /** Lets one go, or moves one on whose turn comes later. */
  #makeRoom(): void {
    const isNewsTurn = this.#new.size > this.#mostNew || this.#proven.size === 0;
    const entry = (isNewsTurn ? this.#new.oldest : this.#proven.oldest)!;
    if (entry.uses === 0) {
      this.#drop(entry);
      return;
    }
    // In the short queue all that counts is whether anybody asked; in the long one each use is another round.
    entry.uses = isNewsTurn ? 0 : entry.uses - 1;
    entry.queue!.remove(entry);
    this.#proven.add(entry);
  }

  #drop(entry: Entry<Value>): void {
    entry.queue!.remove(entry);
    this.#entries.delete(entry.digest);
    this.#bytes -= entry.bytes;
  }
}
