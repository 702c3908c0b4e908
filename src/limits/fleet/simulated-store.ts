// The shared store of a simulated fleet, as its gateways reach it: some way off, and away now and then.

import type { Clock, ScheduledCall } from "../../base/index.ts";
import type { MemorySyncStore, SyncBatch, SyncPort, SyncReply } from "../approximate/index.ts";
import type { Ask, Counters, Take } from "../counters.ts";
import type { Meter } from "../rule.ts";
import { WithoutStore } from "../without-store.ts";

/** A gateway's clock: time passes as everywhere, but what it takes for the time of day is off. */
export class SkewedClock implements Clock {
  readonly #clock: Clock;
  readonly #skewMs: number;

  constructor(clock: Clock, skewMs: number) {
    this.#clock = clock;
    this.#skewMs = skewMs;
  }

  now(): number {
    return this.#clock.now();
  }

  wall(): number {
    return Math.floor(this.#clock.wall() + this.#skewMs);
  }

  schedule(callback: () => void, delayMs: number): ScheduledCall {
    return this.#clock.schedule(callback, delayMs);
  }
}

export interface StoreWay {
  readonly clock: Clock;
  /** There, and back again. */
  readonly latencyMs: number;
  readonly timeoutMs: number;
  isAway(): boolean;
}

/** A gateway's way to the store of syncs. */
export class DistantSyncPort implements SyncPort {
  readonly #store: MemorySyncStore;
  readonly #gateway: string;
  readonly #way: StoreWay;

  constructor(store: MemorySyncStore, gateway: string, way: StoreWay) {
    this.#store = store;
    this.#gateway = gateway;
    this.#way = way;
  }

  sync(batch: SyncBatch): Promise<SyncReply> {
    const { clock, latencyMs, timeoutMs } = this.#way;
    return new Promise((resolve, reject) => {
      clock.schedule(() => {
        if (this.#way.isAway()) {
          clock.schedule(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
          return;
        }
        const reply = this.#store.apply(this.#gateway, batch);
        clock.schedule(() => resolve(reply), latencyMs);
      }, latencyMs);
    });
  }

  close(): void {}
}

/** A gateway's way to an exact store. All requests are late by the same time, which changes nothing of what is counted: it is left out. */
export class ExactWay implements Counters {
  readonly #store: Counters;
  readonly #without: WithoutStore;
  readonly #way: StoreWay;
  calls = 0;

  constructor(store: Counters, local: Counters, way: StoreWay) {
    this.#store = store;
    this.#without = new WithoutStore(local);
    this.#way = way;
  }

  take(take: Take): boolean {
    if (this.#way.isAway()) return this.#without.decide(take);
    this.calls++;
    return this.#store.take(take);
  }

  charge(meter: Meter, key: string, units: number): void {
    this.#store.charge(meter, key, units);
  }

  release(ask: Ask): void {
    this.#store.release(ask);
  }

  close(): void {}
}
