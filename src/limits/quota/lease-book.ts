// The leases of a process: found by meter and key, and kept in the order in which they were used last, so that those that nobody uses are
// given back and the number of all is bounded. @hot

import type { Meter, QuotaRule } from "../rule.ts";
import { obtainCalendar, type QuotaCalendar } from "./calendar.ts";
import { Lease, type WarningShares } from "./lease.ts";

/** Leases that can't go now are passed over, so many before one too many is kept. */
const MOST_TRIES = 8;

/** One meter's leases. */
class Page implements WarningShares {
  readonly calendar: QuotaCalendar;
  readonly leases = new Map<string, Lease>();
  /** As the generation has it that asked last: one that only warns at other shares counts by the same leases. */
  meter: Meter;
  shares: readonly number[];

  constructor(meter: Meter, shares: readonly number[]) {
    const { per, timeZone } = meter.rule as QuotaRule;
    this.calendar = obtainCalendar(per, timeZone);
    this.meter = meter;
    this.shares = shares;
  }
}

/** A queue that any lease can leave. */
class Line {
  first: Lease | null = null;
  #last: Lease | null = null;

  append(lease: Lease): void {
    lease.previous = this.#last;
    lease.next = null;
    if (this.#last === null) this.first = lease;
    else this.#last.next = lease;
    this.#last = lease;
  }

  remove(lease: Lease): void {
    if (lease.previous === null) this.first = lease.next;
    else lease.previous.next = lease.next;
    if (lease.next === null) this.#last = lease.previous;
    else lease.next.previous = lease.previous;
  }
}

export interface LeaseBookOwner {
  /** What the lease has left or owes belongs to a period that is over, or to a lease that goes. */
  onLeave(lease: Lease): void;
  /** It is found no more. */
  onGone(lease: Lease): void;
}

export class LeaseBook {
  readonly #owner: LeaseBookOwner;
  readonly #most: number;
  readonly #sharesOf: (meter: Meter) => readonly number[];
  readonly #pages = new Map<string, Page>();
  readonly #busy = new Line();
  /** Those that have had nothing to do for a while, and hold nothing. */
  readonly #parked = new Line();
  #count = 0;

  /** `most` leases at once. `sharesOf` says at which shares of a quota somebody is warned, ascending. */
  constructor(owner: LeaseBookOwner, most: number, sharesOf: (meter: Meter) => readonly number[]) {
    this.#owner = owner;
    this.#most = most;
    this.#sharesOf = sharesOf;
  }

  get count(): number {
    return this.#count;
  }

  /** In its current period; made when there is none. */
  find(meter: Meter, key: string, nowMs: number, wallMs: number): Lease {
    const page = this.#pages.get(meter.id) ?? this.#addPage(meter);
    if (page.meter !== meter) {
      page.meter = meter;
      page.shares = this.#sharesOf(meter);
    }
    const period = page.calendar.at(wallMs);
    const lease = page.leases.get(key);
    if (lease === undefined) return this.#add(new Lease(meter, key, (meter.rule as QuotaRule).limit, page, period), page, nowMs);
    if (lease.period !== period) {
      this.#owner.onLeave(lease);
      lease.begin(period);
    }
    this.#lineOf(lease).remove(lease);
    lease.isParked = false;
    lease.touchedAtMs = nowMs;
    this.#busy.append(lease);
    return lease;
  }

  /** The next lease that nobody has used since `beforeMs`. It is parked, unless the store is being asked for it. Null: there is none. */
  park(beforeMs: number, nowMs: number): Lease | null {
    const lease = this.#busy.first;
    if (lease === null || lease.touchedAtMs > beforeMs) return null;
    this.#busy.remove(lease);
    lease.isParked = !lease.isOut && lease.waiting === 0;
    if (!lease.isParked) lease.touchedAtMs = nowMs;
    this.#lineOf(lease).append(lease);
    return lease;
  }

  /** One after the other, every lease goes; null after the last. */
  drop(): Lease | null {
    const lease = this.#parked.first ?? this.#busy.first;
    if (lease !== null) this.#remove(lease);
    return lease;
  }

  get hasBusy(): boolean {
    return this.#busy.first !== null;
  }

  #addPage(meter: Meter): Page {
    const page = new Page(meter, this.#sharesOf(meter));
    this.#pages.set(meter.id, page);
    return page;
  }

  #add(lease: Lease, page: Page, nowMs: number): Lease {
    for (let tries = 0; this.#count >= this.#most && tries < MOST_TRIES; tries++) this.#evict();
    // The page goes with its last lease, which may have been that one.
    this.#pages.set(lease.meter.id, page);
    page.leases.set(lease.key, lease);
    lease.touchedAtMs = nowMs;
    this.#busy.append(lease);
    this.#count++;
    return lease;
  }

  #evict(): void {
    const lease = this.#parked.first ?? this.#busy.first;
    if (lease === null) return;
    if (lease.waiting === 0 && !lease.isOut) {
      this.#owner.onLeave(lease);
      this.#owner.onGone(lease);
      this.#remove(lease);
      return;
    }
    const line = this.#lineOf(lease);
    line.remove(lease);
    line.append(lease);
  }

  #remove(lease: Lease): void {
    this.#lineOf(lease).remove(lease);
    const page = this.#pages.get(lease.meter.id)!;
    page.leases.delete(lease.key);
    if (page.leases.size === 0) this.#pages.delete(lease.meter.id);
    this.#count--;
  }

  #lineOf(lease: Lease): Line {
    return lease.isParked ? this.#parked : this.#busy;
  }
}
