// How many requests may be under way at once, found out from how long they take. @hot
//
// A gradient limiter, after Gradient2 of Netflix's concurrency-limits and Envoy's adaptive concurrency: in windows of time, how much longer
// requests take than they usually do is compared with `tolerance`. Less: the limit grows while it is used. More: it is cut by as much. Where
// it differs, and why:
//
// - A request is compared with the usual latency of its own route (usual-latency.ts), so that another mix of fast and slow routes is no sign
//   of load. One request counts for at most tolerance² times the usual: it takes half of them to bring the limit down, however slow they are.
// - What is usual must not be learnt from a queue of our own, or the limit would drift up as far as it is let (Gradient2's does). It falls at
//   once and rises within minutes. Where requests were shed or too slow it is measured, with the limit down to 1 / (2 × tolerance), every ten
//   seconds (longer for slow services) and for a twenty-fifth of the time. Rounds follow the wall clock, so that all workers and machines
//   measure together: one that does it alone sees the queue of the others, takes it for usual, and they outbid each other.
// - What fails (no answer in time, no connection, 503 or 504) counts as the slowest that a request can be.
//
// Nothing has a timer: windows end when a request does. Times are those of the timer wheel, read once for each event.

import type { Clock } from "../../base/index.ts";
import type { UsualLatency } from "./usual-latency.ts";

export interface LimitBounds {
  readonly minimum: number;
  readonly maximum: number;
  readonly tolerance: number;
}

/** A window has as many samples, and takes as long: twice the latency, so that it shows what the last change of the limit did. */
const SAMPLES = 16;
const SHORTEST_MS = 100;
const LONGEST_MS = 10_000;
/** Below this, latencies are the clock's own grain. */
const LEAST_LATENCY_MS = 0.05;
/** How much faster than usual a request may count for, in bits: more is noise. */
const MOST_HASTE = 4;
/** Largest change by one window. */
const MOST_CUT = 0.5;
const MOST_GROWTH = 0.5;
/** Without a request for so long, what the window has is of another time. */
const IDLE_MS = 1000;
/** Windows in a row in which `minimum` is too much. */
const FLOORED_WINDOWS = 3;
/** Overload is measured under as long as it is no longer ago. */
const STRAINED_MS = 2000;
/**
 * Measuring begins when a round of the wall clock does, so many slots after the last one. A slot is twice the usual latency, made a power of
 * two times the shortest window: whoever sends to the same service has the same rounds, or every other.
 */
const ROUND_SLOTS = 100;
/** It takes one slot of emptying and then so many, of twice the present latency. */
const MEASURING_SLOTS = 3;
/** What the first measurement takes, before anything is known: so many requests, and so many times their latency; or fewer where they are rare. */
const FIRST_REQUESTS = 128;
const FEWEST_REQUESTS = 32;
const FIRST_LATENCIES = 8;
const FIRST_MS = 1000;
const MOST_FIRST_MS = 60_000;

const STEADY = 0;
/** The limit is down; what was let in before leaves. */
const EMPTYING = 1;
const MEASURING = 2;

export class AdaptiveLimit {
  readonly #bounds: LimitBounds;
  readonly #clock: Clock;
  /** What a request counts for at most, in bits. */
  readonly #worst: number;
  /** With a fraction; as many may be under way as are below it. */
  limit: number;
  // The window:
  #endsMs = 0;
  #samples = 0;
  #drops = 0;
  /** Sums over the samples: bits, what they usually are, and the difference, of which each may only have so much. */
  #bits = 0;
  #usualBits = 0;
  #excess = 0;
  #peak = 0;
  #shed = 0;
  // From window to window:
  #windowMs = SHORTEST_MS;
  /** What the window's length would be, were requests as quick as usual. */
  #usualMs = SHORTEST_MS;
  #lastMs = 0;
  /** When requests were last too slow, and when they were last shed. */
  #slowMs = Number.NEGATIVE_INFINITY;
  #shedMs = Number.NEGATIVE_INFINITY;
  #floored = 0;
  /** When the round ends. */
  #roundEndsMs: number;
  // Measuring:
  #phase: typeof STEADY | typeof EMPTYING | typeof MEASURING = MEASURING;
  #epoch = 0;
  #measureFromMs = 0;
  #phaseEndsMs = 0;
  #measured = 0;
  #isFirst = true;
  #limitBefore = 0;

