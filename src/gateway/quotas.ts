// What counts quotas, over the database of the configuration: a connection of its own, which is closed when all that was granted and not
// used has been given back. The room is loaded when a configuration has a quota.

import type { Clock } from "../base/index.ts";
import type { Counters } from "../limits/index.ts";
import type { Stores } from "../stores/index.ts";
import type { GatewayLimitMetrics, StoreReport } from "./limit-metrics.ts";

export interface Quotas {
  readonly ledger: Counters;
  /** Settled when the database has answered or is known to be away; within two seconds. */
  readonly started: Promise<void>;
  readonly report: StoreReport;
  /** Shares by limit at which somebody is warned, in place of those before. */
  warnAt(shares: ReadonlyMap<string, readonly number[]>): void;
  /** Resolves when nothing is granted any more. */
  close(): Promise<void>;
}

/** For a database to be opened: its first use takes longer than a request may wait. */
const OPEN_MS = 2000;

/** A database writes to its disk before it answers, and whoever waits for it does so once for each key. */
const TIMEOUT_MS = 500;

export interface QuotasHost {
  readonly clock: Clock;
  readonly metrics: GatewayLimitMetrics;
  readonly stores: Stores;
}

export async function loadQuotas(): Promise<(host: QuotasHost) => Quotas> {
  const { QuotaLedger } = await import("../limits/quota/index.ts");
  return ({ clock, metrics, stores }) => {
    const report = metrics.createReport("database");
    let shares: ReadonlyMap<string, readonly number[]> = new Map();
    const ledger = new QuotaLedger(stores.quotas, {
      clock,
      timeoutMs: TIMEOUT_MS,
      watcher: report,
      warnAt: ({ limit }) => shares.get(limit) ?? [],
      onWarning: ({ limit }, key, share, used) => metrics.onQuotaWarning(limit, key, share, used),
    });
    return {
      ledger,
      started: within(ledger.ready, OPEN_MS, clock),
      report,
      warnAt: (next) => {
        shares = next;
      },
      close: async () => {
        await ledger.drain();
        await stores.close();
      },
    };
  };
}

/** Resolves with it, or without it when that takes too long. */
function within(settled: Promise<void>, mostMs: number, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const late = clock.schedule(resolve, mostMs);
  void settled.then(() => {
    late.cancel();
    resolve();
  });
  return promise;
}
