// What became of requests at one limit.

import { TopCounts } from "./top-counts.ts";

export class LimitTally {
  asked = 0;
  /** Of those: by somebody who was authenticated. */
  askedByCallers = 0;
  /** Dry runs: would have been. */
  refused = 0;
  delayed = 0;
  exempt = 0;
  /** As the log says. */
  recorded = 0;
  /** Not asked: the log does not say who it was. */
  unknown = 0;
  /** Asked for requests whose duration is a guess. */
  guessed = 0;
  /** Of a limit that is not simulated: requests that come where it applies. */
  skipped = 0;
  firstMs: number | null = null;
  readonly perSecond = new Peak(1000);
  readonly perMinute = new Peak(60_000);
  readonly keys = new TopCounts();
  readonly callers = new TopCounts();
  readonly routes = new TopCounts();

  refuse(atMs: number, key: string, caller: string, route: string): void {
    this.refused++;
    this.firstMs ??= atMs;
    this.perSecond.add(atMs);
    this.perMinute.add(atMs);
    this.keys.add(key);
    this.callers.add(caller);
    this.routes.add(route);
  }
}

/** The most in one second, minute … of the clock. Time only goes forward. */
class Peak {
  readonly #windowMs: number;
  #window = Number.NaN;
  #count = 0;
  most = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(atMs: number): void {
    const window = Math.floor(atMs / this.#windowMs);
    if (window !== this.#window) {
      this.#window = window;
      this.#count = 0;
    }
    this.#count++;
    if (this.#count > this.most) this.most = this.#count;
  }
}
