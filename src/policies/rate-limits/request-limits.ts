// One request on its way through its limits, those of the listener and of the route: what it asked, what it waits for, what it holds. @hot
//
// A store may answer when the request has moved on: its client has left, or its deadline was answered. Whatever such an answer brings is
// given back at once; what came in time is given back when the exchange ends, once.

import { type Fault, Timer, type TimerOwner } from "../../base/index.ts";
import type { FieldName } from "../../http/index.ts";
import { type Ask, BY_OPEN, Take, type TakeOwner } from "../../limits/index.ts";
import { ANSWERED, CONTINUE, type Exchange, type MemoryKey, PENDING, REQUEST, type StepResult } from "../../pipeline/index.ts";
import type { LimitAsk } from "./applied-limit.ts";
import { readCost } from "./cost-header.ts";
import type { LimitPhase } from "./limit-phase.ts";
import { refuse } from "./refusal.ts";

export const REQUEST_LIMITS: MemoryKey<RequestLimits> = { name: "rate limits" };

/** What was asked of limits for a request, as far as it is decided; empty where no limit applied. */
export function limitAsksOf(exchange: Exchange): readonly Ask[] {
  const limits = exchange.recall(REQUEST_LIMITS);
  return limits === null ? NOTHING : limits.asks;
}

const NOTHING: readonly Ask[] = [];

/** For how long limits have held the request, in ms. */
export function limitDelayOf(exchange: Exchange): number {
  const limits = exchange.recall(REQUEST_LIMITS);
  return limits === null ? 0 : limits.delayedMs;
}

export class RequestLimits implements TakeOwner, TimerOwner {
  /** The outermost phase: its response step is the last, and tells of all. */
  readonly first: LimitPhase;
  /** Of all phases so far, as far as they are decided. */
  readonly asks: LimitAsk[] = [];
  /** Of all phases so far. */
  delayedMs = 0;
  readonly #exchange: Exchange;
  #phase: LimitPhase;
  /** Of the phase: the store that is asked next, and where its asks begin. */
  #store = 0;
  #from = 0;
  #ticket = 0;
  #delay: Timer | null = null;

  constructor(exchange: Exchange, first: LimitPhase) {
    this.#exchange = exchange;
    this.first = first;
    this.#phase = first;
  }

  /** A request step. */
  run(phase: LimitPhase): StepResult {
    this.#phase = phase;
    this.#store = 0;
    this.#from = this.asks.length;
    const result = this.#askStores();
    if (result === ANSWERED) return this.#exchange.answerFault(this.#refuse());
    if (result === PENDING) this.#ticket = this.#exchange.suspend();
    return result;
  }

  /** Until one refuses (ANSWERED), has to be waited for, or all have admitted it. */
  #askStores(): StepResult {
    const { stores } = this.#phase;
    while (this.#store < stores.length) {
      const store = stores[this.#store++]!;
      const asks = store.asksOf(this.#exchange);
      if (asks.length === 0) continue;
      const take = new Take(asks, this);
      if (!store.counters.take(take)) return PENDING;
      if (!this.#accept(take)) return ANSWERED;
    }
    return this.#pass();
  }

  /** What was decided in time. False: refused. */
  #accept(take: Take): boolean {
    const asks = take.asks as readonly LimitAsk[];
    const isAdmitted = take.isAdmitted;
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      ask.isHeld = isAdmitted && isTaken(ask);
      this.asks.push(ask);
    }
    return isAdmitted;
  }

  /** All stores of the phase have admitted it: it goes on, at once or when the bucket that is fullest lets it. */
  #pass(): StepResult {
    const { asks } = this;
    let delayMs = 0;
    for (let i = this.#from; i < asks.length; i++) {
      const ask = asks[i]!;
      ask.limit.countPassed(ask);
      if (ask.delayMs > delayMs && ask.isAdmitted && !ask.meter.isDryRun) delayMs = ask.delayMs;
    }
    if (delayMs === 0) return CONTINUE;
    this.delayedMs += delayMs;
    this.#delay ??= new Timer(this, 0);
    this.#exchange.runtime.wheel.arm(this.#delay, delayMs);
    return PENDING;
  }

  /** The last store that was asked refuses it: what the others of the phase have counted is given back. */
  #refuse(): Fault {
    const { asks } = this;
    for (let i = this.#from; i < asks.length; i++) {
      const ask = asks[i]!;
      ask.limit.countRefused(ask);
    }
    const last = this.#phase.stores[this.#store - 1]!;
    for (let i = this.#from; i < asks.length && asks[i]!.limit.counters !== last.counters; i++) giveBack(asks[i]!);
    return refuse(asks);
  }

  onDecided(take: Take): void {
    const exchange = this.#exchange;
    if (exchange.stage !== REQUEST) {
      if (take.isAdmitted) releaseAll(take.asks as readonly LimitAsk[]);
      return;
    }
    const result = this.#accept(take) ? this.#askStores() : ANSWERED;
    if (result === CONTINUE) exchange.resume(this.#ticket);
    else if (result === ANSWERED) exchange.fail(this.#ticket, this.#refuse());
  }

  onTimer(): void {
    this.#exchange.resume(this.#ticket);
  }

  /** An upstream's response says, or fails to say, what requests that are counted by this header cost. */
  settle(header: FieldName, text: string | null): void {
    const { asks } = this;
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      const { costHeader, counters } = ask.limit;
      if (costHeader === null || costHeader.name.lower !== header.lower) continue;
      const units = readCost(text, costHeader.most);
      if (units < 0) {
        ask.limit.countEstimated();
        continue;
      }
      const more = units - ask.cost;
      if (more === 0 || !ask.isCounted) continue;
      counters.charge(ask.meter, ask.key, more);
      ask.remaining = Math.max(0, ask.remaining - more);
      ask.used = Math.max(0, ask.used + more);
    }
  }

  /** The exchange is over. */
  end(): void {
    if (this.#delay !== null) this.#exchange.runtime.wheel.disarm(this.#delay);
    const { asks } = this;
    for (let i = 0; i < asks.length; i++) if (asks[i]!.isHeld) release(asks[i]!);
  }
}

function giveBack(ask: LimitAsk): void {
  if (ask.isHeld) release(ask);
  else if (!ask.isCounted || ask.isConcurrency || ask.cost === 0) return;
  else ask.limit.counters.charge(ask.meter, ask.key, -ask.cost);
  ask.remaining += ask.cost;
  ask.used = Math.max(0, ask.used - ask.cost);
}

/** Of an admitted take: somebody counts the unit as taken. */
function isTaken({ isAdmitted, isConcurrency, decidedBy }: LimitAsk): boolean {
  return isAdmitted && isConcurrency && decidedBy !== BY_OPEN;
}

function releaseAll(asks: readonly LimitAsk[]): void {
  for (let i = 0; i < asks.length; i++) if (isTaken(asks[i]!)) release(asks[i]!);
}

function release(ask: LimitAsk): void {
  ask.isHeld = false;
  ask.limit.counters.release(ask);
}
