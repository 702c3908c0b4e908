// Counters that decide at once and tell the shared store about every second what they counted. @hot
//
// The bound. A unit that one gateway admits is known to the others after two syncs at the latest: one tells of it, one hears of it. So all
// gateways together admit at most what is offered to them in that time beyond the limit (offered rate × sync lag). At steady rates it is far
// less, since each gateway knows how fast the others count (meter-counter.ts): within 1 % for limits of 10,000 and more. A burst that begins on
// all gateways at once, of a key that none of them knows, is the worst: each may admit the whole limit before it first hears of another.

import type { Clock } from "../../base/index.ts";
import { type Ask, BY_LOCAL, BY_STORE, type Counters, type CountersWatcher, type Take } from "../counters.ts";
import type { Meter } from "../rule.ts";
import { WithoutStore } from "../without-store.ts";
import { type CounterTimes, type KeyRoom, MeterCounter } from "./meter-counter.ts";
import { isApproximateRule, type SyncPort } from "./sync-port.ts";
import { Synchroniser } from "./synchroniser.ts";

export interface ApproximateOptions {
  readonly port: SyncPort;
  readonly clock: Clock;
  /** Default 1000, from 100 on. */
  readonly syncEveryMs?: number;
  /** Of all meters together. Default 1,000,000: about 200 MiB. */
  readonly mostKeys?: number;
  /** Told by the name `redis-sync`, once for each change. */
  readonly watcher?: CountersWatcher;
  /** From 0 to below 1; so that gateways that start together don't sync together. */
  readonly random?: () => number;
}

const MOST_KEYS = 1_000_000;
const SYNC_EVERY_MS = 1000;
const FADE_SYNCS = 30;

/** What counts for meters with `onStoreFailure: local`. */
class AloneCounters implements Counters {
  readonly #whole: ApproximateCounters;

  constructor(whole: ApproximateCounters) {
    this.#whole = whole;
  }

  take(take: Take): boolean {
    return this.#whole.takeHere(take, BY_LOCAL);
  }

  charge(meter: Meter, key: string, units: number): void {
    this.#whole.charge(meter, key, units);
  }

  release(): void {}

  close(): void {}
}

export class ApproximateCounters implements Counters {
  readonly #clock: Clock;
  readonly #times: CounterTimes;
  readonly #room: KeyRoom;
  readonly #synchroniser: Synchroniser;
  readonly #alone: WithoutStore;
  readonly #counters = new Map<string, MeterCounter>();
  /** The same, so that a request doesn't look for a text: meters are the same objects until the next reload. */
  readonly #byMeter = new Map<Meter, MeterCounter>();
  /** Of the take that is being decided. */
  readonly #taken: MeterCounter[] = [];
  readonly #slots: number[] = [];
  readonly #free: number[] = [];

  constructor(options: ApproximateOptions) {
    const { port, clock, syncEveryMs = SYNC_EVERY_MS, mostKeys = MOST_KEYS, watcher = null, random = Math.random } = options;
    this.#clock = clock;
    this.#times = { syncEveryMs, fadeMs: FADE_SYNCS * syncEveryMs };
    this.#room = { left: mostKeys };
    this.#alone = new WithoutStore(new AloneCounters(this));
    this.#synchroniser = new Synchroniser({ port, clock, times: this.#times, watcher, random, counters: this.#counters });
  }

  /** Settled when the store has answered, or is known to be away: from then on each meter's `onStoreFailure` holds while it is. */
  get started(): Promise<void> {
    return this.#synchroniser.started;
  }

  /** Keys that are kept just now. */
  get keys(): number {
    let keys = 0;
    // hot-exception: for whoever looks, approximate-counters.bench.ts
    this.#counters.forEach((counter) => {
      keys += counter.keys;
    });
    return keys;
  }

  /** Calls of the store so far. */
  get calls(): number {
    return this.#synchroniser.calls;
  }

  /** True, always. */
  take(take: Take): boolean {
    return this.#synchroniser.isAway ? this.#alone.decide(take) : this.takeHere(take, BY_STORE);
  }

  /** Decides by what is known here. */
  takeHere(take: Take, decidedBy: Ask["decidedBy"]): boolean {
    const { asks } = take;
    const nowMs = this.#clock.now() + this.#synchroniser.offsetMs;
    let isTaken = true;
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      const counter = this.#byMeter.get(ask.meter) ?? this.#counterOf(ask.meter);
      const slot = counter.slotOf(ask.key, nowMs);
      const free = counter.freeOf(slot);
      this.#taken[i] = counter;
      this.#slots[i] = slot;
      this.#free[i] = free;
      ask.decidedBy = decidedBy;
      ask.isAdmitted = counter.isAdmitted(slot, ask.cost, free);
      if (!ask.isAdmitted && !ask.meter.isDryRun) isTaken = false;
    }
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      const counter = this.#taken[i]!;
      const slot = this.#slots[i]!;
      let free = this.#free[i]!;
      if (isTaken && ask.isAdmitted && ask.cost > 0) {
        counter.count(slot, ask.cost, free);
        free -= ask.cost;
      }
      counter.tell(slot, ask, free);
    }
    this.#synchroniser.takes++;
    return true;
  }

  charge(meter: Meter, key: string, units: number): void {
    // What was decided without being counted is not corrected either.
    if (units === 0 || (this.#synchroniser.isAway && meter.onStoreFailure !== "local")) return;
    const counter = this.#byMeter.get(meter) ?? this.#counterOf(meter);
    counter.charge(counter.slotOf(key, this.#clock.now() + this.#synchroniser.offsetMs), units);
  }

  /** Nothing that is counted with a lag is ever given back: concurrency is refused where it is first asked for. */
  release(): void {}

  /** Drops what was counted for meters that a reload has taken away; the others go on as they are. */
  retain(ids: ReadonlySet<string>): void {
    // hot-exception: once a reload, approximate-counters.bench.ts
    this.#counters.forEach((counter, id) => {
      if (ids.has(id)) return;
      this.#room.left += counter.keys;
      this.#counters.delete(id);
    });
    this.#byMeter.clear();
  }

  close(): void {
    this.#synchroniser.close();
  }

  #counterOf(meter: Meter): MeterCounter {
    let counter = this.#counters.get(meter.id);
    if (counter === undefined) {
      const { rule } = meter;
      if (!isApproximateRule(rule)) throw new Error(`"${meter.limit}" can't be counted approximately: ${rule.kind}`);
      counter = new MeterCounter(meter, rule, this.#room, this.#times);
      this.#counters.set(meter.id, counter);
    }
    this.#byMeter.set(meter, counter);
    return counter;
  }
}
