// From policies to the plan of a route: sorted by phase, checked, flattened. Configuration time only.

import type { FoldedNames } from "../http/index.ts";
import { FixedList } from "./fixed-list.ts";
import { PHASES, type Phase, type Plan, type Policy, type Slot, type UpstreamPort } from "./policy.ts";

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
  const all = sortByPhase(outer.concat(policies));
  const reversed = all.slice().reverse();
  const plan: Plan = Object.freeze({
    ...target,
    typeBase: target.typeBase ?? null,
    request: select(outer.length === 0 ? all : sortByPhase(policies), readRequest),
    response: select(reversed, readResponse),
    end: select(reversed, readEnd),
    attempt: select(all, readAttempt),
    forward: select(all, readForward),
    judges: select(all, readJudge),
    replayBytes: Math.max(0, ...all.map((policy) => policy.replayBytes ?? 0)),
  });
  return { plan, issues: checkSlots(target.route, all) };
}

const readRequest = (policy: Policy) => policy.request;
const readResponse = (policy: Policy) => policy.response;
const readEnd = (policy: Policy) => policy.end;
const readAttempt = (policy: Policy) => policy.attempt;
const readForward = (policy: Policy) => policy.forward;
const readJudge = (policy: Policy) => policy.judge;

const NOTHING = new FixedList<never>([]);

/** What the policies have of one sort, in their order. Most have none of most sorts. */
function select<T>(policies: readonly Policy[], read: (policy: Policy) => T | undefined): FixedList<T> {
  const found: T[] = [];
  for (const policy of policies) {
    const part = read(policy);
    if (part !== undefined) found.push(part);
  }
  return found.length === 0 ? NOTHING : new FixedList(found);
}

const ORDER = new Map<Phase, number>(PHASES.map((phase, index) => [phase, index]));

function sortByPhase(policies: readonly Policy[]): Policy[] {
  return policies.slice().sort((a, b) => (ORDER.get(a.phase) ?? 0) - (ORDER.get(b.phase) ?? 0));
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
