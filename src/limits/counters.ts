// The port of whatever counts. A request asks of all limits of a phase at once: all of them are taken, or none. @hot
//
// Nothing is allocated for an answer: a store writes it into the asks. One that knows at once says so by its result; one that has to ask
// somebody calls the take's owner later, once, and never from inside of take().

import type { Meter } from "./rule.ts";

/** How an ask was decided. */
export const BY_STORE = 0;
/** The store is away, and the meter's `onStoreFailure` decided. */
export const BY_OPEN = 1;
export const BY_CLOSED = 2;
/** This gateway counted alone. */
export const BY_LOCAL = 3;
export type DecidedBy = typeof BY_STORE | typeof BY_OPEN | typeof BY_CLOSED | typeof BY_LOCAL;

/** What one request asks of one meter, and what it is told. */
export class Ask {
  readonly meter: Meter;
  /** What is counted apart: any text, made by the caller so that no two things have the same. */
  readonly key: string;
  /** Units, an integer from 0 on. 0 takes nothing and is told how it stands: refused where charges went beyond the limit. */
  readonly cost: number;
  /** Whether the units are there. False for a dry run's that would be refused: whoever enforces looks at the meter. */
  isAdmitted = true;
  decidedBy: DecidedBy = BY_STORE;
  /** Whole units that are left after this; of a refused ask, before it. Never negative. */
  remaining = 0;
  /** Until the limit is as if nothing had been counted, were nothing more to come: the window's or period's end, the bucket's fullness. 0: unknown. */
  resetMs = 0;
  /** Of a refused ask: after which the same cost may be admitted. 0: unknown, or it never can be (more than the limit). */
  retryMs = 0;
  /** Of an admitted ask of a leaky bucket: how long the request has to wait. */
  delayMs = 0;
  /** Of a quota: units used in the period, this one's included, as far as they are known. */
  used = 0;
  /** The store's own, from taking a unit of concurrency to giving it back. */
  lease: object | null = null;

  constructor(meter: Meter, key: string, cost: number) {
    this.meter = meter;
    this.key = key;
    this.cost = cost;
  }
}

export interface TakeOwner {
  onDecided(take: Take): void;
}

/** The asks of one request that one store decides together. */
export class Take {
  /** Of different meters each: none is told what another one of them takes. */
  readonly asks: readonly Ask[];
  readonly owner: TakeOwner;

  constructor(asks: readonly Ask[], owner: TakeOwner) {
    this.asks = asks;
    this.owner = owner;
  }

  /** Whether all that are enforced are admitted. */
  get isAdmitted(): boolean {
    const asks = this.asks;
    for (let i = 0; i < asks.length; i++) if (!asks[i]!.isAdmitted && !asks[i]!.meter.isDryRun) return false;
    return true;
  }
}

export interface Counters {
  /** True: decided. False: the owner hears of it later. A store that fails decides by each meter's `onStoreFailure`; it never throws. */
  take(take: Take): boolean;
  /**
   * Counts `units` more, or fewer when negative, whatever the limit says: a cost that is known afterwards, or a request that another limit
   * refused. It may be late, and is lost when the store is away.
   */
  charge(meter: Meter, key: string, units: number): void;
  /** Gives back an admitted ask of a concurrency meter. Once; further calls do nothing. */
  release(ask: Ask): void;
  /** What it holds open goes. Takes under way are decided. */
  close(): void;
}

/** What happened to a store, for metrics and the log: called once for each change of state. */
export interface CountersWatcher {
  onStore(store: string, state: "up" | "down", detail: string): void;
  /** It is away still, for a reason that has not been told since it went. */
  onReason?(store: string, detail: string): void;
}
