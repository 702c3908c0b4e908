// The fields that tell a caller how it stands: X-RateLimit-*, which clients know, and RateLimit with RateLimit-Policy
// (draft-ietf-httpapi-ratelimit-headers-10). The tightest limit comes first, and is the one that X-RateLimit-* are about. @hot

import { type Fields, FoldedNames, fieldName } from "../../http/index.ts";
import { BY_CLOSED, BY_OPEN } from "../../limits/index.ts";
import type { LimitAsk } from "./applied-limit.ts";

const LIMIT = fieldName("X-RateLimit-Limit");
const REMAINING = fieldName("X-RateLimit-Remaining");
const RESET = fieldName("X-RateLimit-Reset");
const POLICY = fieldName("RateLimit-Policy");
const STATE = fieldName("RateLimit");
const WARNING = fieldName("X-Quota-Warning");
const OURS = [LIMIT, REMAINING, RESET, POLICY, STATE, WARNING];
const OURS_FOLDED = new FoldedNames(OURS);

/** Puts them in, in place of what an upstream says of its own limits: the client talks to the gateway. Does nothing where nothing is known. */
export function tellLimits(fields: Fields, asks: readonly LimitAsk[]): void {
  const told: LimitAsk[] = [];
  for (let i = 0; i < asks.length; i++) if (isTold(asks[i]!)) insert(told, asks[i]!);
  if (told.length === 0) return;
  removeOurs(fields);
  const tightest = told[0]!;
  fields.add(LIMIT, tightest.told.quotaText);
  fields.add(REMAINING, String(remainingOf(tightest)));
  if (tightest.resetMs > 0) fields.add(RESET, String(toSeconds(tightest.resetMs)));
  let policies = tightest.told.policy;
  let states = toState(tightest);
  let warnings = toWarning(tightest, "");
  for (let i = 1; i < told.length; i++) {
    const ask = told[i]!;
    policies += `, ${ask.told.policy}`;
    states += `, ${toState(ask)}`;
    warnings = toWarning(ask, warnings);
  }
  fields.add(POLICY, policies);
  fields.add(STATE, states);
  if (warnings !== "") fields.add(WARNING, warnings);
}

/** A dry run is nobody's business, and of what no store decided nothing is known. */
function isTold({ meter, decidedBy }: LimitAsk): boolean {
  return !meter.isDryRun && decidedBy !== BY_OPEN && decidedBy !== BY_CLOSED;
}

/** Keeps `told` in order; of two that are as tight the first one stays first. */
function insert(told: LimitAsk[], ask: LimitAsk): void {
  let at = told.length;
  told.push(ask);
  for (; at > 0 && isTighter(ask, told[at - 1]!); at--) told[at] = told[at - 1]!;
  told[at] = ask;
}

/** Who refused comes first, the longest wait before the others; then the smaller share that is left. */
function isTighter(a: LimitAsk, b: LimitAsk): boolean {
  if (a.isAdmitted !== b.isAdmitted) return b.isAdmitted;
  if (!a.isAdmitted) return a.retryMs > b.retryMs;
  return a.remaining * b.told.quota < b.remaining * a.told.quota;
}

function removeOurs(fields: Fields): void {
  fields.removeFolded(OURS_FOLDED);
  if (fields.added === null && fields.block === null) return;
  for (let i = 0; i < OURS.length; i++) fields.remove(OURS[i]!);
}

function remainingOf({ remaining, told }: LimitAsk): number {
  return remaining > told.quota ? told.quota : remaining;
}

function toSeconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

function toState(ask: LimitAsk): string {
  const state = ask.told.item + remainingOf(ask);
  return ask.resetMs > 0 ? `${state};t=${toSeconds(ask.resetMs)}` : state;
}

function toWarning({ told, used }: LimitAsk, before: string): string {
  if (used < told.warnFrom) return before;
  const percent = Math.min(100, Math.floor((used * 100) / told.quota));
  return before + (before === "" ? "" : ", ") + told.warning + percent;
}
