// When the store is told what, and what becomes of its answers. One batch is under way at a time. One that got no answer goes again as it was,
// and what was counted since waits for the next: so nothing is lost, and nothing is counted twice.
//
// A sync takes all that has something to say, about each second. A key that comes near its limit is told sooner, at most ten times a second, and
// only where a hundred requests have come for each call that is made (or a quarter of the interval has gone by without any).

import type { Clock, ScheduledCall } from "../../base/index.ts";
import type { CountersWatcher } from "../counters.ts";
import type { Meter } from "../rule.ts";
import type { CounterTimes, MeterCounter } from "./meter-counter.ts";
import { OwnUnits } from "./own-units.ts";
import type { ApproximateRule, SyncBatch, SyncEntry, SyncPort, SyncReply } from "./sync-port.ts";

export interface SynchroniserOptions {
  readonly port: SyncPort;
  readonly clock: Clock;
  readonly times: CounterTimes;
  readonly watcher: CountersWatcher | null;
  readonly random: () => number;
  /** By meter id; a reload changes it. */
  readonly counters: ReadonlyMap<string, MeterCounter>;
}

const TICKS_A_SYNC = 10;
/** More wait for the next tick, so that no request waits long for a sync. */
const MOST_KEYS_A_TICK = 4096;
const MOST_KEYS_SOONER = 256;
const REQUESTS_A_CALL = 100;
const MOST_UNSPENT = 2000;
/** Without anything to say, the store's clock is read as often as this. */
const IDLE_MS = 30_000;
/** One failure may be one slow answer. Two in a row, a tick apart, are a store that is away; and so is one of a store that never answered. */
const FAILURES_UNTIL_AWAY = 2;
const MOST_RETRY_MS = 500;
/** For the first answer, before which the link to the store has to be made. */
const FIRST_ANSWER_MS = 2000;
const LEAST_SWEPT = 64;
const MOST_SWEPT = 8192;
const MOST_DETAIL = 200;
const STORE = "redis-sync";

class Entry extends OwnUnits implements SyncEntry {
  readonly counter: MeterCounter;
  readonly slot: number;
  readonly key: string;

  constructor(counter: MeterCounter, slot: number) {
    super();
    this.counter = counter;
    this.slot = slot;
    this.key = counter.keyOf(slot);
  }

  get meter(): Meter {
    return this.counter.meter;
  }

  get rule(): ApproximateRule {
    return this.counter.rule;
  }
}

interface Batch extends SyncBatch {
  readonly entries: readonly Entry[];
}

interface Attempt {
  readonly batch: Batch;
  readonly sentAtMs: number;
}

export class Synchroniser {
  /** Requests so far; counted by whoever decides them. */
  takes = 0;
  /** The store's Unix time, less our clock's now(). Our own wall clock's until the store has told its own. */
  offsetMs: number;
  isAway = false;
  calls = 0;
  /** Settled when the store has answered, or is known to be away. */
  readonly started: Promise<void>;
  #onStarted: () => void = () => {};
  readonly #port: SyncPort;
  readonly #clock: Clock;
  readonly #times: CounterTimes;
  readonly #watcher: CountersWatcher | null;
  readonly #counters: ReadonlyMap<string, MeterCounter>;
  readonly #tickMs: number;
  #sequence = 0;
  #attempt: Attempt | null = null;
  #unanswered: Batch | null = null;
  #failures = 0;
  #retryAtMs = 0;
  #nextAtMs: number;
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #takesThen = 0;
  #callsThen = 1;
  /** Requests that no call has been made for; negative where calls were made ahead of them. */
  #unspent = 0;
  #tick: ScheduledCall;
  #isClosed = false;
  readonly #onTick = (): void => this.#ticked();

  constructor({ port, clock, times, watcher, random, counters }: SynchroniserOptions) {
    this.#port = port;
    this.#clock = clock;
    this.#times = times;
    this.#watcher = watcher;
    this.#counters = counters;
    this.#tickMs = times.syncEveryMs / TICKS_A_SYNC;
    this.offsetMs = clock.wall() - clock.now();
    this.#nextAtMs = clock.now() + random() * times.syncEveryMs;
    this.#tick = clock.schedule(this.#onTick, random() * this.#tickMs);
    this.started = new Promise((resolve) => {
      this.#onStarted = resolve;
    });
    this.#send([]);
  }

  close(): void {
    this.#isClosed = true;
    this.#tick.cancel();
    this.#port.close();
    this.#onStarted();
  }

