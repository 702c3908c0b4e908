// Decisions that were made, by what was asked: bounded, and each good for the same time. @hot
// A Map gives its keys in the order in which they came, and all live equally long, so the first is the one that ends first.

import { hash } from "node:crypto";

/** What a client has written into it (a path, a query) must not say how much is kept. */
const MOST_KEY = 256;

/** What stands for a text in keys: itself, or of a long one its digest. */
export function toKey(text: string): string {
  return text.length <= MOST_KEY ? text : hash("sha256", text, "base64");
}

export class DecisionCache<T> {
  readonly #most: number;
  readonly #keepForMs: number;
  // hot-exception: once a route, authorize.bench.ts
  readonly #kept = new Map<string, { readonly decision: T; readonly untilMs: number }>();

  /** `keepForMs` may be Infinity, for what only its key can change. */
  constructor(most: number, keepForMs: number) {
    this.#most = Math.max(1, most);
    this.#keepForMs = keepForMs;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Undefined: it is not known, or not any more. `nowMs` is of a clock that does not jump. */
  find(key: string, nowMs: number): T | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    if (nowMs < kept.untilMs) return kept.decision;
    this.#kept.delete(key);
    return undefined;
  }

  keep(key: string, decision: T, nowMs: number): void {
    this.#kept.delete(key);
    if (this.#kept.size >= this.#most) this.#kept.delete(this.#kept.keys().next().value as string);
    this.#kept.set(key, { decision, untilMs: nowMs + this.#keepForMs });
  }
}
