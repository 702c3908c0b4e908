// How many wrong passwords an address may try: some at once, then ten a minute. Bounded in addresses: where more have failed than
// are kept, the oldest is forgotten.

import type { Clock } from "../../base/index.ts";

const BURST = 20;
const REFILL_MS = 6_000;
const MOST_ADDRESSES = 10_000;

export class WrongPasswords {
  readonly #clock: Clock;
  /** When what an address has tried is paid back; the oldest first. */
  readonly #paidAtMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isTooMany(address: string): boolean {
    const paidAtMs = this.#paidAtMs.get(address);
    return paidAtMs !== undefined && paidAtMs - this.#clock.now() > (BURST - 1) * REFILL_MS;
  }

  add(address: string): void {
    this.#move(address, REFILL_MS);
  }

  /** It was right after all. */
  takeBack(address: string): void {
    this.#move(address, -REFILL_MS);
  }

  #move(address: string, byMs: number): void {
    const nowMs = this.#clock.now();
    const paidAtMs = Math.max(nowMs, this.#paidAtMs.get(address) ?? nowMs) + byMs;
    this.#paidAtMs.delete(address);
    if (paidAtMs <= nowMs) return;
    if (this.#paidAtMs.size >= MOST_ADDRESSES) {
      const [oldest] = this.#paidAtMs.keys();
      if (oldest !== undefined) this.#paidAtMs.delete(oldest);
    }
    this.#paidAtMs.set(address, paidAtMs);
  }
}
