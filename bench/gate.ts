// The limits that the project promises, and whether results keep them. A limit that could not be measured is not kept.
import type { IdleResult } from "./idle.ts";
import type { SlicedResult } from "./slices.ts";
import { ratiosByRound, spread } from "./stats.ts";
import type { SteadyResult } from "./steady.ts";
import type { StreamsResult } from "./streams.ts";

export interface Results {
  readonly sliced: readonly SlicedResult[];
  readonly idle: IdleResult | null;
  readonly streams: StreamsResult | null;
  readonly steady: SteadyResult | null;
}

interface Limit {
  readonly job: string;
  readonly contestant: string;
  /** Whom the ratio is to, where that is not the job's baseline. */
  readonly against?: string;
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
  { job: "h2", contestant: "sallyport-bun+h2-h2", most: 0.5, unit: "× nginx with grpc_pass, CPU a request" },
  { job: "h2", contestant: "sallyport-bun+h2-h2", against: "haproxy+h2-h2", most: 1.3, unit: "× haproxy, CPU a request" },
  { job: "h2-h1", contestant: "sallyport-bun+h2-h1", most: 1.1, unit: "× nginx, CPU a request" },
  { job: "h2-bulk", contestant: "sallyport-bun+h2-h2", most: 1.2, unit: "× HTTP/1.1, CPU a gibibyte" },
  { job: "h2-bulk", contestant: "sallyport-node+h2-h2", against: "sallyport-node", most: 1.2, unit: "× HTTP/1.1, CPU a gibibyte" },
  { job: "h2-bulk", contestant: "sallyport-bun+h2-h2", against: "haproxy+h2-h2", most: 1, unit: "× haproxy, CPU a gibibyte" },
  { job: "identity-bun", contestant: "sallyport-bun-jwt", most: 1.15, unit: "× a public route, CPU a request" },
  { job: "identity-node", contestant: "sallyport-node-jwt", most: 1.15, unit: "× a public route, CPU a request" },
  { job: "limits-bun", contestant: "sallyport-bun-limit-exact", most: 1.4, unit: "× no limit, CPU a request" },
  { job: "limits-node", contestant: "sallyport-node-limit-exact", most: 1.4, unit: "× no limit, CPU a request" },
  { job: "limits-latency", contestant: "sallyport-bun-limit-exact", most: 0.5, unit: "ms at p50 beyond no limit" },
  { job: "limits-latency", contestant: "sallyport-node-limit-exact", most: 0.5, unit: "ms at p50 beyond no limit" },
  { job: "h2-streams", contestant: "sallyport-bun+h2-h2", most: 8, unit: "KiB a stream" },
];

/** Verdicts on the limits of the jobs that were asked for. */
export function checkLimits(results: Results, jobs: readonly string[]): Verdict[] {
  return LIMITS.filter((limit) => jobs.includes(limit.job)).map((limit) => {
    const values = valuesOf(results, limit);
    const measured = values.length === 0 ? null : spread(values).median;
    return { limit, measured, kept: measured !== null && measured <= limit.most };
  });
}

function valuesOf(results: Results, limit: Limit): number[] {
  if (limit.job === "idle") return idleValues(results, limit);
  if (limit.job === "h2-streams") return streamValues(results, limit);
  if (limit.job === "limits-latency") return steadyValues(results, limit);
  return ratioValues(results, limit);
}

function steadyValues(results: Results, limit: Limit): number[] {
  const figures = results.steady?.figures ?? [];
  return figures.filter((figure) => figure.contestant === limit.contestant).map((figure) => figure.addedMs);
}

function streamValues(results: Results, limit: Limit): number[] {
  const figures = results.streams?.figures ?? [];
  return figures.filter((figure) => figure.contestant === limit.contestant).map((figure) => figure.kibPerStream);
}

function idleValues(results: Results, limit: Limit): number[] {
  const figures = results.idle?.figures ?? [];
  return figures.filter((figure) => figure.contestant === limit.contestant).map((figure) => figure.kibPerConnection);
}

function ratioValues(results: Results, limit: Limit): number[] {
  const result = results.sliced.find((one) => one.job.name === limit.job);
  if (result === undefined) return [];
  return ratiosByRound(toCpuFigures(result), limit.contestant, limit.against ?? result.job.baseline);
}

export function toCpuFigures(result: SlicedResult): { contestant: string; round: number; value: number }[] {
  return result.slices.map(({ contestant, round, cpuUsPerRequest }) => ({ contestant, round, value: cpuUsPerRequest }));
}
