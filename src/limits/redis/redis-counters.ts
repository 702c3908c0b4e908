// @hot Exact counters on Redis: what is asked in one turn of the event loop goes to the server in one call, or one for each part of a cluster.
//
// What the server counted for a take that was decided without it stays counted: the limit is then kept a little more strictly than it says, until
// those units have gone by. Units of concurrency are taken off again (holdings.ts).

import { randomBytes } from "node:crypto";
import type { Clock, ScheduledCall } from "../../base/index.ts";
import { type Ask, BY_LOCAL, type Counters, type Take } from "../counters.ts";
import type { Meter } from "../rule.ts";
import { WithoutStore } from "../without-store.ts";
import { Batch, MOST_ASKS } from "./batch.ts";
import { COUNTERS, LEASE_MS } from "./counters-script.ts";
import { hashTagOf } from "./hash-tag.ts";
import { Holdings } from "./holdings.ts";
import { HASH_TAGS, type RedisLink } from "./link.ts";
import { Part, type SplitHost, SplitTake } from "./split-take.ts";

export interface RedisCountersHost {
  readonly link: RedisLink;
  /** Whether keys have to say which of them lie together. */
  readonly isCluster: boolean;
  /** Put before every key. */
  readonly prefix: string;
  /** Counts for meters with `onStoreFailure: local` while the server is away. */
  readonly local: Counters;
  readonly clock: Clock;
}

const RENEW_MS = LEASE_MS / 3;
/** How soon a server that has forgotten what is held is told again, by who asks nothing else. */
const LOOK_MS = 1000;

/** Where the keys of one hash tag go in this turn. */
interface Place {
  readonly batch: Batch;
  readonly prefix: string;
}

