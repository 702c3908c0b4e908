// Addresses whose HTTP/2 connections had to be ended for a flood. An allowance belongs to a connection, and who has used one up only has to
// connect again: so for a minute connections from there have less of everything that is wasted. Who wastes nothing sees no difference,
// also behind the same proxy.

import { ipKey } from "../base/index.ts";

const SUSPECTED_MS = 60_000;
/** Beyond this the oldest are forgotten: whoever has so many addresses gains nothing by connecting again. */
const MOST = 10_000;

export class Suspects {
  /** Until when, in the order of it. IPv6 by its /64. */
  readonly #untilMs = new Map<string, number>();

  add(address: string, nowMs: number): void {
    // A unix socket has none.
    if (address === "") return;
    const key = ipKey(address);
    this.#untilMs.delete(key);
    this.#untilMs.set(key, nowMs + SUSPECTED_MS);
    if (this.#untilMs.size > MOST) this.#forgetFirst();
  }

  has(address: string, nowMs: number): boolean {
    if (this.#untilMs.size === 0 || address === "") return false;
    const untilMs = this.#untilMs.get(ipKey(address));
    return untilMs !== undefined && nowMs < untilMs;
  }

  #forgetFirst(): void {
    for (const key of this.#untilMs.keys()) {
      this.#untilMs.delete(key);
      return;
    }
  }
}
