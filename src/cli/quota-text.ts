// What `sallyport quota` prints: a line for each counter, with a bar where somebody looks at a terminal.

import type { QuotaReset, QuotaView } from "../limits/index.ts";
import type { Paint } from "./terminal.ts";

const HEAD = ["LIMIT", "KEY", "PERIOD", "USED", "OF", "", "LEFT", "ENDS"];
/** Numbers stand at the right. */
const RIGHT = new Set(["USED", "OF", "", "LEFT"]);
const BAR_WIDTH = 10;
/** On a terminal; elsewhere a key is whole. */
const KEY_WIDTH = 40;
const NEARLY = 0.8;

export interface QuotaTextOptions {
  readonly paint: Paint;
  /** For somebody who looks at it. */
  readonly isTerminal: boolean;
}

export function formatQuotas(quotas: readonly QuotaView[], { paint, isTerminal }: QuotaTextOptions): readonly string[] {
  if (quotas.length === 0) return [];
  const rows = quotas.map(({ limit, key, period, used, units, remaining, endsAt }) => [
    limit,
    isTerminal ? shorten(key) : key,
    period,
    String(used),
    String(units),
    `${Math.floor(shareOf(used, units) * 100)}%`,
    String(remaining),
    endsAt,
  ]);
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const toLine = (row: readonly string[]) =>
    row
      .map((cell, column) => (RIGHT.has(HEAD[column]!) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd();
  if (!isTerminal) return all.map(toLine);
  const bars = quotas.map(({ used, units }) => paintBar(shareOf(used, units), paint));
  return [toLine(HEAD), ...rows.map((row, index) => `${toLine(row)}  ${bars[index]}`)];
}

export function formatReset({ limit, key, count }: QuotaReset, { good }: Paint): string {
  const counters = count === 1 ? "1 counter" : `${count} counters`;
  return `${good("reset:")} ${limit}${key === null ? `, ${counters}` : ` of ${key}`}; gateways see it within a second`;
}

function shareOf(used: number, units: number): number {
  return units === 0 ? 1 : used / units;
}

function paintBar(share: number, { good, warn, bad }: Paint): string {
  const filled = Math.min(BAR_WIDTH, Math.round(share * BAR_WIDTH));
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  return share >= 1 ? bad(bar) : share >= NEARLY ? warn(bar) : good(bar);
}

/** Its end tells keys of one kind apart as well as its beginning. */
function shorten(key: string): string {
  if (key.length <= KEY_WIDTH) return key;
  const half = (KEY_WIDTH - 2) / 2;
  return `${key.slice(0, half)}…${key.slice(-half)}`;
}
