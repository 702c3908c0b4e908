// Attempts and their outcomes: when another one is made without anybody having asked for it, and whom to ask. @hot
// Three things need no configuration, because nothing can go wrong by them: another connection when a reused one turned out
// closed (RFC 9110 9.2.2), another endpoint when one could not be connected to and nothing was sent, and another endpoint, or
// another connection to the only one, when a request was given back unread (RFC 9113 8.7).

import type { Fault } from "../base/index.ts";
import type { ResponseHead } from "../http/index.ts";
import type { Attempt } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import { BODY_LATE, DEADLINE } from "./faults.ts";
import { DELIVER, type UpstreamPort } from "./policy.ts";
import { FORWARD, REQUEST } from "./stages.ts";

/** Not a delay: the judge failed, and with it the exchange. */
const JUDGED = -2;

/** Bodies up to this length are kept so that the stale-connection race loses no idempotent request, and a refusal none at all. */
const RACE_BYTES = 64 * 1024;

/** The request steps are done: the first attempt, and whatever runs beside it. */
export function startForward(exchange: Exchange): void {
  const plan = exchange.plan;
  const body = exchange.requestBody;
  if (body !== null) body.keep(Math.max(plan.replayBytes, exchange.head.isIdempotent || plan.upstream!.mayRefuse ? RACE_BYTES : 0));
  // First whatever runs beside it: a mirror must be there before the body begins to flow.
  for (let i = 0; i < plan.forward.length; i++) plan.forward.at(i)(exchange);
  exchange.startAttempt(plan.upstream!);
}

/** Asks the judges about a response; a delay in milliseconds, DELIVER, or JUDGED when one threw and the exchange has its answer. */
export function judgeResponse(exchange: Exchange, attempt: Attempt, head: ResponseHead): number {
  const judges = exchange.plan.judges;
  if (judges.length === 0 || !isRepeatable(exchange)) return DELIVER;
  try {
    for (let i = 0; i < judges.length; i++) {
      const delayMs = judges.at(i).onResponse(attempt, head);
      if (delayMs >= 0) return delayMs;
    }
  } catch (error) {
    exchange.onBug(error);
    return JUDGED;
  }
  return DELIVER;
}

/** Starts another attempt, now or later, if the fault allows it and somebody wants it; false when the fault stands. */
export function judgeFault(exchange: Exchange, attempt: Attempt, fault: Fault): boolean {
  if (!isRepeatable(exchange)) return false;
  const retry = fault.kind.retry;
  if (retry === "reused-connection" && attempt.isReused && exchange.head.isIdempotent) {
    exchange.startAttempt(attempt.upstream, false, true);
    return true;
  }
  if (retry === "always") {
    const { endpointCount } = attempt.upstream;
    // The only endpoint may well take on a new connection what it gave back on one that it closes.
    const isElsewhere = endpointCount > 1 || !attempt.wasSent;
    if (countTries(exchange, attempt.upstream) < (isElsewhere ? endpointCount : 2)) {
      exchange.startAttempt(attempt.upstream, false, !isElsewhere);
      return true;
    }
  }
  const judges = exchange.plan.judges;
  try {
    for (let i = 0; i < judges.length; i++) {
      const delayMs = judges.at(i).onFault(attempt, fault);
      if (delayMs < 0) continue;
      exchange.retryAfter(delayMs);
      return true;
    }
  } catch (error) {
    exchange.onBug(error);
    return true;
  }
  return false;
}

/** Attempts at this upstream so far, mirrors aside. */
function countTries(exchange: Exchange, upstream: UpstreamPort): number {
  const attempts = exchange.attempts;
  let tries = 0;
  for (let i = 0; i < attempts.length; i++) if (attempts[i]!.upstream === upstream && !attempts[i]!.isShadow) tries++;
  return tries;
}

function isRepeatable(exchange: Exchange): boolean {
  return exchange.requestBody === null || exchange.requestBody.isIntact;
}

/** True while an attempt whose answer counts is under way. */
export function hasOpenAttempt(exchange: Exchange): boolean {
  const attempts = exchange.attempts;
  for (let i = 0; i < attempts.length; i++) if (!attempts[i]!.isOver && !attempts[i]!.isShadow) return true;
  return false;
}

/** The attempts under way are about to be given up for the exchange's fault: for the client's own doing, or in the time that it gave them? */
export function noteBreak(exchange: Exchange): void {
  const { kind } = exchange.fault!;
  if (exchange.broken === "nothing" && (kind.blame === "client" || kind === exchange.endingFault)) exchange.broken = judgeBreak(exchange);
}

function judgeBreak(exchange: Exchange): "nothing" | "request" | "connection" {
  if (exchange.holdsConnection) return "connection";
  for (let i = 0; i < exchange.attempts.length; i++) {
    const attempt = exchange.attempts[i]!;
    if (!attempt.isOver && !attempt.isShadow && attempt.wasSent) return "request";
  }
  return "nothing";
}

/** There is an answer: whatever else was tried for it is given up. */
export function cancelOthers(exchange: Exchange, winner: Attempt | null): void {
  const attempts = exchange.attempts;
  for (let i = 0; i < attempts.length; i++) {
    const attempt = attempts[i]!;
    if (attempt !== winner && !attempt.isShadow && !attempt.isOver) attempt.cancel();
  }
  exchange.requestBody?.keepNoMore();
}

/** The exchange is over. A mirror that has the whole request may live on. */
export function cancelAll(exchange: Exchange): void {
  const attempts = exchange.attempts;
  for (let i = 0; i < attempts.length; i++) {
    const attempt = attempts[i]!;
    if (!attempt.isOver && (!attempt.isShadow || exchange.requestBody?.isComplete === false)) attempt.cancel();
  }
}

/** The fault of an exchange whose time is over: whose fault it is depends on what it waits for, which the detail says. */
export function judgeDeadline(exchange: Exchange): Fault {
  const late = toLateBody(exchange);
  return late === null ? DEADLINE.with(describeWait(exchange)) : late;
}

/** RFC 9110 15.5.9: when all that is missing is the client's own body, the client is told so. */
function toLateBody(exchange: Exchange): Fault | null {
  const body = exchange.requestBody;
  if (exchange.stage !== FORWARD || body === null || body.isComplete || !hasOpenAttempt(exchange)) return null;
  for (let i = 0; i < exchange.attempts.length; i++) {
    const each = exchange.attempts[i]!;
    if (!each.isOver && !each.isShadow && (each.endpoint === "" || each.bodyBlocked)) return null;
  }
  return BODY_LATE.with(`${body.received} bytes of the request body came`);
}

function describeWait(exchange: Exchange): string {
  if (exchange.stage !== FORWARD) return exchange.stage === REQUEST ? "in a request step" : "in a response step";
  let attempt: Attempt | null = null;
  for (let i = 0; i < exchange.attempts.length; i++) {
    const each = exchange.attempts[i]!;
    if (!each.isOver && !each.isShadow) attempt = each;
  }
  if (attempt === null) return "for the next attempt";
  if (attempt.endpoint === "") return `for a connection to ${attempt.upstream.name}`;
  const body = exchange.requestBody;
  if (body === null || body.isComplete) return `for the response head of ${attempt.endpoint}`;
  return `for ${attempt.endpoint} to take the request body`;
}
