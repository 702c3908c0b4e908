// What the store does with a gateway's units, in plain code: redis-sync.ts says the same in Lua, and a test holds one against the other.

import type { SyncBatch, SyncEntry, SyncReading } from "./sync-port.ts";

/** What is kept of one key. */
export interface SharedCount extends SyncReading {
  /** 0 of a bucket. */
  readonly windowStartMs: number;
}

/**
 * How far a bucket may be from full. Whatever is admitted too much is paid back by later requests, but nobody pays for more than one burst and
 * what flows in while reports are on their way: else gateways that counted alone for an hour would be closed for hours.
 */
export function mostDebt(burst: number, ratePerMs: number, syncEveryMs: number): number {
  return 2 * burst + 2 * ratePerMs * syncEveryMs;
}

/** Counts an entry at `nowMs`, the store's clock. */
export function addEntry(before: SharedCount | null, entry: SyncEntry, nowMs: number, batch: SyncBatch): SharedCount {
  const sinceMs = before === null ? 0 : Math.max(0, nowMs - before.atMs);
  const fading = Math.exp(-sinceMs / batch.fadeMs);
  const entryFading = Math.exp(-Math.max(0, nowMs - entry.beforeMs) / batch.fadeMs);
  const askedPerMs = Math.max(0, (before?.askedPerMs ?? 0) * fading - entry.askedBefore * entryFading) + entry.askedPerMs;
  const admittedPerMs = Math.max(0, (before?.admittedPerMs ?? 0) * fading - entry.admittedBefore * entryFading) + entry.admittedPerMs;
  const rates = { atMs: nowMs, askedPerMs, admittedPerMs };
  const { rule } = entry;
  if (rule.kind === "tokenBucket") {
    // Units are reported up to a sync after they came. What flowed in meanwhile is theirs, also where the bucket looks full without them.
    const unreported = Math.min(rule.ratePerMs * batch.syncEveryMs, askedPerMs * batch.syncEveryMs + Math.max(0, entry.units));
    const spent = before === null ? -unreported : Math.max(before.count - rule.ratePerMs * sinceMs, -unreported);
    const count = Math.min(spent + entry.units, mostDebt(rule.burst, rule.ratePerMs, batch.syncEveryMs));
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
export function readAgain(before: SharedCount, entry: SyncEntry, nowMs: number, batch: SyncBatch): SharedCount {
  const { meter, rule, key, windowStartMs } = entry;
  const nothing = { units: 0, earlierUnits: 0, askedPerMs: 0, admittedPerMs: 0, askedBefore: 0, admittedBefore: 0, beforeMs: nowMs };
  return addEntry(before, { meter, rule, key, windowStartMs, ...nothing }, nowMs, batch);
}

/** How long somebody may want to know. */
export function lifetimeMs(count: SharedCount, { rule }: SyncEntry, batch: SyncBatch): number {
  const ownMs = rule.kind === "tokenBucket" ? Math.max(0, count.count) / rule.ratePerMs : 2 * rule.windowMs;
  return Math.ceil(ownMs + 2 * batch.syncEveryMs);
}

function rolled(before: SharedCount | null, windowStartMs: number, windowMs: number): { count: number; earlier: number } {
  if (before === null || before.windowStartMs < windowStartMs - windowMs) return { count: 0, earlier: 0 };
  if (before.windowStartMs < windowStartMs) return { count: 0, earlier: before.count };
  return { count: before.count, earlier: before.earlier };
}
