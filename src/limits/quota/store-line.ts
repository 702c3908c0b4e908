// The line to the store of quotas: what leases want is gathered into few calls, one at a time, and a store that is away or slow is noticed.
//
// What was asked for and not answered may have come about. Units that may have been taken are not used, those that may have been given back
// are not given back again, and what is owed is told once more: whatever fails, less is admitted and never more.

import type { Clock, ScheduledCall } from "../../base/index.ts";
import type { CountersWatcher } from "../counters.ts";
import type { QuotaGrant, QuotaReserve, QuotaStore } from "../quotas.ts";
import type { Span } from "./calendar.ts";
import type { Lease } from "./lease.ts";

/** What nobody waits for is gathered so long. */
const GATHER_MS = 100;
/** While the store is away it is tried so often. */
const PROBE_MS = 500;
/** Of one call: an embedded database has the whole process wait for it, some 4 ms for so many. */
const MOST_REQUESTS = 100;
/** The same when nobody is served any more. */
const MOST_AT_END = 500;
/** Calls that got no answer are left alone, but no more than so many at once. */
const MOST_STRAYS = 2;
/** What is left is given back within this when the gateway stops, or is lost. */
const DRAIN_MS = 2000;
const HOUR_MS = 3_600_000;
/** Counters can be looked at so long after their periods have ended. */
const KEEP_MS = 35 * 24 * HOUR_MS;

interface Entry {
  readonly request: QuotaReserve;
  /** Null: settles what a lease left behind. */
  readonly lease: Lease | null;
  readonly period: Span | null;
}

interface Flight {
  readonly entries: readonly Entry[];
  readonly startedMs: number;
  isStray: boolean;
}

export interface StoreLineOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** In what the watcher is told. */
  readonly name: string;
  readonly watcher: CountersWatcher | null;
  /** Of what leases left behind that is kept while the store is away. */
  readonly mostSettlements: number;
}

export class StoreLine {
  /** Settled when the store has answered for the first time, or is known to be away. */
  readonly ready: Promise<void>;
  readonly #store: QuotaStore;
  readonly #options: StoreLineOptions;
  /** Called when the store has answered, and when it is away: those that wait may be decided. */
  readonly #onNews: () => void;
  readonly #queue = new Set<Lease>();
  #settlements: QuotaReserve[] = [];
  #state: "unknown" | "up" | "down" = "unknown";
  #flight: Flight | null = null;
  #hasFailed = false;
  #strays = 0;
  #isStarting = false;
  #isClosed = false;
  #deadline: ScheduledCall | null = null;
  #gathering: ScheduledCall | null = null;
  #probing: ScheduledCall | null = null;
  #tidying: ScheduledCall | null = null;
  #landed: (() => void) | null = null;

  constructor(store: QuotaStore, options: StoreLineOptions, onNews: () => void) {
    this.#store = store;
    this.#options = options;
    this.#onNews = onNews;
    this.ready = this.#greet();
  }

  get isDown(): boolean {
    return this.#state === "down" || this.#isClosed;
  }

