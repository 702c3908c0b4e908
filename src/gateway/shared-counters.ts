// Counters that all gateways share, over one link to the servers of the configuration. The rooms that know them are loaded when a
// configuration has need of them: most gateways do without.

import type { Clock } from "../base/index.ts";
import type { CountersConfig } from "../config/index.ts";
import type { Counters } from "../limits/index.ts";
import type { StoreReport } from "./limit-metrics.ts";

export interface SharedCounters {
  readonly exact: Counters;
  readonly approximate: Counters;
  /** Settled when the servers have answered or are known to be away. */
  readonly started: Promise<unknown>;
  /** Null where no servers are asked. */
  readonly report: StoreReport | null;
  /** Of the syncs of approximate counters, which may fail by themselves. */
  readonly syncReport: StoreReport | null;
  /** Forgets what is counted by other meters than these. */
  retain(ids: ReadonlySet<string>): void;
  close(): void;
}

export interface SharedCountersHost {
  readonly clock: Clock;
  readonly report: StoreReport;
  readonly syncReport: StoreReport;
  /** Counts while the servers are away. */
  readonly local: Counters;
}

export async function loadSharedCounters(): Promise<(config: CountersConfig, host: SharedCountersHost) => SharedCounters> {
  const { openRedisLink, RedisCounters } = await import("../limits/redis/index.ts");
  const { ApproximateCounters, RedisSync } = await import("../limits/approximate/index.ts");
  return (config, { clock, report, syncReport, local }) => {
    const { prefix, syncEveryMs } = config;
    const isCluster = config.place.kind === "cluster";
    const link = openRedisLink(config, { clock, watcher: report });
    const exact = new RedisCounters({ link, isCluster, prefix, local, clock });
    const approximate = new ApproximateCounters({
      port: new RedisSync({ link, isCluster, prefix }),
      clock,
      syncEveryMs,
      watcher: syncReport,
    });
    return {
      exact,
      approximate,
      started: Promise.all([link.started, approximate.started]),
      report,
      syncReport,
      retain: (ids) => approximate.retain(ids),
      close: () => {
        exact.close();
        approximate.close();
        link.close();
      },
    };
  };
}
