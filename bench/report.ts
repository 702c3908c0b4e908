// Results as tables for people. What a figure means and when to distrust it: README.md.

import type { Skipped } from "./field.ts";
import { toCpuFigures, type Verdict } from "./gate.ts";
import type { IdleResult } from "./idle.ts";
import { STEADY_JOB, toLabel } from "./jobs.ts";
import type { Slice, SlicedResult } from "./slices.ts";
import { ratiosByRound, spread } from "./stats.ts";
import type { SteadyResult } from "./steady.ts";
import type { StreamsResult } from "./streams.ts";

export function toSlicedTable(result: SlicedResult): string {
  const { job } = result;
  const figures = toCpuFigures(result);
  const rows = [
    [
      "",
      "CPU µs/req",
      `× ${job.baseline}`,
      "quartiles",
      "min–max",
      "req/s",
      "p50 ms",
      "p99 ms",
      "busy",
      "foreign",
      "RSS MiB",
      "PSS MiB",
      "clocks",
    ],
  ];
  for (const entry of job.entries) {
    const label = toLabel(entry);
    const slices = result.slices.filter((slice) => slice.contestant === label);
    const memory = result.memory[label];
    if (slices.length === 0 || memory === undefined) continue;
    const median = (pick: (slice: Slice) => number): number => spread(slices.map(pick)).median;
    const ratio = spread(ratiosByRound(figures, label, job.baseline));
    rows.push([
      label,
      median((slice) => slice.cpuUsPerRequest).toFixed(1),
      ratio.median.toFixed(2),
      `${ratio.q1.toFixed(2)}–${ratio.q3.toFixed(2)}`,
      `${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}`,
      median((slice) => slice.requestsPerSecond).toFixed(0),
      (median((slice) => slice.p50Us) / 1e3).toFixed(2),
      (median((slice) => slice.p99Us) / 1e3).toFixed(2),
      toPercent(median((slice) => slice.busy)),
      toPercent(median((slice) => slice.foreign)),
      (memory.rssKiB / 1024).toFixed(0),
      (memory.pssKiB / 1024).toFixed(0),
      (result.clockAgreement[label] ?? Number.NaN).toFixed(2),
    ]);
  }
  return `${job.name}: ${job.title}\n${toTable(rows)}${toSkippedLines(result.skipped)}`;
}

export function toIdleTable(result: IdleResult): string {
  const rows = [["", "KiB/connection", "min–max", "later half", "base PSS MiB"]];
  for (const label of new Set(result.figures.map((figure) => figure.contestant))) {
    const figures = result.figures.filter((figure) => figure.contestant === label);
    const all = spread(figures.map((figure) => figure.kibPerConnection));
    rows.push([
      label,
      all.median.toFixed(2),
      `${all.min.toFixed(2)}–${all.max.toFixed(2)}`,
      spread(figures.map((figure) => figure.kibPerLaterConnection)).median.toFixed(2),
      (spread(figures.map((figure) => figure.basePssKiB)).median / 1024).toFixed(0),
    ]);
  }
  return `idle: growth of PSS over ${result.connections} keep-alive connections that were used once\n${toTable(rows)}${toSkippedLines(result.skipped)}`;
}

export function toStreamsTable(result: StreamsResult): string {
  const rows = [["", "KiB/stream", "min–max", "RSS MiB before", "RSS MiB with all"]];
  for (const label of new Set(result.figures.map((figure) => figure.contestant))) {
    const figures = result.figures.filter((figure) => figure.contestant === label);
    const all = spread(figures.map((figure) => figure.kibPerStream));
    rows.push([
      label,
      all.median.toFixed(2),
      `${all.min.toFixed(2)}–${all.max.toFixed(2)}`,
      (spread(figures.map((figure) => figure.baseRssKiB)).median / 1024).toFixed(0),
      (spread(figures.map((figure) => figure.rssKiB)).median / 1024).toFixed(0),
    ]);
  }
  return `h2-streams: ${result.streams} requests at once over HTTP/2 on both sides, held open by the upstream\n${toTable(rows)}${toSkippedLines(result.skipped)}`;
}

export function toSteadyTable(result: SteadyResult): string {
  const rows = [["", "p50 ms", "p99 ms", "p50 beyond", "quartiles"]];
  for (const label of new Set(result.figures.map((figure) => figure.contestant))) {
    const figures = result.figures.filter((figure) => figure.contestant === label);
    const added = spread(figures.map((figure) => figure.addedMs));
    rows.push([
      label,
      spread(figures.map((figure) => figure.p50Ms)).median.toFixed(3),
      spread(figures.map((figure) => figure.p99Ms)).median.toFixed(3),
      added.median.toFixed(3),
      `${added.q1.toFixed(3)}–${added.q3.toFixed(3)}`,
    ]);
  }
  const title = `${STEADY_JOB.name}: ${STEADY_JOB.perSecond} requests a second over ${STEADY_JOB.connections} connections, exact in Redis and without a limit`;
  return `${title}\n${toTable(rows)}${toSkippedLines(result.skipped)}`;
}

export function toVerdictLines(verdicts: readonly Verdict[]): string {
  return verdicts
    .map(({ limit, measured, kept }) => {
      const figure = measured === null ? "not measured" : measured.toFixed(2);
      return `${kept ? "kept  " : "FAILED"} ${limit.job}, ${limit.contestant}: ${figure}, at most ${limit.most} ${limit.unit}\n`;
    })
    .join("");
}

function toSkippedLines(skipped: readonly Skipped[]): string {
  return skipped.map(({ label, reason }) => `SKIPPED ${label}: ${reason}\n`).join("");
}

function toTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)));
      return `  ${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}

function toPercent(share: number): string {
  return `${(share * 100).toFixed(0)}%`;
}
