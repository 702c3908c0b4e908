// Nonces of signatures that were good, for as long as the same signature would be good again. Nothing is forgotten to make room: who signs
// more than fit is refused, since a replay could hide behind what was forgotten. A worker's own.

import type { Clock } from "../../base/index.ts";

const MOST = 200_000;

export class SeenNonces {
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #most: number;
  /** All are kept for the same time, so the first is the first to go. */
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Clock, keepMs: number, most = MOST) {
    this.#clock = clock;
    this.#keepMs = keepMs;
    this.#most = most;
  }

  take(keyId: string, nonce: string): "new" | "seen" | "full" {
    const nowMs = this.#clock.now();
    for (const [key, untilMs] of this.#untilMs) {
      if (untilMs > nowMs) break;
      this.#untilMs.delete(key);
    }
    const key = `${keyId.length} ${keyId}${nonce}`;
    if (this.#untilMs.has(key)) return "seen";
    if (this.#untilMs.size >= this.#most) return "full";
    this.#untilMs.set(key, nowMs + this.#keepMs);
    return "new";
  }
}
