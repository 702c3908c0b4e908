// Counts quotas that a fleet shares and that outlive it: each process has leases of units (lease.ts) by which it decides at once, and takes
// new ones from the store in the background (store-line.ts). @hot
//
// Never more is admitted than a quota has, by all nodes together; a node that crashes loses what its leases had left, so that a little less
// is. Two things are beyond that: while the store is away, each meter's `onStoreFailure` holds, and units that are reset while leases
// have some left are had besides them. A request waits for the store when its key is new to the process, and at the end of a quota: for one
// answer, at most for the timeout. When that is over the store is away, and who comes then is decided at once until it answers again.

import type { Clock, ScheduledCall } from "../../base/index.ts";
import type { Ask, Counters, CountersWatcher, Take } from "../counters.ts";
import type { QuotaStore } from "../quotas.ts";
import type { Meter } from "../rule.ts";
import { ADMITTED, type Lease, REFUSED, type Verdict, WAITS } from "./lease.ts";
import { LeaseBook, type LeaseBookOwner } from "./lease-book.ts";
import { StoreLine } from "./store-line.ts";

export interface QuotaLedgerOptions {
  readonly clock: Clock;
  /** How long a request waits for the store. Default 50. */
  readonly timeoutMs?: number;
  /** Keys of all meters that are remembered at once. Default 100,000, of about 300 bytes each beside its text. */
  readonly maxKeys?: number;
  /** What a key's lease has left is given back when nobody has asked for so long. Default 10,000. */
  readonly idleMs?: number;
  /** Under which the watcher hears of the store. Default `database`. */
  readonly storeName?: string;
  readonly watcher?: CountersWatcher;
  /** Shares of a meter's quota, ascending, between 0 and 1. */
  readonly warnAt?: (meter: Meter) => readonly number[];
  /** Called from within take() or charge() when use comes to such a share: once for each key, period and share in this process. */
  readonly onWarning?: (meter: Meter, key: string, share: number, used: number) => void;
}

const TIMEOUT_MS = 50;
const MAX_KEYS = 100_000;
const IDLE_MS = 10_000;
const SWEEP_MS = 1000;
/** Leases that one sweep looks at. */
const MOST_SWEPT = 5000;
const NONE: readonly number[] = [];

/** A take that waits for the store, and whose units its leases know of. */
class Waiting {
  readonly take: Take;
  readonly leases: readonly Lease[];

  constructor(take: Take, leases: readonly Lease[]) {
    this.take = take;
    this.leases = leases;
    for (let i = 0; i < leases.length; i++) {
      leases[i]!.need += take.asks[i]!.cost;
      leases[i]!.waiting++;
    }
  }

  end(): void {
    for (let i = 0; i < this.leases.length; i++) {
      this.leases[i]!.need -= this.take.asks[i]!.cost;
      this.leases[i]!.waiting--;
    }
  }
}

export class QuotaLedger implements Counters, LeaseBookOwner {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #onWarning: QuotaLedgerOptions["onWarning"];
  readonly #book: LeaseBook;
  readonly #line: StoreLine;
  #waiting: Waiting[] = [];
  /** Of the take that is being judged. */
  readonly #leases: Lease[] = [];
  readonly #verdicts: Verdict[] = [];
  #sweeping: ScheduledCall | null = null;
  #isEnded = false;
  #drained: Promise<void> | null = null;

