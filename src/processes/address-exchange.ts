// Who has how many connections where: each worker tells of the client addresses that have many of its own, and hears the sum of the others.

import type { AddressNews } from "../gateway/index.ts";

export class AddressExchange<Worker> {
  /** By worker: counts by listener, of each its last word. */
  readonly #told = new Map<Worker, Map<string, Readonly<Record<string, number>>>>();

  tell(worker: Worker, news: AddressNews): void {
    let told = this.#told.get(worker);
    if (told === undefined) {
      told = new Map();
      this.#told.set(worker, told);
    }
    for (const [listener, counts] of Object.entries(news)) told.set(listener, counts);
  }

  /** It has ended, and its connections with it. True when others had heard of it. */
  forget(worker: Worker): boolean {
    return this.#told.delete(worker);
  }

  /** What all workers but this one have. */
  othersOf(worker: Worker): AddressNews {
    const sums: Record<string, Record<string, number>> = {};
    for (const [other, told] of this.#told) {
      if (other === worker) continue;
      for (const [listener, counts] of told) {
        const sum = sums[listener] ?? {};
        sums[listener] = sum;
        for (const [key, count] of Object.entries(counts)) if (count > 0) sum[key] = (sum[key] ?? 0) + count;
      }
    }
    return sums;
  }
}
