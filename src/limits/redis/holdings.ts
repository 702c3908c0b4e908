// @hot Units of concurrency that this process holds on the server. There they are held for a minute; whoever lives says so thrice in it, and what
// a process held that does not is free again.

import type { Ask } from "../counters.ts";
import type { Meter } from "../rule.ts";
import type { Batch } from "./batch.ts";

/** The first comes with the server, which may find later in its other connections what was sent before it hung. */
const RENEWALS_OF_DOUBT = 2;

/** Of one meter and key. */
export class Holding {
  readonly meter: Meter;
  readonly key: string;
  readonly name: string;
  /** Units of requests under way. */
  units = 0;
  /** Units that were asked for and not answered yet. */
  asked = 0;
  /** An answer was lost: for so many renewals more the server may count what isn't held, if it reads late what it was sent. */
  doubts = 0;

  constructor(meter: Meter, key: string, name: string) {
    this.meter = meter;
    this.key = key;
    this.name = name;
  }
}

export class Holdings {
  readonly #holdings = new Map<string, Holding>();

  get size(): number {
    return this.#holdings.size;
  }

  /** The ask is about to be sent. */
  begin({ meter, key, cost }: Ask): void {
    const name = `${meter.id}:${key}`;
    let holding = this.#holdings.get(name);
    if (holding === undefined) {
      holding = new Holding(meter, key, name);
      this.#holdings.set(name, holding);
    }
    holding.asked += cost;
  }

  /** The server has answered, and counted the units or not. */
  end(ask: Ask, isCounted: boolean): void {
    const holding = this.#holdings.get(`${ask.meter.id}:${ask.key}`);
    if (holding === undefined) return;
    holding.asked -= ask.cost;
    if (isCounted && ask.cost > 0) {
      holding.units += ask.cost;
      ask.lease = holding;
    }
    this.#forgetIfIdle(holding);
  }

  /** No answer: what the server counted, or will, is taken off it by the next renewal. */
  lose({ meter, key, cost }: Ask): void {
    const holding = this.#holdings.get(`${meter.id}:${key}`);
    if (holding === undefined) return;
    holding.asked -= cost;
    holding.doubts = RENEWALS_OF_DOUBT;
  }

  /** False: nothing of it was held here. */
  release(ask: Ask): boolean {
    const holding = ask.lease;
    if (!(holding instanceof Holding)) return false;
    ask.lease = null;
    holding.units -= ask.cost;
    this.#forgetIfIdle(holding);
    return true;
  }

  /** Gives every holding to `visit`, which renews it; those that are idle are forgotten with it. */
  renewAll(batchFor: (key: string) => { readonly batch: Batch; readonly prefix: string }): void {
    // hot-exception: each 20 s, and when a server is back; bench/redis-counters.ts
    for (const holding of this.#holdings.values()) {
      const { batch, prefix } = batchFor(holding.key);
      batch.renew(holding.meter, holding.key, holding.units, holding.units + holding.asked, prefix);
      if (holding.doubts > 0) holding.doubts--;
      this.#forgetIfIdle(holding);
    }
  }

  #forgetIfIdle(holding: Holding): void {
    if (holding.units === 0 && holding.asked === 0 && holding.doubts === 0) this.#holdings.delete(holding.name);
  }
}
