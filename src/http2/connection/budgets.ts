// What one far side may cost without doing anything useful. Each kind of frame that costs us more than it costs its sender has an
// allowance; whoever uses one up is told ENHANCE_YOUR_CALM and loses the connection. @hot
//
// An allowance begins full, fills up again with time, and is paid back by work that was done in earnest, so that a busy connection
// may do in proportion what an idle one may not: a gRPC client that hedges cancels half of its calls, an attacker nearly all.

import type { FaultDefinition } from "../../base/index.ts";
import * as H2 from "../faults.ts";

export class Allowance {
  readonly fault: FaultDefinition;
  readonly #full: number;
  readonly #perSecond: number;
  #left: number;
  #filledMs: number;

  constructor(fault: FaultDefinition, nowMs: number, full: number, perSecond: number) {
    this.fault = fault;
    this.#full = full;
    this.#perSecond = perSecond;
    this.#left = full;
    this.#filledMs = nowMs;
  }

  /** Takes one. False: there is none left. The clock is looked at only then. */
  take(nowMs: number): boolean {
    if (this.#left < 1) {
      this.#left = Math.min(this.#full, this.#left + ((nowMs - this.#filledMs) / 1000) * this.#perSecond);
      this.#filledMs = nowMs;
      if (this.#left < 1) return false;
    }
    this.#left--;
    return true;
  }

  /** Pays `count` back. */
  give(count: number): void {
    this.#left = Math.min(this.#full, this.#left + count);
  }
}

export class Budgets {
  /**
   * Resets by the far side of streams that were not done: CVE-2023-44487. As many as are open at once where nothing else is written, which
   * a browser resets when its page is left; each answer of an upstream's that is complete pays one back. An answer of ours that gives up what
   * an upstream had begun, for the client's own doing, counts as one.
   */
  readonly resets: Allowance;
  /** Those of them that cost an upstream connection, where the upstream speaks HTTP/1.1. */
  readonly churn: Allowance;
  /** Resets that the far side makes us send: CVE-2025-8671. */
  readonly errors: Allowance;
  /** Streams beyond the allowed number: a client may not have seen our settings yet. */
  readonly refusals: Allowance;
  readonly settings: Allowance;
  /** gRPC clients ping with each burst of data to estimate the bandwidth: each of our DATA frames pays for one. */
  readonly pings: Allowance;
  /** DATA without content or end, CONTINUATION without content, unknown frames, and those for streams that are long gone. */
  readonly empty: Allowance;
  /**
   * Our DATA pays for the updates that it may cause, of its stream and of the connection: of each frame, or of each 4 KiB that are read.
   * So does a stream, which some clients begin with a larger window than their settings have.
   */
  readonly windows: Allowance;
  /** Some browsers build a tree of them first; each stream pays for two. */
  readonly priorities: Allowance;

  /** `share` of 1 is all of it; a suspect has less. */
  constructor(nowMs: number, share: number) {
    this.resets = new Allowance(H2.RESET_FLOOD, nowMs, 128 * share, 20 * share);
    this.churn = new Allowance(H2.CHURN_FLOOD, nowMs, 100 * share, 10 * share);
    this.errors = new Allowance(H2.ERROR_FLOOD, nowMs, 32 * share, 4 * share);
    this.refusals = new Allowance(H2.STREAM_FLOOD, nowMs, 128 * share, 16 * share);
    this.settings = new Allowance(H2.SETTINGS_FLOOD, nowMs, 16 * share, 1 * share);
    this.pings = new Allowance(H2.PING_FLOOD, nowMs, 200 * share, 50 * share);
    this.empty = new Allowance(H2.EMPTY_DATA_FLOOD, nowMs, 100 * share, 10 * share);
    this.windows = new Allowance(H2.WINDOW_FLOOD, nowMs, 1000 * share, 100 * share);
    this.priorities = new Allowance(H2.PRIORITY_FLOOD, nowMs, 100 * share, 10 * share);
  }
}
