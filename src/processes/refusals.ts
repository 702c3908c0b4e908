// Who was refused a moment ago and would be again: a flood is answered in the worker, and costs the supervisor one question a key and
// second. Only time undoes such a refusal here, or units that this worker gives back. @hot

import type { Ask, Take } from "../limits/index.ts";

/** Units that another worker gives back are seen so much later by who was refused here. */
const LONGEST_MS = 1000;
/** Of one meter. The oldest goes first: it is the next to be over. */
const MOST_KEPT = 10_000;

interface Refusal {
  readonly asks: readonly Ask[];
  readonly atMs: number;
  readonly untilMs: number;
}

export class Refusals {
  readonly #kept = new Map<string, Refusal>();

  get size(): number {
    return this.#kept.size;
  }

  /** `ask`, of this meter, is why its take was refused. */
  keep(ask: Ask, take: Take, nowMs: number): void {
    const kept = this.#kept;
    // In the order of their ends.
    kept.delete(ask.key);
    if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value as string);
    kept.set(ask.key, { asks: take.asks, atMs: nowMs, untilMs: nowMs + Math.min(ask.retryMs, LONGEST_MS) });
  }

  /** True: it was refused for this key, all that it asks included, and the asks are told the same again. */
  answer(key: string, take: Take, nowMs: number): boolean {
    const refusal = this.#kept.get(key);
    if (refusal === undefined) return false;
    if (nowMs >= refusal.untilMs) {
      this.#kept.delete(key);
      return false;
    }
    if (!isSame(refusal.asks, take.asks)) return false;
    tellAgain(refusal, take.asks, nowMs);
    return true;
  }

  forget(key: string): void {
    this.#kept.delete(key);
  }
}

function isSame(some: readonly Ask[], others: readonly Ask[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) {
    const [ask, other] = [some[i]!, others[i]!];
    if (ask.meter !== other.meter || ask.cost !== other.cost || ask.key !== other.key) return false;
  }
  return true;
}

function tellAgain({ asks, atMs }: Refusal, others: readonly Ask[], nowMs: number): void {
  const passedMs = nowMs - atMs;
  for (let i = 0; i < asks.length; i++) {
    const [ask, other] = [asks[i]!, others[i]!];
    other.isAdmitted = ask.isAdmitted;
    other.remaining = ask.remaining;
    other.resetMs = Math.max(0, ask.resetMs - passedMs);
    other.retryMs = Math.max(0, ask.retryMs - passedMs);
    other.delayMs = 0;
  }
}
