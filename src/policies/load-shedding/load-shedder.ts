// What lets requests in, or not: one for a worker's gateway and one for each of its upstreams that has `loadShedding`. It outlives the
// configuration that made it, so that a reload under load forgets nothing. @hot

import type { Clock } from "../../base/index.ts";
import { PRIORITIES, type Priority, type SheddingConfig } from "../../config/index.ts";
import type { Exchange } from "../../pipeline/index.ts";
import { AdaptiveLimit } from "./adaptive-limit.ts";
import { type Place, Places } from "./places.ts";
import { UsualLatency } from "./usual-latency.ts";

/**
 * How much of the limit may be under way, whoever's it is, for a request of the class to be let in. So what is under way has room for a
 * critical one as long as the limit is not reached, and those of low priority wait for nobody: they are refused when a third of the room is left.
 */
export const SHARES: Readonly<Record<Priority, number>> = { critical: 1, high: 0.95, normal: 0.85, low: 0.7 };

/** What is shown of one; read when somebody asks for metrics. */
export interface SheddingMetrics {
  readonly limit: number;
  readonly inFlight: number;
  /** Requests that were not let in, since the start. */
  shed(priority: Priority): number;
}

export class LoadShedder implements SheddingMetrics {
  readonly settings: SheddingConfig;
  readonly #adaptive: AdaptiveLimit;
  readonly #shed = new Float64Array(PRIORITIES.length);
  /** By class: below how many under way one is let in. */
  readonly #rooms = new Float64Array(PRIORITIES.length);
  readonly #shares: Float64Array;
  readonly #usual = new Map<string, WeakRef<UsualLatency>>();
  readonly #places = new Places();
  inFlight = 0;
  /** Of which `rooms` were made. */
  #roomsOf = 0;

  constructor(settings: SheddingConfig, clock: Clock) {
    this.settings = settings;
    this.#adaptive = new AdaptiveLimit(settings, clock);
    this.#shares = new Float64Array(PRIORITIES.length);
    for (let i = 0; i < PRIORITIES.length; i++) this.#shares[i] = SHARES[PRIORITIES[i]!];
    this.#divide();
  }

  get limit(): number {
    return Math.floor(this.#adaptive.limit);
  }

  shed(priority: Priority): number {
    return this.#shed[PRIORITIES.indexOf(priority)]!;
  }

  /**
   * Of a route: what its requests are compared with. Kept by name as long as something that was compiled holds it. Configuration time only.
   */
  usualOf(route: string): UsualLatency {
    const kept = this.#usual.get(route)?.deref();
    if (kept !== undefined) return kept;
    // hot-exception: configuration time, load-shedding.bench.ts
    this.#usual.forEach((each, name) => {
      if (each.deref() === undefined) this.#usual.delete(name);
    });
    const usual = new UsualLatency();
    this.#usual.set(route, new WeakRef(usual));
    return usual;
  }

  /** Lets a request in, or not. `level` is the place of its class in PRIORITIES. Who was let in is released, once. */
  admit(level: number, nowMs: number): boolean {
    const adaptive = this.#adaptive;
    if (this.inFlight >= this.#rooms[level]!) {
      this.#shed[level]!++;
      adaptive.shed();
      return false;
    }
    adaptive.admitted(++this.inFlight, nowMs);
    return true;
  }

  /** As admit(); who is let in has a place, which others may have while it rests. Null: not let in. */
  admitExchange(exchange: Exchange, level: number, nowMs: number): Place | null {
    if (this.inFlight >= this.#rooms[level]!) this.inFlight -= this.#places.review(nowMs);
    return this.admit(level, nowMs) ? this.#places.add(exchange, nowMs) : null;
  }

  /** Before it is released: it counts, whether it rested or not. */
  leave(place: Place): void {
    this.#places.remove(place);
    if (!place.isHeld) this.inFlight++;
  }

  /** It is over, and says nothing of what it was sent to. */
  release(): void {
    this.inFlight--;
  }

  /** It had its response's head now, and was all there to be sent at `fromMs`. */
  releaseAnswered(usual: UsualLatency, fromMs: number, nowMs: number): void {
    this.#adaptive.sample(usual, fromMs, --this.inFlight, nowMs);
    if (this.#roomsOf !== this.#adaptive.limit) this.#divide();
  }

  /** Nobody waits for it any more, `nowMs - fromMs` after it was sent. */
  releaseAbandoned(usual: UsualLatency, fromMs: number, nowMs: number): void {
    this.#adaptive.abandoned(usual, fromMs, --this.inFlight, nowMs);
    if (this.#roomsOf !== this.#adaptive.limit) this.#divide();
  }

  /** What it was sent to failed. */
  releaseFailed(nowMs: number): void {
    this.#adaptive.drop(--this.inFlight, nowMs);
    if (this.#roomsOf !== this.#adaptive.limit) this.#divide();
  }

  #divide(): void {
    this.#roomsOf = this.#adaptive.limit;
    // Whatever its class, one that comes when nothing is under way is let in.
    for (let i = 0; i < this.#rooms.length; i++) this.#rooms[i] = Math.max(1, Math.floor(this.#roomsOf * this.#shares[i]!));
  }
}
