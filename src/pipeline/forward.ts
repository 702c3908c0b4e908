// Attempts and their outcomes: when another one is made without anybody having asked for it, and whom to ask. @hot
// Two things need no configuration, because nothing can go wrong by them: another connection when a reused one turned out
// closed (RFC 9110 9.2.2), and another endpoint when one could not be connected to and nothing was sent.

import type { Fault } from "../base/index.ts";
import type { ResponseHead } from "../http/index.ts";
import type { Attempt } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import { DELIVER } from "./policy.ts";

/** Bodies up to this length are kept so that the stale-connection race loses no idempotent request. */
const RACE_BYTES = 64 * 1024;

/** The request steps are done: the first attempt, then whatever runs beside it. */
export function startForward(exchange: Exchange): void {
  const plan = exchange.plan;
  const body = exchange.requestBody;
  if (body !== null) body.keep(Math.max(plan.replayBytes, exchange.head.isIdempotent ? RACE_BYTES : 0));
  exchange.startAttempt(plan.upstream!);
  for (let i = 0; i < plan.forward.length; i++) plan.forward[i]!(exchange);
}

/** Asks the judges about a response; a delay in milliseconds, or DELIVER. */
export function judgeResponse(exchange: Exchange, attempt: Attempt, head: ResponseHead): number {
  const judges = exchange.plan.judges;
  if (!isRepeatable(exchange)) return DELIVER;
  for (let i = 0; i < judges.length; i++) {
    const delayMs = judges[i]!.onResponse(attempt, head);
    if (delayMs >= 0) return delayMs;
  }
  return DELIVER;
}

/** Starts another attempt, now or later, if the fault allows it and somebody wants it; false when the fault stands. */
export function judgeFault(exchange: Exchange, attempt: Attempt, fault: Fault): boolean {
  if (!isRepeatable(exchange)) return false;
  const tried = exchange.attempts.length;
  const retry = fault.kind.retry;
  if (retry === "reused-connection" && attempt.isReused && exchange.head.isIdempotent) {
    exchange.startAttempt(attempt.upstream, false, true);
    return true;
  }
  if (retry === "always" && tried < attempt.upstream.endpointCount) {
    exchange.startAttempt(attempt.upstream);
    return true;
  }
  const judges = exchange.plan.judges;
  for (let i = 0; i < judges.length; i++) {
    const delayMs = judges[i]!.onFault(attempt, fault);
    if (delayMs < 0) continue;
    exchange.retryAfter(delayMs);
    return true;
  }
  return false;
}

function isRepeatable(exchange: Exchange): boolean {
  return exchange.requestBody === null || exchange.requestBody.isIntact;
}
