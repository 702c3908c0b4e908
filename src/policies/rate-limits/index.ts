// Limits on a route or a listener: who is over one is refused or made to wait, and everybody is told how it stands.
//
// Each limit is asked as soon as its key is known: a listener's before routing, a route's before anybody is authenticated unless who calls
// matters to it. All limits of a phase that one store counts are one question; of a request that a later store of the phase refuses, the
// earlier ones' counts are given back. What an earlier phase has counted stays: whoever is refused there must not get the next try for nothing.

import type { LimitUse, RouteConfig } from "../../config/index.ts";
import type { FieldName } from "../../http/index.ts";
import { CONTINUE, type Phase, type Policy } from "../../pipeline/index.ts";
import { AppliedLimit } from "./applied-limit.ts";
import type { LimitsHost } from "./host.ts";
import { costNamesOf, LimitPhase } from "./limit-phase.ts";
import { settleCosts } from "./settle-costs.ts";

export { readsCaller } from "./applied-limit.ts";
export { type BoundLimit, LIMIT_OUTCOMES, type LimitCounter, type LimitMetrics, type LimitOutcome, type LimitsHost } from "./host.ts";

export { limitAsksOf, limitDelayOf } from "./request-limits.ts";

/** Empty for a route without limits. */
export function compileRateLimits(route: Pick<RouteConfig, "name" | "auth" | "rateLimits">, host: LimitsHost): Policy[] {
  const limits = route.rateLimits.map((use) => apply(use, route.name, host));
  // Where nobody is authenticated nobody is in a tier or exempt by name, so that nothing is waited for.
  const isLate = (limit: AppliedLimit) => limit.needsPrincipal || (limit.readsPrincipal && route.auth !== null);
  const early = limits.filter((limit) => !isLate(limit));
  const late = limits.filter(isLate);
  const policies: Policy[] = [];
  if (early.length > 0) policies.push(toPolicy("early-limits", new LimitPhase(early)));
  if (late.length > 0) policies.push({ ...toPolicy("limits", new LimitPhase(late)), reads: ["principal"] });
  const names = costNamesOf(limits);
  if (names.length > 0) policies.push(readCosts(names));
  return policies;
}

/** Null for a listener without limits. */
export function compileListenerLimits(uses: readonly LimitUse[], host: LimitsHost): Policy | null {
  if (uses.length === 0) return null;
  const limits = uses.map((use) => apply(use, null, host));
  const policy = toPolicy("guard", new LimitPhase(limits));
  const names = costNamesOf(limits);
  if (names.length === 0) return policy;
  return {
    ...policy,
    response(exchange) {
      settleCosts(exchange, names);
      return policy.response!(exchange);
    },
  };
}

function apply(use: LimitUse, route: string | null, { limits, limitMetrics }: LimitsHost): AppliedLimit {
  const bound = limits.get(use.limit);
  if (bound === undefined) throw new Error(`${route ?? "a listener"} names an unknown limit, ${use.limit}`);
  return new AppliedLimit(use, bound, route, limitMetrics);
}

function toPolicy(phase: Phase, limits: LimitPhase): Policy {
  return {
    name: "rate-limits",
    phase,
    request: (exchange) => limits.request(exchange),
    response: (exchange) => limits.response(exchange),
    end: (exchange) => limits.end(exchange),
  };
}

/** The last phase's response step is the first: an upstream's error that another policy puts into a form of ours still says what it cost. */
function readCosts(names: readonly FieldName[]): Policy {
  return {
    name: "limit-costs",
    phase: "answer",
    response(exchange) {
      settleCosts(exchange, names);
      return CONTINUE;
    },
  };
}
