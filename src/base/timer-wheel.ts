// @hot One hierarchical timer wheel for all the deadlines of a worker (Varghese and Lauck, 1987, scheme 7). Timers are
// owned by what they watch and linked in place: arming allocates nothing. Resolution 10 ms, late by up to that, never early.
// Not for precise intervals, and not a queue of functions: the owner is told which of its timers came due.
//
//   slots    0..255  one tick each: the timers due within 2.56 s
//          256..511  256 ticks each: due within 655 s; spread over the first row when their block begins
//               512  all later ones; looked at once in 655 s
//
// A timer armed again to a later time stays where it is and is moved when its slot comes: an idle timeout that is
// pushed back on every request costs one store. See timer-wheel.bench.ts.

import type { Clock, ScheduledCall } from "./clock.ts";

export interface TimerOwner {
  /** The timer came due and is not armed any more. It may arm and disarm any timer, this one too. */
  onTimer(timer: Timer): void;
}

const TICK_MS = 10;
const ROW = 256;
const ROW_MASK = ROW - 1;
const LATER = 2 * ROW;
const UNARMED = -1;
const NEVER = Number.POSITIVE_INFINITY;
// 10 ns, in ticks: a clock that was asked to wake us at a tick must be seen to be there though the sums were rounded.
const ROUNDING = 1e-6;

/** One deadline. Made once by its owner and armed as often as it likes, on one wheel. */
export class Timer {
  readonly owner: TimerOwner;
  /** The owner's own number, to tell its timers apart. */
  readonly kind: number;
  /** When it is due as the clock counts; what it was last armed for when it isn't armed. */
  dueMs = 0;
  /** The wheel's: where it hangs. */
  slot = UNARMED;
  /** The wheel's: the due time by which the slot was chosen, never after dueMs. */
  placedMs = 0;
  /** The wheel's: the neighbours in the slot, a ring. */
  next: Timer | null = null;
  previous: Timer | null = null;

  constructor(owner: TimerOwner, kind: number) {
    this.owner = owner;
    this.kind = kind;
  }
}

