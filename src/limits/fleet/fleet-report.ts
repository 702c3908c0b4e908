// What a simulation found, and as people read it.

import type { LimitRule, OnStoreFailure } from "../rule.ts";

/** `local`: each gateway the whole limit. `split`: each its part of it. */
export type FleetMode = "local" | "split" | "exact" | "approximate";

export interface FleetRow {
  readonly algorithm: LimitRule["kind"];
  readonly mode: FleetMode;
  /** What held while the store was away; null: it was there all the time, or there is none. */
  readonly outage: OnStoreFailure | null;
  readonly requests: number;
  readonly admitted: number;
  /** Of one counter that sees every request at once. */
  readonly idealAdmitted: number;
  /** Of keys that the ideal refused something in a period: units admitted beyond what it admitted, in % of that. */
  readonly overPercent: number;
  /** Of the same: units that it admitted and the fleet did not. */
  readonly underPercent: number;
  /** The key and period with the most too much. */
  readonly worstOverPercent: number;
  /** Of keys that the ideal refused nothing: units that were refused, in % of all of theirs. */
  readonly wronglyRefusedPercent: number;
  /** Calls of the store. In exact mode each request asks once; what leaves at the same time leaves together, which is not counted here. */
  readonly callsPerRequest: number;
}

export interface FleetReport {
  readonly seed: number;
  readonly nodes: number;
  readonly requestsPerSecond: number;
  readonly seconds: number;
  /** Before these nothing is compared: a fleet that has just begun knows nobody's rates. */
  readonly warmUpSeconds: number;
  readonly keys: number;
  readonly skew: number;
  readonly clockSkewMs: number;
  readonly latencyMs: number;
  readonly outage: { readonly fromSeconds: number; readonly toSeconds: number };
  readonly rows: readonly FleetRow[];
}

const HEADS = ["algorithm", "mode", "store away", "admitted", "over %", "under %", "worst %", "wronged %", "calls/request"] as const;

/** A table for a terminal. */
export function formatFleetReport(report: FleetReport): string {
  const { nodes, requestsPerSecond, seconds, warmUpSeconds, keys, skew, clockSkewMs, latencyMs, outage, seed } = report;
  const cells = report.rows.map((row) => [
    row.algorithm,
    row.mode,
    row.outage ?? "",
    `${row.admitted}`,
    row.overPercent.toFixed(2),
    row.underPercent.toFixed(2),
    row.worstOverPercent.toFixed(2),
    row.wronglyRefusedPercent.toFixed(2),
    row.callsPerRequest.toFixed(4),
  ]);
  const widths = HEADS.map((head, column) => Math.max(head.length, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd();
  return [
    `${nodes} gateways, ${requestsPerSecond} requests/s for ${seconds} s (compared from ${warmUpSeconds} s on), ${keys} keys (skew ${skew}), clocks off by up to ${clockSkewMs} ms,`,
    `the store ${latencyMs} ms off and away from ${outage.fromSeconds} s to ${outage.toSeconds} s where that is said; seed ${seed}.`,
    "",
    line(HEADS),
    ...cells.map(line),
    "",
  ].join("\n");
}
