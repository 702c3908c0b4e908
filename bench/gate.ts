// The limits that the project promises, and whether results keep them. A limit that could not be measured is not kept.
import type { IdleResult } from "./idle.ts";
import type { SlicedResult } from "./slices.ts";
import { ratiosByRound, spread } from "./stats.ts";

export interface Results {
  readonly sliced: readonly SlicedResult[];
  readonly idle: IdleResult | null;
}

interface Limit {
  readonly job: string;
  readonly contestant: string;
  readonly most: number;
  readonly unit: string;
}

export interface Verdict {
  readonly limit: Limit;
  /** Median of the slices or rounds; null when it was not measured. */
  readonly measured: number | null;
  readonly kept: boolean;
}

export const LIMITS: readonly Limit[] = [
  { job: "small", contestant: "sallyport-bun", most: 1.1, unit: "× nginx, CPU a request" },
  { job: "small", contestant: "sallyport-node", most: 1.5, unit: "× nginx, CPU a request" },
  { job: "body-1mb", contestant: "sallyport-bun", most: 0.9, unit: "× nginx, CPU a request" },
  { job: "tls", contestant: "sallyport-bun", most: 1.05, unit: "× nginx, CPU a request" },
  { job: "tls-handshake", contestant: "sallyport-bun", most: 1.25, unit: "× nginx, CPU a request" },
  { job: "tls-tls", contestant: "sallyport-bun", most: 1.1, unit: "× nginx, CPU a request" },
  { job: "idle", contestant: "sallyport-bun", most: 5, unit: "KiB a connection" },
];

/** Verdicts on the limits of the jobs that were asked for. */
export function checkLimits(results: Results, jobs: readonly string[]): Verdict[] {
  return LIMITS.filter((limit) => jobs.includes(limit.job)).map((limit) => {
    const values = limit.job === "idle" ? idleValues(results, limit) : ratioValues(results, limit);
    const measured = values.length === 0 ? null : spread(values).median;
    return { limit, measured, kept: measured !== null && measured <= limit.most };
  });
}

function idleValues(results: Results, limit: Limit): number[] {
  const figures = results.idle?.figures ?? [];
  return figures.filter((figure) => figure.contestant === limit.contestant).map((figure) => figure.kibPerConnection);
}

function ratioValues(results: Results, limit: Limit): number[] {
  const result = results.sliced.find((one) => one.job.name === limit.job);
  if (result === undefined) return [];
  return ratiosByRound(toCpuFigures(result), limit.contestant, result.job.baseline);
}

export function toCpuFigures(result: SlicedResult): { contestant: string; round: number; value: number }[] {
  return result.slices.map(({ contestant, round, cpuUsPerRequest }) => ({ contestant, round, value: cpuUsPerRequest }));
}
