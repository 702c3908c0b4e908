// What a take costs a worker in nanoseconds besides the counting itself, and what one costs both sides that is asked for: all but the system
// calls, which a message costs besides (see ARCHITECTURE.md).

import { type Clock, systemClock } from "../base/index.ts";
import { Ask, type Meter, Take } from "../limits/index.ts";
import { AskedCounters } from "./asked-counters.ts";
import { CounterDesk, type CountingWorker } from "./counter-desk.ts";
import type { CountedMessage, CountingMessage, CountMessage } from "./messages.ts";
import type { OwnCounters } from "./own-counters.ts";

const ROUNDS = 400_000;
const KEYS = Array.from({ length: 1000 }, (_, index) => `203.0.113.${index}`);

const METER: Meter = {
  limit: "per-ip",
  tier: "",
  id: "per-ip-1f",
  rule: { kind: "slidingWindow", limit: 100, windowMs: 60_000 },
  onStoreFailure: null,
  isDryRun: false,
};
const OWNER = { onDecided: () => undefined };

/** Counts nothing, so that what is measured is the way to it. */
class Answers implements OwnCounters {
  readonly #isAdmitted: boolean;

  constructor(isAdmitted: boolean) {
    this.#isAdmitted = isAdmitted;
  }

  take({ asks }: Take): boolean {
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      ask.isAdmitted = this.#isAdmitted;
      ask.remaining = 99;
      ask.resetMs = 59_876;
      ask.retryMs = this.#isAdmitted ? 0 : 59_876;
    }
    return true;
  }

  charge(): void {}
  hold(): void {}
  retain(): void {}
  release(): void {}
  close(): void {}
}

/** A worker and its supervisor in one process, with messages as JSON. */
class Pair {
  readonly #deferred: (() => void)[] = [];
  readonly #scheduled: (() => void)[] = [];
  readonly counters: AskedCounters;
  #onCount: CountingWorker["onCount"] = null;

  constructor(isAlone: boolean, isAdmitted: boolean) {
    const clock: Clock = {
      now: () => systemClock.now(),
      wall: () => systemClock.wall(),
      schedule: (callback) => {
        this.#scheduled.push(callback);
        return { cancel: () => undefined };
      },
    };
    const host = {
      local: new Answers(isAdmitted),
      clock,
      send: (message: CountMessage) => this.#onCount?.(JSON.parse(JSON.stringify(message)) as CountMessage),
      defer: (callback: () => void) => this.#deferred.push(callback),
    };
    this.counters = new AskedCounters(host);
    const desk = new CounterDesk(new Answers(isAdmitted), systemClock);
    const worker: CountingWorker = {
      onCount: null,
      tellCounting: (message) => this.#hear(JSON.parse(JSON.stringify(message)) as CountedMessage | CountingMessage),
      kill: (reason) => {
        throw new Error(reason);
      },
    };
    desk.attend(worker);
    if (!isAlone) desk.attend({ ...worker, onCount: null, tellCounting: () => undefined });
    this.#onCount = worker.onCount;
    this.counters.greet();
  }

  turn(): void {
    for (const callback of this.#scheduled.splice(0)) callback();
    for (const callback of this.#deferred.splice(0)) callback();
  }

  #hear(message: CountedMessage | CountingMessage): void {
    this.counters.receive(message);
  }
}

function measure(name: string, { counters, turn }: { readonly counters: AskedCounters; turn(): void }, aTurn: number): void {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const start = performance.now();
    for (let i = 0; i < ROUNDS; i++) {
      counters.take(new Take([new Ask(METER, KEYS[i % KEYS.length]!, 1)], OWNER));
      if (i % aTurn === 0) turn();
    }
    best = Math.min(best, ((performance.now() - start) / ROUNDS) * 1e6);
  }
  console.log(`${name.padEnd(48)} ${best.toFixed(1).padStart(7)} ns`);
}

function open(isAlone: boolean, isAdmitted: boolean): { readonly counters: AskedCounters; turn(): void } {
  const pair = new Pair(isAlone, isAdmitted);
  return { counters: pair.counters, turn: () => pair.turn() };
}

measure("alone, told in sums of 2000", open(true, true), 2000);
measure("refused a moment ago", open(false, false), 2000);
measure("asked for, one a turn", open(false, true), 1);
measure("asked for, 16 a turn", open(false, true), 16);
measure("asked for, 64 a turn", open(false, true), 64);
