// Everything that one meter counts here: a slot of numbers for each key, what this gateway knows for certain, and what it believes that the
// others have counted since it last heard of them. @hot
//
// That belief is what makes the limit hold between syncs. The store tells how many units all gateways together ask for in a ms; less our own, the
// rest goes on asking at that rate, and gets it until the limit is reached. Asked for, not admitted: a rate that falls when everybody is refused
// would have all gateways admit at once, and refuse at once, in turns.

import type { Ask } from "../counters.ts";
import type { Meter } from "../rule.ts";
import type { OwnUnits } from "./own-units.ts";
import type { ApproximateRule, SyncReading } from "./sync-port.ts";

/** Numbers of a slot, at these offsets. Times are Unix ms by the store's clock. */
const NUMBERS = 8;
/** Up to when the slot has been brought. */
const AT = 0;
/** Units of the window that AT is in, ours and the others'. Of a bucket: what is missing from it. */
const COUNT = 1;
/** The window before. Of a bucket: what would be missing if nobody but this gateway took from it. */
const EARLIER = 2;
/** Ours of this window, and of the one before, that the store has not been told. */
const OWN = 3;
const OWN_EARLIER = 4;
/** The same of what was asked for. */
const ASKED = 5;
/** Since when. */
const SINCE = 6;
/** When the store was last read. 0: never. */
const READ_AT = 7;

/** Shares and rates need fewer digits. */
const RATES = 7;
/** Units a ms that the others ask for, and their part of all that is asked for. */
const OTHERS = 0;
const OTHERS_SHARE = 1;
/** Ours of the rates in readings: what we said last. */
const OWN_ASKED = 2;
const OWN_ADMITTED = 3;
/** Over how much of the memory we know our rate. */
const OWN_WEIGHT = 4;
/** A sync is wanted at once when fewer units than this are free. */
const WANTED_BELOW = 5;
/** Units of what is free that the others leave to us. */
const RESERVED = 6;

const DIRTY = 1;
const WANTED = 2;
/** In a batch that has no answer yet. */
const SENT = 4;

/** Less than a quarter of what was free when we last heard: others may have come nearer, too. */
const WANTED_SHARE = 0.75;
/** Beyond so many without a word, nothing is believed of the others. */
const HEARD_SYNCS = 2;
const FIRST_SLOTS = 16;
/** Where no more keys can be kept, new ones are counted here together: that admits fewer, never more. */
export const OVERFLOW_KEY = "\u0000others";
const FRACTION = 1e-9;
const ROUNDING = 1e-6;
const NOISE = 1e-5;

/** How many keys all meters together may still keep. */
export interface KeyRoom {
  left: number;
}

export interface CounterTimes {
  readonly syncEveryMs: number;
  /** See SyncBatch. */
  readonly fadeMs: number;
}

export class MeterCounter {
  readonly meter: Meter;
  readonly rule: ApproximateRule;
  /** Slots with something to say, in the order in which that came up. May name one twice, or one that has said it. */
  readonly dirty: number[] = [];
  /** Those that should say it before their time. */
  readonly wanted: number[] = [];
  readonly #room: KeyRoom;
  readonly #times: CounterTimes;
  readonly #isBucket: boolean;
  readonly #isSliding: boolean;
  /** Units that there are in all. */
  readonly #most: number;
  readonly #windowMs: number;
  readonly #ratePerMs: number;
  readonly #slots = new Map<string, number>();
  readonly #keys: (string | undefined)[] = [];
  readonly #free: number[] = [];
  #numbers = new Float64Array(FIRST_SLOTS * NUMBERS);
  #rates = new Float32Array(FIRST_SLOTS * RATES);
  #flags = new Uint8Array(FIRST_SLOTS);
  #cursor = 0;
  /** What was asked for before may not all have been counted. */
  #backAtMs = 0;
  /** The window that somebody last asked about. */
  #startMs = 0;