export class TimerWheel {
  readonly #clock: Clock;
  readonly #originMs: number;
  readonly #slots: (Timer | null)[] = new Array<Timer | null>(LATER + 1).fill(null);
  /** One bit a slot of the two rows: whether anything hangs there. */
  readonly #occupied = new Int32Array((2 * ROW) / 32);
  readonly #onWake: () => void;
  /** The last tick whose timers were fired; nothing occupied lies between it and the clock but what is overdue. */
  #tick = 0;
  /** The clock as of the last touch(): what everything that one event causes may call now. */
  nowMs: number;
  #size = 0;
  /** The tick that the clock will wake us at; NEVER when no call is scheduled, -1 while firing. May be earlier than needed. */
  #wakeTick = NEVER;
  #wake: ScheduledCall | null = null;
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#originMs = clock.now();
    this.nowMs = this.#originMs;
    // hot-exception: once a wheel, timer-wheel.bench.ts
    this.#onWake = () => this.#run();
  }

  /** How many timers are armed. */
  get size(): number {
    return this.#size;
  }

  /** Reads the clock, once for each event that comes from outside. A reading costs more than arming a timer. */
  touch(): void {
    this.nowMs = this.#clock.now();
  }

  isArmed(timer: Timer): boolean {
    return timer.slot !== UNARMED;
  }

  /**
   * Makes the timer due `delayMs` from `nowMs`, whether it was armed or not. A caller that has just read the clock
   * passes its reading. Does nothing after stop().
   */
  arm(timer: Timer, delayMs: number, nowMs: number = this.#clock.now()): void {
    if (this.#stopped) return;
    const dueMs = delayMs > 0 ? nowMs + delayMs : nowMs;
    timer.dueMs = dueMs;
    if (timer.slot !== UNARMED) {
      if (dueMs >= timer.placedMs) return;
      this.#unlink(timer);
    }
    // Nothing is due before the wake, so the ticks up to the present may be passed over; it keeps near timers in the first row.
    const nowTick = this.#tickAt(nowMs);
    if (nowTick > this.#tick && (this.#size === 0 ? this.#wakeTick >= 0 : nowTick < this.#wakeTick)) this.#tick = nowTick;
    const tick = this.#place(timer);
    if (tick < this.#wakeTick) this.#scheduleWake(tick, nowMs);
  }

  /** arm() counted from the last touch(): for code that an event has just reached. */
  armFromTouch(timer: Timer, delayMs: number): void {
    this.arm(timer, delayMs, this.nowMs);
  }

  /** Unlinks the timer at once: the wheel keeps no reference to its owner. Idempotent. */
  disarm(timer: Timer): void {
    // The clock's call is left standing: cancelling and setting it for each lone request costs more than one idle wake.
    if (timer.slot !== UNARMED) this.#unlink(timer);
  }

  /** Disarms everything, for good. */
  stop(): void {
    this.#stopped = true;
    this.#cancelWake();
    for (let slot = 0; slot <= LATER; slot++) {
      let timer = this.#slots[slot] ?? null;
      while (timer !== null) {
        this.#unlink(timer);
        timer = this.#slots[slot] ?? null;
      }
    }
  }

  #tickAt(nowMs: number): number {
    return Math.floor((nowMs - this.#originMs) / TICK_MS + ROUNDING);
  }

  /** Hangs the timer where it belongs and returns the tick at which that place must be looked at. */
  #place(timer: Timer): number {
    const dueTick = Math.max(Math.ceil((timer.dueMs - this.#originMs) / TICK_MS), this.#tick + 1);
    timer.placedMs = timer.dueMs;
    if (dueTick - this.#tick < ROW) {
      this.#link(timer, dueTick & ROW_MASK);
      return dueTick;
    }
    // Divided, not shifted: a tick outgrows 31 bits after 248 days.
    const block = Math.floor(dueTick / ROW);
    if (block - Math.floor(this.#tick / ROW) < ROW) {
      this.#link(timer, ROW + (block & ROW_MASK));
      return block * ROW;
    }
    this.#link(timer, LATER);
    return this.#nextLaterTick();
  }

  #link(timer: Timer, slot: number): void {
    const head = this.#slots[slot] ?? null;
    if (head === null) {
      timer.next = timer;
      timer.previous = timer;
      this.#slots[slot] = timer;
      if (slot < LATER) this.#occupied[slot >> 5]! |= 1 << (slot & 31);
    } else {
      const last = head.previous as Timer;
      timer.next = head;
      timer.previous = last;
      last.next = timer;
      head.previous = timer;
    }
    timer.slot = slot;
    this.#size++;
  }

  #unlink(timer: Timer): void {
    const slot = timer.slot;
    const next = timer.next as Timer;
    if (next === timer) {
      this.#slots[slot] = null;
      if (slot < LATER) this.#occupied[slot >> 5]! &= ~(1 << (slot & 31));
    } else {
      const previous = timer.previous as Timer;
      previous.next = next;
      next.previous = previous;
      if (this.#slots[slot] === timer) this.#slots[slot] = next;
    }
    timer.next = null;
    timer.previous = null;
    timer.slot = UNARMED;
    this.#size--;
  }

  #run(): void {
    this.#wake = null;
    this.#wakeTick = -1;
    // When a callback throws, what is left of its slot stays there and the next wake, at once, goes on with it.
    try {
      this.touch();
      this.#fireUntil(this.#tickAt(this.nowMs));
    } finally {
      this.#wakeTick = NEVER;
      if (this.#size > 0 && !this.#stopped) this.#scheduleWake(this.#nextOccupiedTick(), this.#clock.now());
    }
  }

  #fireUntil(nowTick: number): void {
    for (let tick = this.#nextOccupiedTick(); tick <= nowTick; tick = this.#nextOccupiedTick()) {
      if (tick > this.#tick) {
        this.#tick = tick;
        if ((tick & ROW_MASK) === 0) this.#spreadBlock(tick / ROW);
      }
      this.#fireSlot(tick & ROW_MASK);
    }
    if (nowTick > this.#tick) this.#tick = nowTick;
  }

  #fireSlot(slot: number): void {
    let timer = this.#slots[slot] ?? null;
    while (timer !== null) {
      this.#unlink(timer);
      if (Math.ceil((timer.dueMs - this.#originMs) / TICK_MS) <= this.#tick) timer.owner.onTimer(timer);
      else this.#place(timer);
      timer = this.#slots[slot] ?? null;
    }
  }

  /** Moves the timers of the block that begins now to the first row, after the far ones when a whole turn is over. */
  #spreadBlock(block: number): void {
    if ((block & ROW_MASK) === 0) this.#spread(LATER);
    this.#spread(ROW + (block & ROW_MASK));
  }

  #spread(slot: number): void {
    const head = this.#slots[slot] ?? null;
    if (head === null) return;
    // The ring is cut open first: a far timer may go back to the very slot that it came from.
    (head.previous as Timer).next = null;
    this.#slots[slot] = null;
    if (slot < LATER) this.#occupied[slot >> 5]! &= ~(1 << (slot & 31));
    let timer: Timer | null = head;
    while (timer !== null) {
      const next: Timer | null = timer.next;
      this.#size--;
      if (Math.ceil((timer.dueMs - this.#originMs) / TICK_MS) <= this.#tick) {
        timer.placedMs = timer.dueMs;
        this.#link(timer, this.#tick & ROW_MASK);
      } else {
        this.#place(timer);
      }
      timer = next;
    }
  }

  /** The first tick, from the present one on, at which there is something to do; NEVER when the wheel is empty. */
  #nextOccupiedTick(): number {
    let tick = this.#slots[LATER] === null ? NEVER : this.#nextLaterTick();
    const block = Math.floor(this.#tick / ROW);
    const blocksAhead = this.#findOccupied(ROW / 32, block & ROW_MASK);
    if (blocksAhead >= 0) tick = Math.min(tick, (block + blocksAhead) * ROW);
    const ticksAhead = this.#findOccupied(0, this.#tick & ROW_MASK);
    if (ticksAhead >= 0) tick = Math.min(tick, this.#tick + ticksAhead);
    return tick;
  }

  #nextLaterTick(): number {
    return (Math.floor(this.#tick / (ROW * ROW)) + 1) * ROW * ROW;
  }

  /** How many slots after `from`, going round, the next occupied one of a row lies; -1 when the row is empty. */
  #findOccupied(firstWord: number, from: number): number {
    const words = ROW / 32;
    let word = from >> 5;
    let bits = this.#occupied[firstWord + word]! & (-1 << (from & 31));
    for (let looked = 0; looked <= words; looked++) {
      if (bits !== 0) return ((word << 5) + (31 - Math.clz32(bits & -bits)) - from) & ROW_MASK;
      word = (word + 1) % words;
      bits = this.#occupied[firstWord + word]!;
    }
    return -1;
  }

  #scheduleWake(tick: number, nowMs: number): void {
    this.#cancelWake();
    this.#wakeTick = tick;
    // Whole milliseconds, rounded up: timeouts are cut to whole ones, and waking just before the tick would be for nothing.
    this.#wake = this.#clock.schedule(this.#onWake, Math.max(0, Math.ceil(this.#originMs + tick * TICK_MS - nowMs)));
  }

  #cancelWake(): void {
    this.#wake?.cancel();
    this.#wake = null;
    this.#wakeTick = NEVER;
  }
}