export class RedisCounters implements Counters, SplitHost {
  readonly #link: RedisLink;
  readonly #local: Counters;
  readonly #without: WithoutStore;
  readonly #clock: Clock;
  readonly #holder = randomBytes(9).toString("base64url");
  readonly #holdings = new Holdings();
  readonly #prefixes: readonly string[];
  /** By hash tag; what is asked in this turn. */
  readonly #open: (Batch | null)[];
  /** Tags of which something is open. */
  #tags: number[] = [];
  #isTurnOpen = false;
  #isClosed = false;
  #epoch = 0;
  #look: ScheduledCall | null = null;
  #renewedMs = 0;
  // hot-exception: once a gateway, bench/redis-counters.ts
  readonly #onTurn = (): void => this.#endTurn();
  // hot-exception: once a gateway, bench/redis-counters.ts
  readonly #onLook = (): void => this.#renewWhenDue();
  // hot-exception: once a gateway, bench/redis-counters.ts
  readonly #placeOf = (key: string): Place => {
    const tag = hashTagOf(key, this.#prefixes.length);
    return { batch: this.#batchFor(tag, 1), prefix: this.#prefixes[tag]! };
  };

  constructor({ link, isCluster, prefix, local, clock }: RedisCountersHost) {
    this.#link = link;
    this.#local = local;
    this.#without = new WithoutStore(local);
    this.#clock = clock;
    // hot-exception: once a gateway, bench/redis-counters.ts
    this.#prefixes = isCluster ? Array.from({ length: HASH_TAGS }, (_, tag) => `${prefix}{${tag}}`) : [prefix];
    this.#open = new Array<Batch | null>(this.#prefixes.length).fill(null);
  }

  take(take: Take): boolean {
    if (!this.#link.isUp) return this.#without.decide(take);
    if (this.#link.epoch !== this.#epoch) this.#onServerBack();
    const asks = take.asks;
    if (asks.length === 0) return true;
    const tag = hashTagOf(asks[0]!.key, this.#prefixes.length);
    for (let i = 0; i < asks.length; i++) {
      if (i < MOST_ASKS && hashTagOf(asks[i]!.key, this.#prefixes.length) === tag) continue;
      this.#split(take);
      return false;
    }
    this.#add(take, tag);
    return false;
  }

  charge(meter: Meter, key: string, units: number): void {
    if (units === 0 || meter.rule.kind === "concurrency") return;
    if (!this.#link.isUp) {
      if (meter.onStoreFailure === "local") this.#local.charge(meter, key, units);
      return;
    }
    const tag = hashTagOf(key, this.#prefixes.length);
    this.#batchFor(tag, 1).charge(meter, key, units, this.#prefixes[tag]!);
  }

  release(ask: Ask): void {
    if (ask.decidedBy === BY_LOCAL) {
      this.#local.release(ask);
      return;
    }
    if (!this.#holdings.release(ask) || !this.#link.isUp) return;
    const tag = hashTagOf(ask.key, this.#prefixes.length);
    this.#batchFor(tag, 1).charge(ask.meter, ask.key, -ask.cost, this.#prefixes[tag]!);
  }

  /** The link is closed by whoever opened it, and decides what has been sent. */
  close(): void {
    this.#isClosed = true;
    this.#look?.cancel();
    this.#look = null;
    const tags = this.#tags;
    this.#tags = [];
    for (let i = 0; i < tags.length; i++) {
      const batch = this.#open[tags[i]!]!;
      this.#open[tags[i]!] = null;
      this.#onFailed(batch);
    }
  }

  giveBack(ask: Ask): void {
    if (ask.meter.rule.kind === "concurrency") this.release(ask);
    else this.charge(ask.meter, ask.key, -ask.cost);
  }

  decideWithout(take: Take): void {
    const asks = take.asks;
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      ask.isAdmitted = true;
      ask.remaining = ask.resetMs = ask.retryMs = ask.delayMs = 0;
    }
    if (this.#without.decide(take)) take.owner.onDecided(take);
  }

  #split(take: Take): void {
    const split = new SplitTake(take, this);
    const parts: Part[] = [];
    const tags: number[] = [];
    const asks = take.asks;
    for (let from = 0; from < asks.length; from++) {
      const tag = hashTagOf(asks[from]!.key, this.#prefixes.length);
      if (tags.includes(tag)) continue;
      let part: Ask[] = [];
      for (let i = from; i < asks.length; i++) {
        if (hashTagOf(asks[i]!.key, this.#prefixes.length) !== tag) continue;
        if (part.length === MOST_ASKS) {
          parts.push(split.addPart(part));
          tags.push(tag);
          part = [];
        }
        part.push(asks[i]!);
      }
      parts.push(split.addPart(part));
      tags.push(tag);
    }
    for (let i = 0; i < parts.length; i++) this.#add(parts[i]!, tags[i]!);
  }

  #add(take: Take, tag: number): void {
    const asks = take.asks;
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      if (ask.meter.rule.kind === "concurrency") this.#hold(ask);
    }
    this.#batchFor(tag, asks.length).add(take, this.#prefixes[tag]!);
  }

  #hold(ask: Ask): void {
    this.#holdings.begin(ask);
    if (this.#look !== null || this.#isClosed) return;
    this.#renewedMs = this.#clock.now();
    this.#look = this.#clock.schedule(this.#onLook, LOOK_MS);
  }

  #batchFor(tag: number, asks: number): Batch {
    let batch = this.#open[tag] ?? null;
    if (batch?.hasRoom(asks)) return batch;
    if (batch === null) this.#tags.push(tag);
    else this.#send(batch);
    batch = new Batch();
    this.#open[tag] = batch;
    if (!this.#isTurnOpen) {
      this.#isTurnOpen = true;
      setImmediate(this.#onTurn);
    }
    return batch;
  }

  #endTurn(): void {
    this.#isTurnOpen = false;
    const tags = this.#tags;
    this.#tags = [];
    for (let i = 0; i < tags.length; i++) {
      const batch = this.#open[tags[i]!]!;
      this.#open[tags[i]!] = null;
      this.#send(batch);
    }
  }

  #send(batch: Batch): void {
    this.#link.run(COUNTERS, batch.keys, batch.values(this.#holder)).then(
      // hot-exception: two for a batch, bench/redis-counters.ts
      (answer) => this.#onAnswer(batch, answer),
      // hot-exception: two for a batch, bench/redis-counters.ts
      () => this.#onFailed(batch),
    );
  }

  #onAnswer(batch: Batch, answer: unknown): void {
    if (!batch.open(answer)) {
      this.#onFailed(batch);
      return;
    }
    const takes = batch.takes;
    for (let i = 0; i < takes.length; i++) {
      const take = takes[i]!;
      batch.readNext(take);
      this.#endHolds(take);
      take.owner.onDecided(take);
    }
  }

  #endHolds(take: Take): void {
    const asks = take.asks;
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      if (ask.meter.rule.kind === "concurrency") this.#holdings.end(ask, ask.isAdmitted && take.isAdmitted);
    }
  }

  #onFailed(batch: Batch): void {
    const takes = batch.takes;
    for (let i = 0; i < takes.length; i++) {
      const take = takes[i]!;
      for (let k = 0; k < take.asks.length; k++) {
        const ask = take.asks[k]!;
        if (ask.meter.rule.kind === "concurrency") this.#holdings.lose(ask);
      }
      if (take instanceof Part) take.whole.onFailed(take);
      else this.decideWithout(take);
    }
  }

  /** It may have forgotten everything, or have counted what nobody heard of. */
  #onServerBack(): void {
    this.#epoch = this.#link.epoch;
    this.#renew();
  }

  #renew(): void {
    this.#renewedMs = this.#clock.now();
    this.#holdings.renewAll(this.#placeOf);
  }

  #renewWhenDue(): void {
    this.#look = null;
    if (this.#isClosed || this.#holdings.size === 0) return;
    this.#look = this.#clock.schedule(this.#onLook, LOOK_MS);
    if (!this.#link.isUp) return;
    if (this.#link.epoch !== this.#epoch) this.#onServerBack();
    else if (this.#clock.now() - this.#renewedMs >= RENEW_MS) this.#renew();
  }

  /** FNV-1a of the key, folded. */
}
