// What a simulation of limits found, for people.

import type { LimitSimulation, SimulatedDoubt, SimulatedLimit, SimulatedShares } from "../inspect/index.ts";
import type { Paint } from "./terminal.ts";

const HEAD = ["LIMIT", "ASKED", "REFUSED", "SHARE", "LOGGED", "DELAYED", "EXEMPT", "PEAK/S", "PEAK/MIN", "FIRST REFUSED"] as const;
const NAME = 0;
const REFUSED = 2;
const FIRST = HEAD.length - 1;

export function formatLimitSimulation(simulation: LimitSimulation, paint: Paint): string[] {
  const { limits, doubts } = simulation;
  const refusing = limits.filter(({ refused }) => refused > 0);
  return [
    ...formatRequests(simulation, paint),
    "",
    ...formatTable(
      limits.filter(({ obstacle }) => obstacle === null),
      paint,
    ),
    ...refusing.flatMap((limit) => formatWho(limit, paint)),
    ...formatDoubts(limits, doubts, paint),
  ];
}

function formatRequests({ lines, requests, from, until }: LimitSimulation, paint: Paint): string[] {
  const { replayed, refused, recorded, newlyRefused, noLongerRefused } = requests;
  const told: string[] = [];
  if (replayed === 0) told.push(paint.warn("Nothing was replayed."));
  else {
    told.push(`${count(replayed, "request")} that began from ${from} to ${until}`);
    const would =
      refused === 0 ? paint.good("none would be refused") : paint.bad(`${refused} would be refused (${percent(refused / replayed)})`);
    told.push(`${would}; ${recorded} were then, ${newlyRefused} are new, ${noLongerRefused} would no longer be`);
  }
  const { bad, firstBad, outside, late, unlimited } = lines;
  if (firstBad !== null)
    told.push(paint.warn(`${count(bad, "line")} of ${lines.read} are of no access log; the first is ${firstBad.log}:${firstBad.line}`));
  if (outside > 0) told.push(paint.dim(`${count(outside, "request")} began before --from, or from --until on`));
  if (late > 0) told.push(paint.dim(`${count(late, "request")} took so long that they were replayed after others which began later`));
  if (unlimited > 0) told.push(paint.dim(`${count(unlimited, "request")} were none that a limit sees: malformed, or OPTIONS *`));
  return told;
}

function formatTable(limits: readonly SimulatedLimit[], paint: Paint): string[] {
  if (limits.length === 0) return [];
  const rows = limits.map((limit) => [
    limit.dryRun ? `${limit.name} (dry run)` : limit.name,
    String(limit.asked),
    String(limit.refused),
    percent(limit.share),
    String(limit.recorded),
    String(limit.delayed),
    String(limit.exempt),
    String(limit.peakPerSecond),
    String(limit.peakPerMinute),
    limit.firstRefused ?? "never",
  ]);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number) =>
    column === NAME || column === FIRST ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  const toLine = (cells: readonly string[]) => cells.join("  ").trimEnd();
  const mark = ({ refused, dryRun }: SimulatedLimit) => (refused === 0 ? paint.good : dryRun ? paint.warn : paint.bad);
  return [
    paint.strong(toLine(HEAD.map(pad))),
    ...rows.map((row, index) =>
      toLine(row.map((cell, column) => (column === REFUSED ? mark(limits[index]!)(pad(cell, column)) : pad(cell, column)))),
    ),
  ];
}

function formatWho({ name, dryRun, keys, callers, routes }: SimulatedLimit, paint: Paint): string[] {
  return [
    "",
    paint.strong(`${name} ${dryRun ? "would refuse" : "refuses"}`),
    ...formatShares("key", keys, paint),
    ...formatShares("caller", callers, paint),
    ...formatShares("route", routes, paint),
  ];
}

function formatShares(what: string, { different, isPartial, top }: SimulatedShares, paint: Paint): string[] {
  const width = Math.max(...top.map(({ count: refused }) => String(refused).length));
  const lines = top.map(({ name, count: refused }, index) => {
    const label = (index === 0 ? `${what}s` : "").padEnd(8);
    return `  ${paint.dim(label)} ${String(refused).padStart(width)}  ${name === "" ? "(before routing)" : name}`;
  });
  const more = different - top.length;
  if (more > 0) lines.push(paint.dim(`  ${"".padEnd(9)}and ${isPartial ? "at least " : ""}${count(more, `more ${what}`)}`));
  return lines;
}

function formatDoubts(limits: readonly SimulatedLimit[], common: readonly SimulatedDoubt[], paint: Paint): string[] {
  const lines = limits
    .filter(({ obstacle }) => obstacle !== null)
    .map(({ name, obstacle, asked }) => `${paint.warn(`${name} was not simulated:`)} ${obstacle} (${count(asked, "request")})`);
  for (const { name, doubts } of limits)
    for (const { reason, requests } of doubts) lines.push(`${paint.warn(`${name}:`)} ${reason} (${count(requests, "request")})`);
  for (const { reason, requests } of common) lines.push(`${paint.warn(`${count(requests, "request")}:`)} ${reason}`);
  return lines.length === 0 ? [] : ["", paint.strong("What the log can't tell"), ...lines.map((line) => `  ${line}`)];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.001 ? 3 : 1)}%`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
