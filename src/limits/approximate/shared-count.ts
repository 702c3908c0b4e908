// What the store does with a gateway's units, in plain code: redis-sync.ts says the same in Lua, and a test holds one against the other.

import type { SyncEntry, SyncReading } from "./sync-port.ts";

/** What is kept of one key. */
export interface SharedCount {
  readonly atMs: number;
  readonly windowStartMs: number;
  readonly count: number;
  readonly earlier: number;
  readonly admitted: number;
  readonly asked: number;
  readonly weightMs: number;
}

/** A first report of one request must not look like a thousand requests a second: rates are over this share of the memory at least. */
const LEAST_WEIGHT = 0.25;

/**
 * How far a bucket may go below empty. Whatever is admitted too much is paid back by later requests, but nobody pays for more than one burst and
 * what flows in while a report is on its way: else gateways that counted alone for an hour would be closed for hours.
 */
export function mostDebt(burst: number, ratePerMs: number, memoryMs: number): number {
  return 2 * burst + ratePerMs * memoryMs;
}

/** Counts an entry at `nowMs`, the store's clock. */
export function addEntry(before: SharedCount | null, entry: SyncEntry, nowMs: number, memoryMs: number): SharedCount {
  const sinceMs = before === null ? 0 : Math.max(0, nowMs - before.atMs);
  const decay = Math.exp(-sinceMs / memoryMs);
  const rates = {
    atMs: nowMs,
    admitted: Math.max(0, (before?.admitted ?? 0) * decay + entry.units + entry.earlierUnits),
    asked: Math.max(0, (before?.asked ?? 0) * decay + entry.askedUnits),
    weightMs:
      before === null
        ? Math.min(memoryMs, Math.max(entry.collectedMs, memoryMs * LEAST_WEIGHT))
        : before.weightMs * decay + memoryMs * (1 - decay),
  };
  const { rule } = entry;
  if (rule.kind === "tokenBucket") {
    // Units that came over some time are reported at its end. What flowed in meanwhile is theirs, also where the bucket looked full until now.
    const spent = Math.max((before?.count ?? 0) - rule.ratePerMs * sinceMs, -rule.ratePerMs * Math.min(entry.collectedMs, memoryMs));
    const count = Math.min(spent + entry.units, mostDebt(rule.burst, rule.ratePerMs, memoryMs));
    return { ...rates, windowStartMs: 0, count, earlier: 0 };
  }
  const { windowMs } = rule;
  const windowStartMs = Math.floor(nowMs / windowMs) * windowMs;
  let { count, earlier } = rolled(before, windowStartMs, windowMs);
  // A gateway whose clock is ahead counted in a window that has not begun: better in this one than nowhere.
  const windowsAgo = Math.max(0, (windowStartMs - entry.windowStartMs) / windowMs);
  if (windowsAgo === 0) {
    count += entry.units;
    earlier += entry.earlierUnits;
  } else if (windowsAgo === 1) {
    earlier += entry.units;
  }
  return { ...rates, windowStartMs, count: Math.max(0, count), earlier: Math.max(0, earlier) };
}

/** How it stands at `nowMs`, where the entry was counted before. */
export function readAgain(before: SharedCount, entry: SyncEntry, nowMs: number, memoryMs: number): SharedCount {
  return addEntry(before, { ...entry, units: 0, earlierUnits: 0, askedUnits: 0 }, nowMs, memoryMs);
}

/** How long nobody can tell the key from one that was never counted. */
export function lifetimeMs(count: SharedCount, entry: SyncEntry, memoryMs: number): number {
  const { rule } = entry;
  const ownMs = rule.kind === "tokenBucket" ? Math.max(0, count.count) / rule.ratePerMs : 2 * rule.windowMs;
  return Math.ceil(ownMs + 2 * memoryMs);
}

export function toReading(count: SharedCount): SyncReading {
  const { atMs, earlier, admitted, asked, weightMs } = count;
  return { atMs, count: count.count, earlier, admitted, asked, weightMs };
}

function rolled(before: SharedCount | null, windowStartMs: number, windowMs: number): { count: number; earlier: number } {
  if (before === null || before.windowStartMs < windowStartMs - windowMs) return { count: 0, earlier: 0 };
  if (before.windowStartMs < windowStartMs) return { count: 0, earlier: before.count };
  return { count: before.count, earlier: before.earlier };
}