  /** `isUrgent`: a request waits. */
  want(lease: Lease, isUrgent: boolean): void {
    if (this.#isClosed) return;
    if (!lease.isQueued) {
      lease.isQueued = true;
      this.#queue.add(lease);
    }
    if (isUrgent) this.#startSoon();
    else this.#gather();
  }

  forget(lease: Lease): void {
    lease.isQueued = false;
    this.#queue.delete(lease);
  }

  /** What a lease left behind: units that go back when negative, or that are owed. */
  settle(lease: Lease, units: number): void {
    if (units === 0 || this.#settlements.length >= this.#options.mostSettlements) return;
    this.#settlements.push(toRequest(lease, lease.period, units, units > 0));
    if (!this.#isClosed) this.#gather();
  }

  /** Tells the store all that is to be told, or gives up after a while. Nothing is asked of it afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const call of [this.#deadline, this.#gathering, this.#probing, this.#tidying]) call?.cancel();
    this.#tidying = null;
    this.#queue.clear();
    let giveUp: ScheduledCall | null = null;
    const givenUp = new Promise<void>((resolve) => {
      giveUp = this.#options.clock.schedule(resolve, DRAIN_MS);
    });
    await Promise.race([this.#flush(), givenUp]);
    (giveUp as ScheduledCall | null)?.cancel();
  }

  async #flush(): Promise<void> {
    if (this.#flight !== null) {
      await new Promise<void>((resolve) => {
        this.#landed = resolve;
      });
    }
    try {
      while (this.#settlements.length > 0) {
        await this.#store.reserve(this.#settlements.splice(0, MOST_AT_END), this.#options.clock.wall());
      }
    } catch {
      // Lost: the units count as used.
      this.#settlements = [];
    }
  }

  /** What several ask for in one turn is one call. */
  #startSoon(): void {
    if (this.#isStarting || this.#flight !== null || this.isDown) return;
    this.#isStarting = true;
    queueMicrotask(() => {
      this.#isStarting = false;
      if (this.#flight === null && !this.isDown) this.#start();
    });
  }

  #gather(): void {
    this.#gathering ??= this.#options.clock.schedule(() => {
      this.#gathering = null;
      if (this.#flight === null && !this.isDown) this.#start();
      // Whatever is under way takes it along when it has come back.
    }, GATHER_MS);
  }

  #start(): void {
    const entries = this.#load();
    if (entries.length > 0) this.#send(entries);
  }

  #load(): readonly Entry[] {
    const entries: Entry[] = [];
    for (const lease of this.#queue) {
      // One lease has two entries at most.
      if (entries.length >= MOST_REQUESTS - 1) break;
      if (lease.isOut) continue;
      this.forget(lease);
      const { owed, wanted, period } = lease;
      if (owed > 0) {
        lease.owed = 0;
        lease.owedOut += owed;
        entries.push({ request: toRequest(lease, period, owed, true), lease, period });
      }
      if (wanted === 0 && (owed > 0 || lease.waiting === 0)) continue;
      lease.isOut = true;
      entries.push({ request: toRequest(lease, period, wanted, false), lease, period });
    }
    for (const request of this.#settlements.splice(0, MOST_REQUESTS - entries.length)) {
      entries.push({ request, lease: null, period: null });
    }
    return entries;
  }

