// Unix time that never goes back. @hot
//
// Windows and buckets that went back in time would let in again what they had let in. When somebody puts the wall clock back, time goes on from where
// it was, by the monotonic clock and a thousandth slower, until the wall clock has caught up: no limit stands still meanwhile, and each admits a thousandth
// less. Windows are off the wall clock's by what it was put back. When it is put forward, time follows at once.

import type { Clock } from "../../base/index.ts";

const PACE = 0.999;

export class SteadyTime {
  readonly #clock: Clock;
  #lastMs = 0;
  /** While the wall clock is behind: from when on by the monotonic clock, and what time it was then. */
  #heldAtMs = 0;
  #heldMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whole ms. */
  now(): number {
    const wallMs = this.#clock.wall();
    if (this.#heldMs === 0) {
      if (wallMs >= this.#lastMs) {
        this.#lastMs = wallMs;
        return wallMs;
      }
      this.#heldMs = this.#lastMs;
      this.#heldAtMs = this.#clock.now();
    }
    const goneOnMs = Math.floor(this.#heldMs + (this.#clock.now() - this.#heldAtMs) * PACE);
    if (wallMs >= goneOnMs) this.#heldMs = 0;
    this.#lastMs = Math.max(wallMs, goneOnMs);
    return this.#lastMs;
  }
}
