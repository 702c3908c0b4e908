// What a worker knows of each meter that it asks the supervisor of: its number on the channel, whether this process may count it alone by
// now, and whom it refused a moment ago. @hot

import type { Meter } from "../limits/index.ts";
import { memoryOf } from "./meter-uses.ts";
import { Refusals } from "./refusals.ts";

/** Each reload makes new meters. Beyond so many, those that are still used are told anew, so that the others go. */
export const MOST_METERS = 4096;

export class AskedMeter {
  /** For how long what was counted matters to what is admitted. */
  readonly memoryMs: number;
  readonly refusals = new Refusals();
  /** All that its counters have to know has been counted by this process. */
  isSole = false;
  /** On the channel; -1 before it was told. */
  number = -1;

  constructor({ rule }: Meter) {
    // What it holds of concurrency is known here at any time.
    this.memoryMs = memoryOf(rule);
  }
}

export class AskedMeters {
  // Two objects that count the same are two meters here, and one where it matters: counters go by a meter's id.
  readonly #known = new Map<Meter, AskedMeter>();
  #told = 0;
  #news: Meter[] = [];
  #isAnew = false;

  of(meter: Meter): AskedMeter {
    let known = this.#known.get(meter);
    if (known === undefined) {
      known = new AskedMeter(meter);
      this.#known.set(meter, known);
    }
    return known;
  }

  numberOf(meter: Meter): number {
    const known = this.of(meter);
    if (known.number < 0) {
      known.number = this.#told++;
      this.#news.push(meter);
    }
    return known.number;
  }

  /** Before the numbers of a message are asked for. */
  prepare(): void {
    if (this.#known.size < MOST_METERS) return;
    this.#known.clear();
    this.#told = 0;
    this.#isAnew = true;
  }

  /** What a message has to tell of the numbers in it. Once for each message. */
  takeNews(): { readonly meters: readonly Meter[]; readonly isAnew: boolean } {
    const news = { meters: this.#news, isAnew: this.#isAnew };
    this.#news = [];
    this.#isAnew = false;
    return news;
  }

  /** Somebody else counts too. */
  shareAll(): void {
    // hot-exception: when a worker comes, asked-counters.bench.ts
    for (const known of this.#known.values()) known.isSole = false;
  }
}
