// Counters in this process: exact, at once, and bounded in memory. Nothing is allocated for a take. @hot
//
// A million keys of a meter take 32 MB as fixed windows, quotas and buckets, 43 MB as sliding windows, 21 MB as units out at once, and 43 MB as logs, in
// which each entry takes 32 bytes besides, 4 a key on average at most. However many keys come, a meter holds no more than 5 % beyond that (of logs'
// entries 30 %).

import type { Clock } from "../../base/index.ts";
import type { Ask, Counters, Take } from "../counters.ts";
import type { LimitRule, Meter } from "../rule.ts";
import { LeakyBucketMeter, TokenBucketMeter } from "./bucket-meters.ts";
import { ConcurrencyMeter } from "./concurrency-meter.ts";
import { KeyHash } from "./key-hash.ts";
import type { LocalMeter } from "./local-meter.ts";
import { FixedWindowMeter, QuotaMeter } from "./period-meter.ts";
import { SlidingLogMeter } from "./sliding-log-meter.ts";
import { SlidingWindowMeter } from "./sliding-window-meter.ts";
import { SteadyTime } from "./steady-time.ts";

const MAX_KEYS = 1_000_000;

export interface LocalCountersOptions {
  readonly clock: Clock;
  /** A whole number below 2^53 that no client can guess: it keeps them from choosing keys that are counted as one. */
  readonly seed: number;
  /** Keys of each meter that are counted apart (KeyTable says what becomes of others). Default 1,000,000. */
  readonly maxKeys?: number;
}

export class LocalCounters implements Counters {
  readonly #time: SteadyTime;
  readonly #hash: KeyHash;
  readonly #maxKeys: number;
  readonly #meters = new Map<string, LocalMeter>();
  #ids: string[] = [];

  constructor(options: LocalCountersOptions) {
    this.#time = new SteadyTime(options.clock);
    this.#hash = new KeyHash(options.seed);
    this.#maxKeys = options.maxKeys ?? MAX_KEYS;
  }

  /** Always true: it is decided. */
  take(take: Take): boolean {
    const { asks } = take;
    const nowMs = this.#time.now();
    let isRefused = false;
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      const meter = this.#meters.get(ask.meter.id) ?? this.#make(ask.meter);
      this.#hash.hash(ask.key);
      meter.take(ask, this.#hash.lo, this.#hash.hi, nowMs, !isRefused);
      if (ask.isAdmitted || isRefused || ask.meter.isDryRun) continue;
      isRefused = true;
      this.#undo(asks, i, nowMs);
    }
    return true;
  }

  charge(meter: Meter, key: string, units: number): void {
    this.#hash.hash(key);
    (this.#meters.get(meter.id) ?? this.#make(meter)).charge(this.#hash.lo, this.#hash.hi, units, this.#time.now());
  }

  /** Units at once that are held elsewhere, or that were given back there when negative: counted whatever the limit says. */
  hold(meter: Meter, key: string, units: number): void {
    this.#hash.hash(key);
    (this.#meters.get(meter.id) ?? this.#make(meter)).hold(this.#hash.lo, this.#hash.hi, units, this.#time.now());
  }

  release(ask: Ask): void {
    if (ask.lease === null) return;
    this.#hash.hash(ask.key);
    // The meter that it was taken from, which may have been made anew in the meantime.
    (ask.lease as LocalMeter).undo(ask, this.#hash.lo, this.#hash.hi, this.#time.now());
  }

  /** Forgets what is counted by other meters than these; units that are out are waited for until the next call. */
  retain(ids: ReadonlySet<string>): void {
    const kept: string[] = [];
    for (let i = 0; i < this.#ids.length; i++) {
      const id = this.#ids[i]!;
      if (ids.has(id) || this.#meters.get(id)!.isHeld) kept.push(id);
      else this.#meters.delete(id);
    }
    this.#ids = kept;
  }

  /** Of all meters, those included that time has emptied and nobody has taken the place of since. */
  get keys(): number {
    let keys = 0;
    for (let i = 0; i < this.#ids.length; i++) keys += this.#meters.get(this.#ids[i]!)!.table.keys;
    return keys;
  }

  /** What the counters hold; what stands around them is a few kilobytes a meter. */
  get bytes(): number {
    let bytes = 0;
    for (let i = 0; i < this.#ids.length; i++) bytes += this.#meters.get(this.#ids[i]!)!.bytes;
    return bytes;
  }

  close(): void {
    this.#meters.clear();
    this.#ids = [];
  }

  /** Takes back what asks before this one were counted for. */
  #undo(asks: readonly Ask[], end: number, nowMs: number): void {
    for (let i = 0; i < end; i++) {
      const ask = asks[i]!;
      if (!ask.isAdmitted) continue;
      this.#hash.hash(ask.key);
      this.#meters.get(ask.meter.id)!.undo(ask, this.#hash.lo, this.#hash.hi, nowMs);
    }
  }

  #make(meter: Meter): LocalMeter {
    const made = makeMeter(meter.rule, this.#maxKeys);
    this.#meters.set(meter.id, made);
    this.#ids.push(meter.id);
    return made;
  }
}

function makeMeter(rule: LimitRule, maxKeys: number): LocalMeter {
  switch (rule.kind) {
    case "fixedWindow":
      return new FixedWindowMeter(rule, maxKeys);
    case "slidingWindow":
      return new SlidingWindowMeter(rule, maxKeys);
    case "slidingLog":
      return new SlidingLogMeter(rule, maxKeys);
    case "tokenBucket":
      return new TokenBucketMeter(rule, maxKeys);
    case "leakyBucket":
      return new LeakyBucketMeter(rule, maxKeys);
    case "concurrency":
      return new ConcurrencyMeter(rule, maxKeys);
    case "quota":
      return new QuotaMeter(rule, maxKeys);
  }
}
