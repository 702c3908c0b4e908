// From policies to the plan of a route: sorted by phase, checked, flattened. Configuration time only.

import type { FoldedNames } from "../http/index.ts";
import { PHASES, type Plan, type Policy, type Slot, type UpstreamPort } from "./policy.ts";

export interface PlanTarget {
  readonly route: string;
  readonly upstream: UpstreamPort | null;
  readonly timeoutMs: number | null;
  readonly bodyBytes: number | null;
  readonly forbiddenTrailers: FoldedNames;
  readonly typeBase?: string | null;
}

/** A policy reads what no policy before it writes: a mistake in the configuration, or in the list of what ships. */
export interface PlanIssue {
  readonly policy: string;
  readonly slot: Slot;
  readonly message: string;
}

/**
 * Compiles `policies` in the order of their phases; within a phase the given order stays. `outer` are the policies of the
 * listener: their request steps have run before the route is known, everything else of theirs belongs to each route's plan.
 */
export function compilePlan(
  target: PlanTarget,
  policies: readonly Policy[],
  outer: readonly Policy[] = [],
): { plan: Plan; issues: PlanIssue[] } {
  const all = sortByPhase([...outer, ...policies]);
  const reversed = [...all].reverse();
  const plan: Plan = {
    ...target,
    typeBase: target.typeBase ?? null,
    request: sortByPhase(policies).flatMap((policy) => policy.request ?? []),
    response: reversed.flatMap((policy) => policy.response ?? []),
    end: reversed.flatMap((policy) => policy.end ?? []),
    attempt: all.flatMap((policy) => policy.attempt ?? []),
    forward: all.flatMap((policy) => policy.forward ?? []),
    judges: all.flatMap((policy) => policy.judge ?? []),
    replayBytes: Math.max(0, ...all.map((policy) => policy.replayBytes ?? 0)),
  };
  return { plan, issues: checkSlots(target.route, all) };
}

function sortByPhase(policies: readonly Policy[]): Policy[] {
  return [...policies].sort((a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase));
}

function checkSlots(route: string, sorted: readonly Policy[]): PlanIssue[] {
  const written = new Set<Slot>();
  const issues: PlanIssue[] = [];
  for (const policy of sorted) {
    for (const slot of policy.reads ?? []) {
      if (written.has(slot)) continue;
      const message = `${policy.name} of route ${route} reads the ${slot}, but nothing before it writes one`;
      issues.push({ policy: policy.name, slot, message });
    }
    for (const slot of policy.writes ?? []) written.add(slot);
  }
  return issues;
}