  #ticked(): void {
    const nowMs = this.#clock.now();
    this.#tick = this.#clock.schedule(this.#onTick, this.#tickMs);
    this.#sweep(nowMs + this.offsetMs);
    const attempt = this.#attempt;
    if (attempt !== null) {
      // The port has a timeout of its own; this one is for one that has not.
      const mostMs = this.#hasHeard ? this.#times.syncEveryMs : Math.max(FIRST_ANSWER_MS, this.#times.syncEveryMs);
      if (nowMs - attempt.sentAtMs > mostMs) this.#failed(attempt, new Error("no answer"));
    } else if (this.#unanswered !== null) {
      if (nowMs >= this.#retryAtMs) this.#try(this.#unanswered);
    } else if (nowMs >= this.#nextAtMs) {
      const entries = this.#collectAll();
      if (entries.length < MOST_KEYS_A_TICK) this.#nextAtMs = Math.max(this.#nextAtMs, nowMs - this.#tickMs) + this.#times.syncEveryMs;
      if (entries.length > 0 || nowMs - this.#heardAtMs >= IDLE_MS) this.#send(entries);
    } else if (this.#mayCallSooner(nowMs)) {
      const entries = this.#collectWanted();
      if (entries.length > 0) this.#send(entries);
    }
  }

  #mayCallSooner(nowMs: number): boolean {
    this.#unspent = Math.min(MOST_UNSPENT, this.#unspent + this.takes - this.#takesThen);
    this.#takesThen = this.takes;
    return this.#unspent >= REQUESTS_A_CALL * this.#callsThen || nowMs - this.#sentAtMs >= (this.#times.syncEveryMs * this.#callsThen) / 4;
  }

  #collectAll(): Entry[] {
    const entries: Entry[] = [];
    for (const counter of this.#counters.values()) {
      // All that are wanted are dirty.
      counter.wanted.length = 0;
      collect(counter, counter.dirty, MOST_KEYS_A_TICK - entries.length, entries, this.#storeNow());
    }
    return entries;
  }

  #collectWanted(): Entry[] {
    const entries: Entry[] = [];
    for (const counter of this.#counters.values())
      collect(counter, counter.wanted, MOST_KEYS_SOONER - entries.length, entries, this.#storeNow());
    return entries;
  }

  #storeNow(): number {
    return this.#clock.now() + this.offsetMs;
  }

  #send(entries: readonly Entry[]): void {
    this.#sequence++;
    this.#try({ sequence: this.#sequence, ...this.#times, entries });
  }

  #try(batch: Batch): void {
    const attempt: Attempt = { batch, sentAtMs: this.#clock.now() };
    this.#attempt = attempt;
    this.#sentAtMs = attempt.sentAtMs;
    this.#port.sync(batch).then(
      (reply) => this.#answered(attempt, reply),
      (error: unknown) => this.#failed(attempt, error),
    );
  }

  #answered(attempt: Attempt, reply: SyncReply): void {
    // One that had been given up: the batch has gone again, or will, and is not counted twice.
    if (this.#attempt !== attempt || this.#isClosed) return;
    this.#attempt = null;
    this.#unanswered = null;
    this.#failures = 0;
    const nowMs = this.#clock.now();
    this.#heardAtMs = nowMs;
    this.#callsThen = Math.max(1, reply.calls);
    this.calls += reply.calls;
    this.#unspent = Math.max(-MOST_UNSPENT, this.#unspent - REQUESTS_A_CALL * reply.calls);
    this.#learnClock(reply.atMs, attempt.sentAtMs, nowMs);
    this.#onStarted();
    const { entries } = attempt.batch;
    for (const { atMs } of reply.readings) this.#learnClock(atMs, attempt.sentAtMs, nowMs);
    reply.readings.forEach((reading, index) => {
      const entry = entries[index]!;
      entry.counter.read(entry.slot, entry, reading, nowMs + this.offsetMs);
    });
    if (!this.isAway) return;
    this.isAway = false;
    for (const counter of this.#counters.values()) counter.onStoreBack(nowMs + this.offsetMs);
    this.#watcher?.onStore(STORE, "up", "");
  }

  /** The store read its clock between the two moments; ours is moved as little as that asks for. */
  #learnClock(storeMs: number, sentAtMs: number, heardAtMs: number): void {
    this.offsetMs = Math.min(Math.max(this.offsetMs, storeMs - heardAtMs), storeMs - sentAtMs);
  }

  #failed(attempt: Attempt, error: unknown): void {
    if (this.#attempt !== attempt || this.#isClosed) return;
    this.#attempt = null;
    this.#unanswered = attempt.batch;
    this.#failures++;
    this.#retryAtMs = this.#clock.now() + (this.#failures < FAILURES_UNTIL_AWAY ? 0 : Math.min(MOST_RETRY_MS, this.#times.syncEveryMs));
    if (this.isAway || (this.#failures < FAILURES_UNTIL_AWAY && this.#hasHeard)) return;
    this.isAway = true;
    this.#onStarted();
    this.#watcher?.onStore(STORE, "down", (error instanceof Error ? error.message : String(error)).slice(0, MOST_DETAIL));
  }

  get #hasHeard(): boolean {
    return this.#heardAtMs !== Number.NEGATIVE_INFINITY;
  }

  #sweep(storeNowMs: number): void {
    for (const counter of this.#counters.values())
      counter.sweep(storeNowMs, Math.min(MOST_SWEPT, Math.max(LEAST_SWEPT, Math.ceil(counter.keys / 50))));
  }
}

/** Moves what the slots of a list have to say into entries, `most` of them, and takes them off the list. */
function collect(counter: MeterCounter, slots: number[], most: number, entries: Entry[], storeNowMs: number): void {
  let seen = 0;
  const full = entries.length + most;
  for (; seen < slots.length && entries.length < full; seen++) {
    const entry = new Entry(counter, slots[seen]!);
    if (counter.collect(entry.slot, storeNowMs, entry)) entries.push(entry);
  }
  if (seen === slots.length) slots.length = 0;
  else slots.splice(0, seen);
}
