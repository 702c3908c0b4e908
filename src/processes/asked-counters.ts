// Counters as a worker has them: the supervisor counts for all workers, so that `store: local` is one for the gateway. What a turn of the
// event loop asks goes in one message. A worker that is alone counts by itself and tells what it counted, which whoever comes next goes on from. @hot
//
//   several workers   each take is asked for
//   one               counted here, once all that matters was counted here; told every 50 ms. Till then it is asked for and counted here too
//   no answer in 250 ms, or nobody to ask: counted here

import { type Clock, RingQueue } from "../base/index.ts";
import { type Ask, BY_LOCAL, type Counters, type Meter, type Take } from "../limits/index.ts";
import { AskedMeters } from "./asked-meters.ts";
import { ChargeLog } from "./charge-log.ts";
import { type CountedMessage, type CountingMessage, type CountMessage, NUMBERS_OF_AN_ASK } from "./messages.ts";
import { MeterUses } from "./meter-uses.ts";
import type { OwnCounters } from "./own-counters.ts";

export interface AskedCountersHost {
  /** Counts in this process. */
  readonly local: OwnCounters;
  readonly clock: Clock;
  send(message: CountMessage): void;
  /** Calls back at the end of this turn of the event loop. */
  defer(callback: () => void): void;
}

/** After it a take is decided here. */
export const ANSWER_MS = 250;
/** A worker that is alone and crashes takes with it what it counted in so much time. */
export const TELL_EVERY_MS = 50;
/** Takes without an answer. What comes beyond is decided here. */
export const MOST_WAITING = 10_000;

/** The lease of a unit that the supervisor holds for this worker. */
const ASKED: object = {};

/** What was sent in one message. */
class Batch {
  readonly takes: Take[] = [];
  /** Of each take: whether all that it asks has been counted here too, ahead of the answer. */
  readonly shadowed: boolean[] = [];
  /** Of each ask, when the answer did not come in time: whether it was counted. */
  readonly counted: boolean[] = [];
  ask = 0;
  sentAtMs = 0;
}

export class AskedCounters implements Counters {
  readonly #host: AskedCountersHost;
  readonly #local: OwnCounters;
  readonly #meters = new AskedMeters();
  readonly #charges = new ChargeLog();
  readonly #uses: MeterUses;
  /** Of this turn. */
  #batch = new Batch();
  readonly #sent = new RingQueue<Batch>();
  /** Decided here, since the answer did not come; it may come yet. */
  readonly #overdue = new RingQueue<Batch>();
  #waiting = 0;
  #asks = 0;
  /** Concurrency that was taken here and never told. */
  readonly #untold = new Set<Ask>();
  #isAlone = false;
  #heard = 0;
  #aloneFromMs = Number.POSITIVE_INFINITY;
  #isGone = false;
  #isFlushing = false;
  #isWatching = false;
  #isTelling = false;
  readonly #onTurnEnd: () => void;
  readonly #onLate: () => void;
  readonly #onLateTurnEnd: () => void;
  readonly #onTell: () => void;

  constructor(host: AskedCountersHost) {
    this.#host = host;
    this.#local = host.local;
    this.#uses = new MeterUses(host.local);
    // hot-exception: these four once a process, asked-counters.bench.ts
    this.#onTurnEnd = () => this.#flush();
    // Answers that have come while this process was busy are heard first. hot-exception: see above
    this.#onLate = () => host.defer(this.#onLateTurnEnd);
    // hot-exception: see above
    this.#onLateTurnEnd = () => this.#judgeLate();
    // hot-exception: see above
    this.#onTell = () => this.#tell();
  }

  /** Says that it is there, so that the supervisor says whether it is alone. Once, first. */
  greet(): void {
    this.#send([]);
  }