  /** The store stays the caller's, who closes it after drain(). */
  constructor(store: QuotaStore, options: QuotaLedgerOptions) {
    const { clock, timeoutMs = TIMEOUT_MS, maxKeys = MAX_KEYS, idleMs = IDLE_MS, storeName = "database", watcher = null } = options;
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#onWarning = options.onWarning;
    // hot-exception: once, limits/quota/quota.bench.ts
    this.#book = new LeaseBook(this, maxKeys, options.warnAt ?? (() => NONE));
    // hot-exception: once, limits/quota/quota.bench.ts
    this.#line = new StoreLine(store, { clock, timeoutMs, name: storeName, watcher, mostSettlements: maxKeys }, () =>
      this.#decideWaiting(),
    );
  }

  /** Settled when the store has answered for the first time, or is known to be away. How long that takes is the store's business. */
  get ready(): Promise<void> {
    return this.#line.ready;
  }

  take(take: Take): boolean {
    if (this.#decide(take)) return true;
    this.#wait(take);
    return false;
  }

  /**
   * What is given back is had again in the period in which that happens, as far as this process has used as much in it: around a period's
   * end, units of the old one may be had again in the new one.
   */
  charge(meter: Meter, key: string, units: number): void {
    if (meter.rule.kind !== "quota" || units === 0) return;
    const nowMs = this.#clock.now();
    const lease = this.#book.find(meter, key, nowMs, this.#clock.wall());
    if (units < 0) {
      lease.refund(-units);
      return;
    }
    lease.charge(units, nowMs);
    this.#refill(lease);
    this.#warn(lease);
  }

  /** There is nothing to give back. */
  release(): void {}

  close(): void {
    void this.drain();
  }

  /** Gives back what leases have left, so that the store has what was used and no more. Resolves when that is done, or can't be. */
  drain(): Promise<void> {
    this.#drained ??= this.#end();
    return this.#drained;
  }

  onLeave(lease: Lease): void {
    this.#line.settle(lease, -lease.left);
    this.#line.settle(lease, lease.owed);
  }

  onGone(lease: Lease): void {
    this.#line.forget(lease);
  }

  /** False: only the store can say, and nothing was counted. */
  #decide(take: Take): boolean {
    const { asks } = take;
    const { isDown } = this.#line;
    const nowMs = this.#clock.now();
    const wallMs = this.#clock.wall();
    let isRefused = false;
    let isWaiting = false;
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      const lease = this.#book.find(ask.meter, ask.key, nowMs, wallMs);
      const verdict = lease.judge(ask, nowMs, isDown);
      this.#leases[i] = lease;
      this.#verdicts[i] = verdict;
      if (verdict === WAITS) isWaiting = true;
      else if (verdict === REFUSED && !ask.meter.isDryRun) isRefused = true;
    }
    if (isRefused || isWaiting) this.#undo(asks);
    if (isWaiting && !isRefused) return false;
    for (let i = 0; i < asks.length; i++) {
      const isCounted = !isRefused && this.#verdicts[i] === ADMITTED;
      this.#tell(asks[i]!, this.#leases[i]!, this.#verdicts[i]!, isCounted, nowMs, wallMs);
    }
    if (this.#sweeping === null && !this.#isEnded) this.#sweepLater();
    return true;
  }

  #undo(asks: readonly Ask[]): void {
    for (let i = 0; i < asks.length; i++) if (this.#verdicts[i] === ADMITTED) this.#leases[i]!.undo(asks[i]!);
  }

  #tell(ask: Ask, lease: Lease, verdict: Verdict, isCounted: boolean, nowMs: number, wallMs: number): void {
    const { units, used } = lease;
    const endsInMs = lease.period.endsAtMs - wallMs;
    ask.used = used;
    ask.remaining = Math.max(0, units - used);
    ask.resetMs = endsInMs;
    ask.delayMs = 0;
    // One that would have had to wait stands beside one that is refused: what is known has to do.
    ask.isAdmitted = verdict === WAITS ? used + ask.cost <= units : verdict === ADMITTED;
    ask.retryMs = ask.isAdmitted || ask.cost > units || used + ask.cost <= units ? 0 : endsInMs;
    if (!isCounted || ask.cost === 0) return;
    lease.note(ask.cost, nowMs);
    this.#refill(lease);
    this.#warn(lease);
  }

  #refill(lease: Lease): void {
    if (!lease.isQueued && (lease.owed > 0 || lease.isLow)) this.#line.want(lease, false);
  }

  #warn(lease: Lease): void {
    for (let share = lease.takeWarning(); share > 0; share = lease.takeWarning()) {
      this.#onWarning?.(lease.meter, lease.key, share, lease.used);
    }
  }

  #wait(take: Take): void {
    const count = take.asks.length;
    const leases = this.#leases.slice(0, count);
    this.#waiting.push(new Waiting(take, leases));
    for (let i = 0; i < count; i++) if (this.#verdicts[i] === WAITS) this.#line.want(leases[i]!, true);
  }

  /** The store has answered, or is away. */
  #decideWaiting(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (let i = 0; i < waiting.length; i++) {
      const { take } = waiting[i]!;
      waiting[i]!.end();
      if (this.#decide(take)) take.owner.onDecided(take);
      else this.#wait(take);
    }
  }

  #sweepLater(): void {
    // hot-exception: once a second, limits/quota/quota.bench.ts
    this.#sweeping = this.#clock.schedule(() => this.#sweep(), SWEEP_MS);
  }

  #sweep(): void {
    this.#sweeping = null;
    const nowMs = this.#clock.now();
    for (let i = 0; i < MOST_SWEPT; i++) {
      const lease = this.#book.park(nowMs - this.#idleMs, nowMs);
      if (lease === null) break;
      if (!lease.isParked) continue;
      this.#line.settle(lease, -lease.left);
      lease.storeUsed -= lease.left;
      lease.left = 0;
    }
    if (this.#book.hasBusy) this.#sweepLater();
  }

  // hot-exception: once, limits/quota/quota.bench.ts
  async #end(): Promise<void> {
    this.#isEnded = true;
    this.#sweeping?.cancel();
    for (let lease = this.#book.drop(); lease !== null; lease = this.#book.drop()) this.onLeave(lease);
    const closed = this.#line.close();
    this.#decideWaiting();
    await closed; // hot-exception: once, limits/quota/quota.bench.ts
  }
}