  constructor(meter: Meter, rule: ApproximateRule, room: KeyRoom, times: CounterTimes) {
    this.meter = meter;
    this.rule = rule;
    this.#room = room;
    this.#times = times;
    this.#isBucket = rule.kind === "tokenBucket";
    this.#isSliding = rule.kind === "slidingWindow";
    this.#most = rule.kind === "tokenBucket" ? rule.burst : rule.limit;
    this.#windowMs = rule.kind === "tokenBucket" ? 0 : rule.windowMs;
    this.#ratePerMs = rule.kind === "tokenBucket" ? rule.ratePerMs : 0;
  }

  get keys(): number {
    return this.#slots.size;
  }

  keyOf(slot: number): string {
    return this.#keys[slot] ?? OVERFLOW_KEY;
  }

  /** The key's slot as it is at `nowMs`. */
  slotOf(key: string, nowMs: number): number {
    const slot = this.#slots.get(key);
    if (slot === undefined) return this.#add(key, nowMs);
    this.#advance(slot, nowMs);
    return slot;
  }

  /** Units that are free; negative where more was taken than there is. */
  freeOf(slot: number): number {
    const numbers = this.#numbers;
    const at = slot * NUMBERS;
    if (this.#isBucket) {
      const count = numbers[at + COUNT]!;
      const own = numbers[at + EARLIER]!;
      return this.#most - Math.max(count, own);
    }
    return this.#most - numbers[at + COUNT]! - (this.#isSliding ? this.#lastingEarlier(slot, numbers[at + AT]!) : 0);
  }

  /** `free` as freeOf() said. Counts the units as asked for, whatever comes of them. */
  isAdmitted(slot: number, cost: number, free: number): boolean {
    if (cost > 0) this.#countAsked(slot, cost);
    return cost <= this.#most && cost <= free + FRACTION;
  }