  take(take: Take): boolean {
    if (this.#isGone) return this.#local.take(take);
    if (this.#isAlone && this.#isSole(take)) return this.#takeHere(take);
    if (this.#isRefusedAgain(take)) return true;
    if (this.#isStalled || this.#waiting >= MOST_WAITING) {
      this.#takeHere(take);
      markLocal(take);
      return true;
    }
    this.#shadow(take, this.#isAlone, 1);
    this.#batch.takes.push(take);
    this.#batch.shadowed.push(this.#isAlone);
    this.#waiting++;
    this.#flushSoon();
    return false;
  }

  charge(meter: Meter, key: string, units: number): void {
    if (meter.rule.kind === "concurrency") return;
    if (units < 0) this.#meters.of(meter).refusals.forget(key);
    if (this.#isGone || this.#isAlone) this.#local.charge(meter, key, units);
    if (this.#charges.hasRoom) this.#tellOf(meter, key, units);
  }

  release(ask: Ask): void {
    const { meter, key, cost, lease } = ask;
    if (lease === null) return;
    if (lease === ASKED) {
      ask.lease = null;
      this.#local.hold(meter, key, -cost);
    } else {
      this.#local.release(ask);
      if (this.#untold.size > 0 && this.#untold.delete(ask)) return;
    }
    this.#tellOf(meter, key, -cost);
  }

  /** Takes under way are decided here, and so are those that come yet: nobody is left to ask. */
  close(): void {
    if (this.#isGone) return;
    // What was counted and not told is told yet, if somebody hears it.
    if (this.#batch.takes.length === 0) this.#flush();
    this.#isGone = true;
    for (let batch = this.#sent.shift(); batch !== null; batch = this.#sent.shift()) this.#decideHere(batch);
    this.#decideHere(this.#batch);
    this.#batch = new Batch();
  }

  /** Throws on what is no answer to what was asked. */
  receive(message: CountedMessage | CountingMessage): void {
    if (this.#isGone) return;
    if (message.type === "counted") this.#hear(message);
    else this.#hearCounting(message);
  }

  #hearCounting({ word, isAlone, isFirst }: CountingMessage): void {
    this.#heard = word;
    this.#isAlone = isAlone;
    if (isAlone) {
      this.#aloneFromMs = isFirst ? Number.NEGATIVE_INFINITY : this.#host.clock.now();
      return;
    }
    this.#meters.shareAll();
    // Who came now goes on from what was counted here.
    this.#send(this.#charges.drain(this.#meters, this.#uses, this.#host.clock.now()));
  }

  #hear({ ask, answers }: CountedMessage): void {
    const isOverdue = this.#isStalled;
    const batch = isOverdue ? this.#overdue.shift() : this.#sent.shift();
    if (batch === null || batch.ask !== ask) throw new Error(`the supervisor answers count ${ask}, which was not the next to be answered`);
    if (answers.length !== countAsks(batch) * NUMBERS_OF_AN_ASK) throw new Error(`the supervisor's answer to count ${ask} is not complete`);
    if (isOverdue) {
      this.#settle(batch, answers);
      if (!this.#isStalled && this.#charges.size > 0) this.#flushSoon();
    } else this.#decide(batch, answers);
  }

  get #isStalled(): boolean {
    return this.#overdue.size > 0;
  }

  #isSole({ asks }: Take): boolean {
    for (let i = 0; i < asks.length; i++) {
      const known = this.#meters.of(asks[i]!.meter);
      if (known.isSole) continue;
      if (this.#host.clock.now() < this.#aloneFromMs + known.memoryMs) return false;
      known.isSole = true;
    }
    return true;
  }

  #takeHere(take: Take): boolean {
    this.#local.take(take);
    if (!take.isAdmitted) return true;
    const { asks } = take;
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      if (!ask.isAdmitted || ask.cost === 0) continue;
      if (this.#charges.hasRoom) this.#tellOf(ask.meter, ask.key, ask.cost);
      else if (ask.meter.rule.kind === "concurrency") this.#untold.add(ask);
    }
    return true;
  }

  #isRefusedAgain(take: Take): boolean {
    const { asks } = take;
    for (let i = 0; i < asks.length; i++) {
      const { meter, key } = asks[i]!;
      const { refusals } = this.#meters.of(meter);
      if (refusals.size > 0 && refusals.answer(key, take, this.#host.clock.now())) return true;
    }
    return false;
  }

  /** Counts here (1), or takes back (-1), what a take asks of the supervisor: all of it, or what must be known here at any time. */
  #shadow({ asks }: Take, isAll: boolean, sign: 1 | -1): void {
    for (let i = 0; i < asks.length; i++) {
      const { meter, key, cost } = asks[i]!;
      this.#countHere(meter, key, sign * cost, isAll);
    }
  }

  /** `isAlone`: as of when it was asked. */
  #countHere(meter: Meter, key: string, units: number, isAlone: boolean): void {
    if (units === 0) return;
    if (meter.rule.kind === "concurrency") this.#local.hold(meter, key, units);
    else if (isAlone) this.#local.charge(meter, key, units);
  }

  #decide(batch: Batch, answers: readonly number[]): void {
    const { takes, shadowed } = batch;
    const nowMs = this.#host.clock.now();
    this.#waiting -= takes.length;
    let at = 0;
    for (let i = 0; i < takes.length; i++) {
      const take = takes[i]!;
      readAnswers(take.asks, answers, at);
      at += take.asks.length * NUMBERS_OF_AN_ASK;
      this.#keep(take, shadowed[i]!, nowMs);
      take.owner.onDecided(take);
    }
  }

  #keep(take: Take, isShadowed: boolean, nowMs: number): void {
    const { asks, isAdmitted } = take;
    let isKept = false;
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      const { meter, key, cost } = ask;
      const isConcurrency = meter.rule.kind === "concurrency";
      if (isAdmitted && ask.isAdmitted) {
        if (isConcurrency && cost > 0) ask.lease = ASKED;
        // Asked for while others counted, and now nobody else does.
        if (!isConcurrency && !isShadowed && this.#isAlone) this.#local.charge(meter, key, cost);
        continue;
      }
      this.#countHere(meter, key, -cost, isShadowed);
      if (ask.isAdmitted || isKept || isConcurrency || meter.isDryRun || ask.retryMs <= 0) continue;
      this.#meters.of(meter).refusals.keep(ask, take, nowMs);
      isKept = true;
    }
  }

  /** As if it had not been asked for. */
  #decideHere(batch: Batch): void {
    const { takes, shadowed, counted } = batch;
    for (let i = 0; i < takes.length; i++) {
      const take = takes[i]!;
      this.#shadow(take, shadowed[i]!, -1);
      this.#local.take(take);
      markLocal(take);
      const { asks, isAdmitted } = take;
      for (let j = 0; j < asks.length; j++) counted.push(isAdmitted && asks[j]!.isAdmitted);
    }
    for (let i = 0; i < takes.length; i++) takes[i]!.owner.onDecided(takes[i]!);
  }

  /** The answer to what was decided here meanwhile: what the supervisor counted otherwise is made good. */
  #settle({ takes, counted }: Batch, answers: readonly number[]): void {
    this.#waiting -= takes.length;
    let [at, place] = [0, 0];
    for (let i = 0; i < takes.length; i++) {
      const { asks } = takes[i]!;
      const isAdmitted = isTaken(asks, answers, at);
      for (let j = 0; j < asks.length; j++) {
        const { meter, key, cost } = asks[j]!;
        const isCounted = isAdmitted && answers[at] === 1;
        if (isCounted !== counted[place] && cost > 0) this.#tellOf(meter, key, isCounted ? -cost : cost);
        at += NUMBERS_OF_AN_ASK;
        place++;
      }
    }
  }

  #tellOf(meter: Meter, key: string, units: number): void {
    if (this.#isGone) return;
    this.#charges.add(meter, key, units);
    if (this.#isStalled) return;
    if (!this.#isAlone || !this.#charges.hasRoom) {
      this.#flushSoon();
      return;
    }
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#host.clock.schedule(this.#onTell, TELL_EVERY_MS);
  }

  #tell(): void {
    this.#isTelling = false;
    if (!this.#isStalled) this.#flush();
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#host.defer(this.#onTurnEnd);
  }

  #flush(): void {
    this.#isFlushing = false;
    if (this.#isGone || (this.#batch.takes.length === 0 && this.#charges.size === 0)) return;
    this.#meters.prepare();
    // Charges stay here while nothing is answered: what waits in the channel is bounded by that.
    this.#send(this.#isStalled ? [] : this.#charges.drain(this.#meters, this.#uses, this.#host.clock.now()));
  }

  #send(charges: readonly (number | string)[]): void {
    const batch = this.#batch;
    const nowMs = this.#host.clock.now();
    const takes = this.#write(batch, nowMs);
    this.#uses.sweep(nowMs);
    const { meters, isAnew } = this.#meters.takeNews();
    batch.ask = ++this.#asks;
    batch.sentAtMs = nowMs;
    this.#batch = new Batch();
    this.#sent.push(batch);
    this.#watch(ANSWER_MS);
    this.#host.send({ type: "count", ask: batch.ask, meters, isAnew, heard: this.#heard, charges, takes });
  }

  #write({ takes }: Batch, nowMs: number): (number | string)[] {
    const written: (number | string)[] = [];
    for (let i = 0; i < takes.length; i++) {
      const { asks } = takes[i]!;
      written.push(asks.length);
      for (let j = 0; j < asks.length; j++) {
        const { meter, key, cost } = asks[j]!;
        this.#uses.touch(meter, nowMs);
        written.push(this.#meters.numberOf(meter), key, cost);
      }
    }
    return written;
  }

  #watch(delayMs: number): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#host.clock.schedule(this.#onLate, delayMs);
  }

  #judgeLate(): void {
    this.#isWatching = false;
    if (this.#isGone) return;
    const nowMs = this.#host.clock.now();
    for (let batch = this.#sent.peek(); batch !== null; batch = this.#sent.peek()) {
      const restMs = batch.sentAtMs + ANSWER_MS - nowMs;
      if (restMs > 0) {
        this.#watch(restMs);
        return;
      }
      this.#sent.shift();
      this.#overdue.push(batch);
      this.#decideHere(batch);
    }
  }
}

function markLocal({ asks }: Take): void {
  for (let i = 0; i < asks.length; i++) asks[i]!.decidedBy = BY_LOCAL;
}

function countAsks({ takes }: Batch): number {
  let count = 0;
  for (let i = 0; i < takes.length; i++) count += takes[i]!.asks.length;
  return count;
}

function readAnswers(asks: readonly Ask[], answers: readonly number[], from: number): void {
  let at = from;
  for (let i = 0; i < asks.length; i++) {
    const ask = asks[i]!;
    ask.isAdmitted = answers[at] === 1;
    ask.remaining = answers[at + 1]!;
    ask.resetMs = answers[at + 2]!;
    ask.retryMs = answers[at + 3]!;
    ask.delayMs = answers[at + 4]!;
    ask.used = answers[at + 5]!;
    at += NUMBERS_OF_AN_ASK;
  }
}

/** Whether the supervisor took it. */
function isTaken(asks: readonly Ask[], answers: readonly number[], from: number): boolean {
  for (let i = 0; i < asks.length; i++) if (answers[from + i * NUMBERS_OF_AN_ASK] !== 1 && !asks[i]!.meter.isDryRun) return false;
  return true;
}
