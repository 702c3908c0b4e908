// Counters of one process of the gateway: the supervisor's, by which all workers count, and each worker's own.

import { randomInt } from "node:crypto";
import type { Clock } from "../base/index.ts";
import { type Counters, LocalCounters, type Meter } from "../limits/index.ts";
import type { RetainingCounters } from "./meter-uses.ts";

/** Counters that decide at once, and can be told what is held of concurrency elsewhere. */
export interface OwnCounters extends Counters, RetainingCounters {
  /** So many more units at once, or fewer when negative, whatever the limit says. */
  hold(meter: Meter, key: string, units: number): void;
}

const SEEDS = 2 ** 47;

export function createOwnCounters(clock: Clock): LocalCounters {
  return new LocalCounters({ clock, seed: randomInt(SEEDS) });
}
