// The shared store of gateways that are all in this process: tests and simulations. Its clock is its own; lag and outages are whoever asks.

import { addEntry, lifetimeMs, readAgain, type SharedCount } from "./shared-count.ts";
import type { SyncBatch, SyncPort, SyncReading, SyncReply } from "./sync-port.ts";

interface Kept {
  readonly count: SharedCount;
  readonly untilMs: number;
}

/** What the server keeps, whoever talks to it. */
export class MemorySyncStore {
  readonly #wall: () => number;
  readonly #counts = new Map<string, Kept>();
  /** The last batch of each gateway that was counted. */
  readonly #sequences = new Map<string, number>();

  /** `wall` is the store's clock: Unix ms. */
  constructor(wall: () => number) {
    this.#wall = wall;
  }

  apply(gateway: string, batch: SyncBatch): SyncReply {
    const nowMs = this.#wall();
    const last = this.#sequences.get(gateway) ?? 0;
    const isCounted = last >= batch.sequence;
    this.#sequences.set(gateway, Math.max(last, batch.sequence));
    const readings: SyncReading[] = [];
    for (const entry of batch.entries) {
      const name = `${entry.meter.id} ${entry.key}`;
      const kept = this.#counts.get(name);
      const before = kept !== undefined && kept.untilMs > nowMs ? kept.count : null;
      const isAgain = isCounted && before !== null;
      const count = isAgain ? readAgain(before, entry, nowMs, batch) : addEntry(before, entry, nowMs, batch);
      if (!isAgain) this.#counts.set(name, { count, untilMs: nowMs + lifetimeMs(count, entry, batch) });
      readings.push(count);
    }
    return { atMs: nowMs, calls: 1, readings };
  }
}

/** One gateway's way to it that never fails and takes no time. */
export class MemorySyncPort implements SyncPort {
  readonly #store: MemorySyncStore;
  readonly #gateway: string;

  constructor(store: MemorySyncStore, gateway: string) {
    this.#store = store;
    this.#gateway = gateway;
  }

  async sync(batch: SyncBatch): Promise<SyncReply> {
    return this.#store.apply(this.#gateway, batch);
  }

  close(): void {}
}