  constructor(bounds: LimitBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
    this.#worst = 2 * Math.log2(bounds.tolerance);
    this.limit = bounds.minimum;
    const nowMs = clock.now();
    this.#roundEndsMs = this.#nextRoundMs(nowMs);
    // It begins as if overloaded: with the least, and by measuring.
    this.#limitBefore = bounds.minimum;
    this.#measure(nowMs);
    this.#phaseEndsMs = nowMs + MOST_FIRST_MS;
    this.#lastMs = nowMs;
  }

  /** A request was let in; `inFlight` counts it. */
  admitted(inFlight: number, nowMs: number): void {
    if (inFlight > this.#peak) this.#peak = inFlight;
    if (inFlight === 1 && nowMs - this.#lastMs > IDLE_MS) this.#wake(nowMs);
  }

  shed(): void {
    this.#shed++;
  }

  /** A request had its response's head at `nowMs`, that was all there to be sent at `fromMs`. `inFlight` does not count it any more. */
  sample(usual: UsualLatency, fromMs: number, inFlight: number, nowMs: number): void {
    this.#lastMs = nowMs;
    // What was sent before the limit went down has waited behind what is gone now.
    if (this.#phase !== MEASURING || fromMs >= this.#measureFromMs) this.#count(usual, nowMs - fromMs, nowMs);
    this.#advance(inFlight, nowMs);
  }

  #count(usual: UsualLatency, tookMs: number, nowMs: number): void {
    const bits = Math.log2(Math.max(tookMs, LEAST_LATENCY_MS));
    usual.add(bits, this.#epoch, nowMs);
    if (this.#phase === MEASURING) {
      this.#measured++;
      this.#bits += bits;
      usual.adopt();
    } else {
      if (usual.isKnown) {
        this.#excess += Math.max(-MOST_HASTE, Math.min(this.#worst, bits - usual.bits));
        this.#bits += bits;
        this.#usualBits += usual.bits;
        this.#samples++;
      }
      usual.learn(nowMs);
    }
  }

  /** Nobody waits for the answer any more. Who left early says nothing; who waited too long says as much as a failure. */
  abandoned(usual: UsualLatency, fromMs: number, inFlight: number, nowMs: number): void {
    if (usual.isKnown && nowMs - fromMs > this.#bounds.tolerance * 2 ** usual.bits) this.drop(inFlight, nowMs);
  }

  /** A request failed for what it was sent to. */
  drop(inFlight: number, nowMs: number): void {
    this.#lastMs = nowMs;
    this.#drops++;
    this.#advance(inFlight, nowMs);
  }

  get #isPressed(): boolean {
    return this.#shed > 0 || this.#peak >= this.limit / 2;
  }

  #advance(inFlight: number, nowMs: number): void {
    if (this.#phase === STEADY) {
      if (nowMs >= this.#roundEndsMs) this.#endRound(nowMs);
      else if (nowMs >= this.#endsMs && this.#samples + this.#drops >= SAMPLES) this.#closeWindow(inFlight, nowMs);
    } else if (this.#phase === EMPTYING) {
      if (nowMs >= this.#phaseEndsMs) this.#measure(nowMs);
    } else if (nowMs >= this.#phaseEndsMs || (this.#isFirst && this.#hasFirst(nowMs))) {
      this.#resume(inFlight, nowMs);
    }
  }

  /** Slow answers come late: what came in the first moments is all quick. */
  #hasFirst(nowMs: number): boolean {
    const latencies = (nowMs - this.#measureFromMs) / 2 ** (this.#bits / this.#measured);
    if (this.#measured >= FIRST_REQUESTS) return latencies >= FIRST_LATENCIES;
    return this.#measured >= FEWEST_REQUESTS && latencies >= 2 * FIRST_LATENCIES && nowMs >= this.#measureFromMs + FIRST_MS;
  }

  #closeWindow(inFlight: number, nowMs: number): void {
    const { minimum, maximum, tolerance } = this.#bounds;
    const { limit } = this;
    const samples = this.#samples;
    const slowdown = 2 ** ((this.#excess + this.#drops * this.#worst) / (samples + this.#drops));
    const gradient = tolerance / slowdown;
    const isPressed = this.#isPressed;
    if (gradient < 1) this.#slowMs = nowMs;
    if (this.#shed > 0) this.#shedMs = nowMs;
    const peak = this.#peak;
    if (samples > 0) this.#usualMs = toWindow(this.#usualBits / samples);
    this.#setWindow(samples);
    this.#beginWindow(inFlight, nowMs);

    const isFloored = gradient < 1 && limit <= minimum && samples >= SAMPLES / 2;
    this.#floored = isFloored ? this.#floored + 1 : 0;
    if (nowMs < this.#roundEndsMs) this.#roundEndsMs = this.#nextRoundMs(nowMs);

    // Room for a short queue, without which an upstream's workers would now and then have nothing to do.
    const queue = Math.min(Math.sqrt(limit), limit / 4);
    let next = limit;
    if (gradient < 1) {
      next = limit * Math.max(MOST_CUT, gradient) + queue;
      // A limit that is not reached need not cost anybody anything.
      if (!isPressed) next = Math.max(next, peak + queue);
      next = Math.min(limit, next);
    } else if (isPressed) {
      next = limit + queue + limit * Math.min(MOST_GROWTH, (gradient - 1) / 2);
    }
    this.limit = Math.max(minimum, Math.min(maximum, next));
  }

  /** Of how many requests the bits are. */
  #setWindow(samples: number): void {
    if (samples > 0) this.#windowMs = toWindow(this.#bits / samples);
  }

  #beginWindow(inFlight: number, nowMs: number): void {
    this.#endsMs = nowMs + this.#windowMs;
    this.#samples = 0;
    this.#drops = 0;
    this.#excess = 0;
    this.#bits = 0;
    this.#usualBits = 0;
    this.#peak = inFlight;
    this.#shed = 0;
  }

  #endRound(nowMs: number): void {
    this.#roundEndsMs = this.#nextRoundMs(nowMs);
    const sinceMs = nowMs - Math.max(STRAINED_MS, 2 * this.#windowMs);
    const hasShed = this.#shedMs >= sinceMs;
    if (!hasShed && this.#slowMs < sinceMs && this.#floored < FLOORED_WINDOWS) return;
    const { minimum, tolerance } = this.#bounds;
    this.#floored = 0;
    this.#limitBefore = this.limit;
    // Where all are let in there is no queue of our making: it is only looked at.
    if (hasShed) this.limit = Math.max(minimum, this.limit / (2 * tolerance));
    this.#phase = EMPTYING;
    this.#phaseEndsMs = nowMs + slotOf(this.#windowMs);
  }

  #measure(nowMs: number): void {
    this.#phase = MEASURING;
    this.#epoch++;
    this.#measured = 0;
    this.#bits = 0;
    this.#measureFromMs = nowMs;
    this.#phaseEndsMs = nowMs + MEASURING_SLOTS * slotOf(this.#windowMs);
  }

  #resume(inFlight: number, nowMs: number): void {
    this.#phase = STEADY;
    this.#isFirst = false;
    this.#epoch++;
    this.limit = this.#limitBefore;
    this.#setWindow(this.#measured);
    this.#beginWindow(inFlight, nowMs);
  }

  #wake(nowMs: number): void {
    this.#lastMs = nowMs;
    if (this.#isFirst) {
      this.#measured = 0;
      this.#bits = 0;
      this.#measureFromMs = nowMs;
      this.#phaseEndsMs = nowMs + MOST_FIRST_MS;
    } else if (this.#phase !== STEADY) this.#resume(1, nowMs);
    else this.#beginWindow(1, nowMs);
  }

  #nextRoundMs(nowMs: number): number {
    const roundMs = ROUND_SLOTS * slotOf(this.#usualMs);
    return nowMs + roundMs - (this.#clock.wall() % roundMs);
  }
}

/** Twice a latency, within bounds. */
function toWindow(bits: number): number {
  return Math.max(SHORTEST_MS, Math.min(LONGEST_MS, 2 * 2 ** bits));
}

/** The shortest window times a power of two, in which a window of this length fits. */
function slotOf(windowMs: number): number {
  return SHORTEST_MS * 2 ** Math.ceil(Math.log2(windowMs / SHORTEST_MS));
}
