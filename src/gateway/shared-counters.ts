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
  /** Forgets what is counted by other meters than these. */
  retain(ids: ReadonlySet<string>): void;
  close(): void;
}

export interface SharedCountersHost {
  readonly clock: Clock;
  readonly report: StoreReport;
  /** Counts while the servers are away. */
  readonly local: Counters;
}

export async function loadSharedCounters(): Promise<(config: CountersConfig, host: SharedCountersHost) => SharedCounters> {
  const { openRedisLink, RedisCounters } = await import("../limits/redis/index.ts");
  const { ApproximateCounters, RedisSync } = await import("../limits/approximate/index.ts");
  return (config, { clock, report, local }) => {
    const { prefix, syncEveryMs } = config;
    const isCluster = config.place.kind === "cluster";
    const link = openRedisLink(config, { clock, watcher: report });
    const exact = new RedisCounters({ link, isCluster, prefix, local, clock });
    const approximate = new ApproximateCounters({ port: new RedisSync({ link, isCluster, prefix }), clock, syncEveryMs });
    return {
      exact,
      approximate,
      started: Promise.all([link.started, approximate.started]),
      report,
      retain: (ids) => approximate.retain(ids),
      close: () => {
        exact.close();
        approximate.close();
        link.close();
      },
    };
  };
}