  #send(entries: readonly Entry[]): void {
    const { clock, timeoutMs } = this.#options;
    const flight: Flight = { entries, startedMs: clock.now(), isStray: false };
    this.#flight = flight;
    if (!this.isDown) {
      this.#deadline?.cancel();
      this.#deadline = clock.schedule(() => this.#goDown(`no answer within ${timeoutMs} ms`), timeoutMs);
    }
    this.#ask(entries).then(
      (grants) => this.#onAnswer(flight, grants),
      (error: unknown) => this.#onFailure(flight, error instanceof Error ? error.message : "it failed"),
    );
  }

  /** Whether it can write is what a probe wants to know when there is nothing to write. */
  async #ask(entries: readonly Entry[]): Promise<readonly QuotaGrant[]> {
    const nowMs = this.#options.clock.wall();
    if (entries.length > 0)
      return this.#store.reserve(
        entries.map(({ request }) => request),
        nowMs,
      );
    await this.#store.removeEnded(nowMs - KEEP_MS);
    return [];
  }

  #onAnswer(flight: Flight, grants: readonly QuotaGrant[]): void {
    const nowMs = this.#options.clock.now();
    this.#land(flight);
    this.#hasFailed = false;
    for (const [index, entry] of flight.entries.entries()) {
      if (!flight.isStray) endAsking(entry);
      this.#book(entry, grants[index]!, nowMs);
    }
    // What comes too late is of use, but who waits for it would not have waited.
    if (nowMs - flight.startedMs <= this.#options.timeoutMs) this.#goUp();
    this.#proceed();
  }

  #book({ request, lease, period }: Entry, { granted, used }: QuotaGrant, nowMs: number): void {
    if (lease === null) return;
    if (lease.period !== period || this.#isClosed) {
      if (!request.isOwed && granted > 0) this.#settlements.push({ ...request, wanted: -granted });
      return;
    }
    if (request.isOwed) lease.owedOut -= request.wanted;
    else lease.left += granted;
    lease.storeUsed = used;
    // More than all have used: the quota was reset, and what was taken before that is not counted any more.
    lease.left = Math.min(lease.left, used);
    lease.isKnown = true;
    lease.answeredAtMs = nowMs;
  }

  #onFailure(flight: Flight, message: string): void {
    const isFirst = !this.#hasFailed;
    this.#land(flight);
    for (const entry of flight.entries) {
      if (!flight.isStray) endAsking(entry);
      this.#unbook(entry);
    }
    if (flight.isStray || this.isDown) return;
    this.#hasFailed = true;
    // A connection that the server has ended meanwhile is noticed by using it: the next one may do.
    if (isFirst) this.#start();
    else this.#goDown(message);
  }

  #unbook({ request, lease, period }: Entry): void {
    if (lease === null) {
      if (request.isOwed) this.#settlements.push(request);
      return;
    }
    if (request.isOwed && (lease.period !== period || this.#isClosed)) this.#settlements.push(request);
    else if (request.isOwed) {
      lease.owedOut -= request.wanted;
      lease.owed += request.wanted;
    }
    if (lease.owed > 0 || lease.waiting > 0) this.want(lease, false);
  }

  #land(flight: Flight): void {
    if (flight.isStray) this.#strays--;
    else {
      this.#flight = null;
      this.#deadline?.cancel();
      this.#deadline = null;
      this.#landed?.();
    }
  }

  /** Decides who can be decided, and asks for those who can't. */
  #proceed(): void {
    this.#onNews();
    if (!this.isDown && (this.#queue.size > 0 || this.#settlements.length > 0)) this.#gather();
  }

  #goUp(): void {
    if (this.#state === "up" || this.#isClosed) return;
    this.#state = "up";
    this.#probing?.cancel();
    this.#probing = null;
    this.#options.watcher?.onStore(this.#options.name, "up", "it answers");
  }

  #goDown(detail: string): void {
    if (this.isDown) return;
    this.#abandon();
    this.#state = "down";
    this.#probing = this.#options.clock.schedule(() => this.#probe(), PROBE_MS);
    this.#options.watcher?.onStore(this.#options.name, "down", detail);
    this.#onNews();
  }

  #abandon(): void {
    if (this.#flight === null) return;
    this.#flight.isStray = true;
    // Who is left alone may be asked for again. An answer that comes all the same is of use to the lease.
    for (const entry of this.#flight.entries) endAsking(entry);
    this.#strays++;
    this.#flight = null;
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  #probe(): void {
    this.#probing = this.#options.clock.schedule(() => this.#probe(), PROBE_MS);
    if (this.#flight !== null && this.#strays >= MOST_STRAYS) return;
    this.#abandon();
    this.#send(this.#load());
  }

  /** A store is opened when it is first asked something, which may take longer than a request waits. */
  async #greet(): Promise<void> {
    try {
      await this.#tidy();
      this.#goUp();
    } catch (error) {
      if (this.#state === "unknown") this.#goDown(error instanceof Error ? error.message : "it failed");
    }
  }

  #tidy(): Promise<unknown> {
    const { clock } = this.#options;
    this.#tidying = clock.schedule(() => void this.#tidy().catch(() => undefined), HOUR_MS);
    return this.#store.removeEnded(clock.wall() - KEEP_MS);
  }
}

function endAsking({ lease, request }: Entry): void {
  if (lease !== null && !request.isOwed) lease.isOut = false;
}

function toRequest(lease: Lease, period: Span, wanted: number, isOwed: boolean): QuotaReserve {
  const { meter, key, units } = lease;
  return { limit: meter.limit, key, period: period.name, endsAtMs: period.endsAtMs, units, wanted, isOwed };
}
