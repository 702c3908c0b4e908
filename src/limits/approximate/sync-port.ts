// The port through which gateways tell each other what they counted: each sends its units, and is told what all of them have.

import type { FixedWindowRule, LimitRule, Meter, SlidingWindowRule, TokenBucketRule } from "../rule.ts";

/** The rules that can be counted with a lag: those whose whole state is a count or two. */
export type ApproximateRule = FixedWindowRule | SlidingWindowRule | TokenBucketRule;

export function isApproximateRule(rule: LimitRule): rule is ApproximateRule {
  return rule.kind === "fixedWindow" || rule.kind === "slidingWindow" || rule.kind === "tokenBucket";
}

/** What one gateway counted of one key since it last said so. */
export interface SyncEntry {
  readonly meter: Meter;
  readonly rule: ApproximateRule;
  readonly key: string;
  /** Unix ms: the window that `units` were counted in. 0 of a bucket, which has none. */
  readonly windowStartMs: number;
  /** Admitted and charged, less what was given back. */
  readonly units: number;
  /** The same of the window before that. */
  readonly earlierUnits: number;
  /** Units that were asked for, also by those who were refused. */
  readonly askedUnits: number;
  /** In how many ms all this came. */
  readonly collectedMs: number;
}

export interface SyncBatch {
  /** From 1 on, without gaps. One that got no answer is sent again as it was, and is counted once however often it arrives. */
  readonly sequence: number;
  /** How long the rates in readings remember: their time constant. */
  readonly memoryMs: number;
  readonly entries: readonly SyncEntry[];
}

/** How all gateways together stand, the entry's units included. */
export interface SyncReading {
  /** Unix ms by the store's clock, which alone decides about windows: when this was read. */
  readonly atMs: number;
  /** Units of the window that `atMs` is in; of a bucket, how far it is from full, negative where reports of its use may still be on their way. */
  readonly count: number;
  /** Units of the window before. */
  readonly earlier: number;
  /** Sums that decay with the memory, and the sum of the time that they are over: asked/weightMs is a rate. */
  readonly admitted: number;
  readonly asked: number;
  readonly weightMs: number;
}

export interface SyncReply {
  /** Unix ms by the store's clock, also where nothing was sent. */
  readonly atMs: number;
  /** One for each entry, in their order. */
  readonly readings: readonly SyncReading[];
}

export interface SyncPort {
  /** Rejects when the store can't be asked. Then some of it may have been counted nevertheless. */
  sync(batch: SyncBatch): Promise<SyncReply>;
  /** What it holds open goes. */
  close(): void;
}