  /** `free`: what freeOf() said before. */
  count(slot: number, units: number, free: number): void {
    const numbers = this.#numbers;
    const rates = this.#rates;
    const at = slot * NUMBERS;
    const rate = slot * RATES;
    const before = numbers[at + COUNT]!;
    const after = Math.max(0, before + units);
    numbers[at + COUNT] = after;
    // What is given back beyond nothing would be others'.
    numbers[at + OWN]! += units < 0 ? after - before : units;
    if (rates[rate + RESERVED]! > 0) rates[rate + RESERVED] = Math.max(0, rates[rate + RESERVED]! - units);
    if (this.#isBucket) numbers[at + EARLIER] = Math.max(0, numbers[at + EARLIER]! + units);
    if (free - units < rates[rate + WANTED_BELOW]!) this.#want(slot);
  }

  charge(slot: number, units: number): void {
    this.#countAsked(slot, units);
    this.count(slot, units, this.freeOf(slot));
  }

  /** After everything was judged and counted. `free`: what is left now. */
  tell(slot: number, ask: Ask, free: number): void {
    ask.remaining = free > 0 ? Math.floor(free + ROUNDING) : 0;
    ask.resetMs = this.#resetMs(slot);
    if (ask.isAdmitted) {
      ask.retryMs = 0;
      return;
    }
    // Whoever is refused for what others are believed to have taken wants to hear of it. Where units flow back, there is more soon anyway.
    if (!this.#isBucket && !this.#isSliding && free < this.#rates[slot * RATES + WANTED_BELOW]!) this.#want(slot);
    ask.retryMs = ask.cost <= this.#most ? Math.max(1, this.#retryMs(slot, ask.cost, free)) : 0;
  }

  /** Moves what the slot has to say into `own`. False: nothing, as that was said before. */
  collect(slot: number, nowMs: number, own: OwnUnits): boolean {
    if ((this.#flags[slot]! & DIRTY) === 0) return false;
    this.#advance(slot, nowMs);
    const numbers = this.#numbers;
    const at = slot * NUMBERS;
    own.windowStartMs = this.#isBucket ? 0 : this.#windowStart(numbers[at + AT]!);
    own.units = numbers[at + OWN]!;
    own.earlierUnits = numbers[at + OWN_EARLIER]!;
    own.collectedAtMs = numbers[at + AT]!;
    this.#collectRates(slot, own);
    numbers[at + OWN] = 0;
    numbers[at + OWN_EARLIER] = 0;
    numbers[at + ASKED] = 0;
    this.#flags[slot] = SENT;
    return true;
  }

  /** Takes what the store says in the place of what was believed. `sent` is part of it, what came since is not. */
  read(slot: number, sent: OwnUnits, reading: SyncReading, nowMs: number): void {
    this.#advance(slot, nowMs);
    this.#flags[slot]! &= ~SENT;
    const numbers = this.#numbers;
    const at = slot * NUMBERS;
    const { atMs } = reading;
    const { syncEveryMs } = this.#times;
    const intervalMs = Math.min(Math.max(0, atMs - numbers[at + READ_AT]!), syncEveryMs);
    const admittedPerMs = this.#readRates(slot, reading, intervalMs);
    numbers[at + READ_AT] = atMs;
    // Once more, if only to say that nothing more came.
    if (sent.askedPerMs > 0) this.#markDirty(slot, sent.collectedAtMs);
    this.#rates[slot * RATES + RESERVED] = 0;
    const own = numbers[at + OWN]!;
    // Reports of the others are late by up to an interval, evenly spread: half of what came in one has not been reported.
    if (this.#isBucket) {
      const ownMissing = numbers[at + EARLIER]!;
      numbers[at + AT] = atMs;
      numbers[at + COUNT] = Math.max(0, reading.count + (admittedPerMs * intervalMs) / 2);
      this.#advance(slot, nowMs);
      numbers[at + EARLIER] = ownMissing;
      numbers[at + COUNT]! += own;
    } else {
      const windowsAgo = (this.#windowStart(numbers[at + AT]!) - this.#windowStart(atMs)) / this.#windowMs;
      if (windowsAgo > 1) return;
      const elapsedMs = atMs - this.#windowStart(atMs);
      const lateMs = Math.min(intervalMs, elapsedMs);
      // Early in a fixed window reports are of the last one, in which all may have been refused at the end.
      const latePerMs = this.#isSliding || elapsedMs > syncEveryMs ? admittedPerMs : this.#rates[slot * RATES + OTHERS]!;
      const late = intervalMs > 0 ? latePerMs * (lateMs - lateMs ** 2 / (2 * intervalMs)) : 0;
      const lateEarlier = Math.max(0, (latePerMs * intervalMs) / 2 - late);
      const ownEarlier = numbers[at + OWN_EARLIER]!;
      numbers[at + OWN] = 0;
      numbers[at + OWN_EARLIER] = 0;
      numbers[at + AT] = atMs;
      numbers[at + COUNT] = Math.max(0, reading.count + late + (windowsAgo === 1 ? ownEarlier : own));
      numbers[at + EARLIER] = Math.max(0, reading.earlier + lateEarlier + (windowsAgo === 1 ? 0 : ownEarlier));
      this.#advance(slot, nowMs);
      if (windowsAgo === 1) numbers[at + COUNT] = Math.max(0, numbers[at + COUNT]! + own);
      numbers[at + OWN] = own;
      numbers[at + OWN_EARLIER] = ownEarlier;
    }
    const free = this.freeOf(slot);
    this.#rates[slot * RATES + WANTED_BELOW] = free >= 1 ? free * WANTED_SHARE : Number.NEGATIVE_INFINITY;
  }

  /** The store was away until now. Unless this gateway decided alone, nobody counted what was asked for meanwhile. */
  onStoreBack(nowMs: number): void {
    if (this.meter.onStoreFailure !== "local") this.#backAtMs = nowMs;
  }

  /** Forgets keys that stand as if they had never been counted, among the next `most` slots. */
  sweep(nowMs: number, most: number): void {
    const size = this.#keys.length;
    for (let i = Math.min(most, size); i > 0; i--) {
      const slot = this.#cursor;
      this.#cursor = slot + 1 < size ? slot + 1 : 0;
      const key = this.#keys[slot];
      if (key === undefined || this.#flags[slot] !== 0 || !this.#isForgettable(slot, nowMs)) continue;
      this.#slots.delete(key);
      this.#keys[slot] = undefined;
      this.#free.push(slot);
      this.#room.left++;
    }
  }

  #add(key: string, nowMs: number): number {
    let kept = key;
    if (this.#room.left <= 0) {
      this.sweep(nowMs, FIRST_SLOTS);
      if (this.#room.left <= 0) {
        kept = OVERFLOW_KEY;
        const slot = this.#slots.get(kept);
        if (slot !== undefined) {
          this.#advance(slot, nowMs);
          return slot;
        }
      }
    }
    this.#room.left--;
    const slot = this.#free.pop() ?? this.#keys.length;
    if (slot === this.#flags.length) this.#grow();
    this.#keys[slot] = kept;
    this.#slots.set(kept, slot);
    this.#flags[slot] = 0;
    this.#numbers.fill(0, slot * NUMBERS, (slot + 1) * NUMBERS);
    this.#rates.fill(0, slot * RATES, (slot + 1) * RATES);
    this.#numbers[slot * NUMBERS + AT] = nowMs;
    this.#rates[slot * RATES + WANTED_BELOW] = this.#most * WANTED_SHARE;
    return slot;
  }

  #grow(): void {
    const slots = this.#flags.length * 2;
    const numbers = new Float64Array(slots * NUMBERS);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    const rates = new Float32Array(slots * RATES);
    rates.set(this.#rates);
    this.#rates = rates;
    const flags = new Uint8Array(slots);
    flags.set(this.#flags);
    this.#flags = flags;
  }

  #markDirty(slot: number, sinceMs: number): void {
    if ((this.#flags[slot]! & DIRTY) !== 0) return;
    this.#flags[slot]! |= DIRTY;
    this.#numbers[slot * NUMBERS + SINCE] = sinceMs;
    this.dirty.push(slot);
  }

  #countAsked(slot: number, units: number): void {
    const at = slot * NUMBERS;
    if ((this.#flags[slot]! & DIRTY) === 0) {
      this.#markDirty(slot, this.#numbers[at + AT]!);
      // Who begins the time that is measured is no part of the rate: one request alone has none.
      if (this.#rates[slot * RATES + OWN_ASKED] === 0) return;
    }
    this.#numbers[at + ASKED]! += units;
  }

  #want(slot: number): void {
    if ((this.#flags[slot]! & (WANTED | DIRTY)) !== DIRTY) return;
    this.#flags[slot]! |= WANTED;
    this.wanted.push(slot);
  }

  #advance(slot: number, nowMs: number): void {
    const numbers = this.#numbers;
    const at = slot * NUMBERS;
    const fromMs = numbers[at + AT]!;
    if (nowMs <= fromMs) return;
    numbers[at + AT] = nowMs;
    const isBelieving = this.#rates[slot * RATES + OTHERS]! !== 0;
    if (this.#isBucket) {
      const refill = this.#ratePerMs * (nowMs - fromMs);
      const others = isBelieving ? this.#believe(slot, this.#most - numbers[at + COUNT]!, this.#ratePerMs, fromMs, nowMs) : 0;
      numbers[at + COUNT] = Math.max(0, numbers[at + COUNT]! - refill + others);
      numbers[at + EARLIER] = Math.max(0, numbers[at + EARLIER]! - refill);
      return;
    }
    const startMs = this.#windowStart(nowMs);
    if (fromMs < startMs) this.#roll(slot, fromMs, startMs);
    if (isBelieving) this.#believeWindow(slot, Math.max(fromMs, startMs), nowMs);
  }

  /** Goes on to a window that begins at `startMs`. */
  #roll(slot: number, fromMs: number, startMs: number): void {
    const numbers = this.#numbers;
    const at = slot * NUMBERS;
    const isNext = fromMs >= startMs - this.#windowMs;
    if (isNext) this.#believeWindow(slot, fromMs, startMs);
    numbers[at + EARLIER] = isNext ? numbers[at + COUNT]! : 0;
    numbers[at + COUNT] = 0;
    numbers[at + OWN_EARLIER] = isNext ? numbers[at + OWN]! : 0;
    numbers[at + OWN] = 0;
    this.#rates[slot * RATES + WANTED_BELOW] = this.#most * WANTED_SHARE;
    this.#rates[slot * RATES + RESERVED] = 0;
  }

  /** Within one window. */
  #believeWindow(slot: number, fromMs: number, toMs: number): void {
    const numbers = this.#numbers;
    const at = slot * NUMBERS;
    const flow = this.#isSliding ? numbers[at + EARLIER]! / this.#windowMs : 0;
    const free = this.#most - numbers[at + COUNT]! - (this.#isSliding ? this.#lastingEarlier(slot, fromMs) : 0);
    numbers[at + COUNT]! += this.#believe(slot, free, flow, fromMs, toMs);
  }

  /**
   * Units that the others take from one moment to another: all that they ask for while units are free, then their share of what comes free by itself
   * (`flowPerMs`), of which the rest is left to us. Nothing, once we have not heard of them for long. `free` is negative where more was taken than
   * there is.
   */
  #believe(slot: number, free: number, flowPerMs: number, fromMs: number, toMs: number): number {
    const rates = this.#rates;
    const rate = slot * RATES;
    const others = rates[rate + OTHERS]!;
    if (others === 0) return 0;
    let leftMs = Math.min(toMs, this.#numbers[slot * NUMBERS + READ_AT]! + HEARD_SYNCS * this.#times.syncEveryMs) - fromMs;
    if (leftMs <= 0) return 0;
    let common = free - rates[rate + RESERVED]!;
    if (common < 0) {
      if (flowPerMs * leftMs <= -common) return 0;
      leftMs += common / flowPerMs;
      common = 0;
    }
    if (others <= flowPerMs) return others * leftMs;
    const untilNoneMs = common / (others - flowPerMs);
    if (leftMs <= untilNoneMs) return others * leftMs;
    const flown = (leftMs - untilNoneMs) * flowPerMs;
    const share = rates[rate + OTHERS_SHARE]!;
    rates[rate + RESERVED]! += flown * (1 - share);
    return others * untilNoneMs + flown * share;
  }

  /** Says what we are asked for now in the place of what we said before. */
  #collectRates(slot: number, own: OwnUnits): void {
    const numbers = this.#numbers;
    const rates = this.#rates;
    const at = slot * NUMBERS;
    const rate = slot * RATES;
    const { syncEveryMs } = this.#times;
    own.beforeMs = numbers[at + READ_AT]!;
    own.askedBefore = rates[rate + OWN_ASKED]!;
    own.admittedBefore = rates[rate + OWN_ADMITTED]!;
    if (numbers[at + SINCE]! < this.#backAtMs && own.askedBefore > 0) {
      // Over a time in which not everything was counted there is no rate: the one before still is the best guess.
      own.askedPerMs = own.askedBefore;
      own.admittedPerMs = own.admittedBefore;
      return;
    }
    const elapsedMs = Math.max(1, numbers[at + AT]! - numbers[at + SINCE]!);
    const asked = Math.max(0, numbers[at + ASKED]!);
    // Two within a millisecond are not a thousand a second: a rate that is new counts for as much as it was seen.
    const overMs = own.askedBefore === 0 ? elapsedMs + syncEveryMs / Math.max(1, asked) : elapsedMs;
    const askedPerMs = asked / overMs;
    if (askedPerMs === 0) {
      rates[rate + OWN_ASKED] = 0;
      rates[rate + OWN_WEIGHT] = 0;
    } else {
      const remembered = Math.exp(-elapsedMs / syncEveryMs);
      const weight = rates[rate + OWN_WEIGHT]! * remembered + 1 - remembered;
      rates[rate + OWN_ASKED] = own.askedBefore + ((askedPerMs - own.askedBefore) * (1 - remembered)) / weight;
      rates[rate + OWN_WEIGHT] = weight;
    }
    rates[rate + OWN_ADMITTED] = askedPerMs === 0 ? 0 : Math.max(0, own.units + own.earlierUnits) / overMs;
    own.askedPerMs = rates[rate + OWN_ASKED]!;
    own.admittedPerMs = rates[rate + OWN_ADMITTED]!;
  }

  /** Learns what the others ask for; returns what they were admitted lately, in units a ms. */
  #readRates(slot: number, reading: SyncReading, intervalMs: number): number {
    const rates = this.#rates;
    const rate = slot * RATES;
    // What the others said has faded since then.
    const faded = 1 + intervalMs / 2 / this.#times.fadeMs;
    const others = othersOf(reading.askedPerMs, rates[rate + OWN_ASKED]!) * faded;
    rates[rate + OTHERS] = others;
    rates[rate + OTHERS_SHARE] = others === 0 ? 0 : others / (others + rates[rate + OWN_ASKED]!);
    return othersOf(reading.admittedPerMs, rates[rate + OWN_ADMITTED]!) * faded;
  }

  /** What the window before still weighs at a moment of this one. */
  #lastingEarlier(slot: number, atMs: number): number {
    return this.#numbers[slot * NUMBERS + EARLIER]! * (1 - (atMs - this.#windowStart(atMs)) / this.#windowMs);
  }

  #windowStart(atMs: number): number {
    // Nearly always the same as of the request before.
    if (atMs < this.#startMs || atMs >= this.#startMs + this.#windowMs) this.#startMs = Math.floor(atMs / this.#windowMs) * this.#windowMs;
    return this.#startMs;
  }

  #resetMs(slot: number): number {
    const numbers = this.#numbers;
    const at = slot * NUMBERS;
    if (this.#isBucket) return ceilMs(Math.max(numbers[at + COUNT]!, numbers[at + EARLIER]!) / this.#ratePerMs);
    const nowMs = numbers[at + AT]!;
    const leftMs = this.#windowStart(nowMs) + this.#windowMs - nowMs;
    if (!this.#isSliding) return ceilMs(leftMs);
    if (numbers[at + COUNT]! > 0) return ceilMs(leftMs + this.#windowMs);
    return numbers[at + EARLIER]! > 0 ? ceilMs(leftMs) : 0;
  }

  #retryMs(slot: number, cost: number, free: number): number {
    const numbers = this.#numbers;
    const at = slot * NUMBERS;
    if (this.#isBucket) return ceilMs((cost - free) / this.#ratePerMs);
    const nowMs = numbers[at + AT]!;
    const leftMs = this.#windowStart(nowMs) + this.#windowMs - nowMs;
    if (!this.#isSliding) return ceilMs(leftMs);
    const count = numbers[at + COUNT]!;
    if (count + cost <= this.#most) return ceilMs(((cost - free) / numbers[at + EARLIER]!) * this.#windowMs);
    return ceilMs(leftMs + this.#windowMs * (1 - (this.#most - cost) / count));
  }

  #isForgettable(slot: number, nowMs: number): boolean {
    const numbers = this.#numbers;
    const at = slot * NUMBERS;
    if (nowMs - numbers[at + READ_AT]! < HEARD_SYNCS * this.#times.syncEveryMs) return false;
    if (this.#isBucket) return Math.max(numbers[at + COUNT]!, numbers[at + EARLIER]!) <= this.#ratePerMs * (nowMs - numbers[at + AT]!);
    return this.#windowStart(numbers[at + AT]!) + (this.#isSliding ? 2 : 1) * this.#windowMs <= nowMs;
  }
}

function ceilMs(ms: number): number {
  return Math.max(0, Math.ceil(ms - ROUNDING));
}

/** Others' part of a sum. What is left of a difference of sums that are the same is noise. */
function othersOf(all: number, own: number): number {
  return all - own <= all * NOISE ? 0 : all - own;
}
