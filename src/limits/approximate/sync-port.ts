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
  /** Units a ms that the gateway is asked for now, also by those whom it refuses, and that it admits. */
  readonly askedPerMs: number;
  readonly admittedPerMs: number;
  /** What it said of these last, and when it heard the answer, by the store's clock: what it says now stands in the place of that. */
  readonly askedBefore: number;
  readonly admittedBefore: number;
  readonly beforeMs: number;
}

export interface SyncBatch {
  /** From 1 on, without gaps. One that got no answer is sent again as it was, and is counted once however often it arrives. */
  readonly sequence: number;
  /** Gateways with nothing new to say of a key say so once. So that one which can't isn't counted on for ever, rates fade by this time constant. */
  readonly fadeMs: number;
  readonly syncEveryMs: number;
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
  /** Of all gateways: what each of them said last. */
  readonly askedPerMs: number;
  readonly admittedPerMs: number;
}

export interface SyncReply {
  /** Unix ms by the store's clock, also where nothing was sent. */
  readonly atMs: number;
  /** Of the store, that the batch took. */
  readonly calls: number;
  /** One for each entry, in their order. */
  readonly readings: readonly SyncReading[];
}

export interface SyncPort {
  /** Rejects when the store can't be asked. Then some of it may have been counted nevertheless. */
  sync(batch: SyncBatch): Promise<SyncReply>;
  /** What it holds open goes. */
  close(): void;
}
