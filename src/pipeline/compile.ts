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
  const inner = sortByPhase(policies);
  const all = outer.length === 0 ? inner : mergeByPhase(sortByPhase(outer), inner);
  let replayBytes = 0;
  for (const policy of all) replayBytes = Math.max(replayBytes, policy.replayBytes ?? 0);
  const plan: Plan = Object.freeze({
    ...target,
    typeBase: target.typeBase ?? null,
    request: select(inner, readRequest),
    response: selectReversed(all, readResponse),
    end: selectReversed(all, readEnd),
    attempt: select(all, readAttempt),
    forward: select(all, readForward),
    judges: select(all, readJudge),
    replayBytes,
  });
  return { plan, issues: checkSlots(target.route, all) };
}

const readRequest = (policy: Policy) => policy.request;
const readResponse = (policy: Policy) => policy.response;
const readEnd = (policy: Policy) => policy.end;
const readAttempt = (policy: Policy) => policy.attempt;
const readForward = (policy: Policy) => policy.forward;
const readJudge = (policy: Policy) => policy.judge;

/** Most plans have nothing of most sorts. */
const NOTHING = new FixedList<never>([]);

function select<T>(policies: readonly Policy[], read: (policy: Policy) => T | undefined): FixedList<T> {
  let found: T[] | null = null;
  for (let i = 0; i < policies.length; i++) {
    const part = read(policies[i]!);
    if (part === undefined) continue;
    if (found === null) found = [part];
    else found.push(part);
  }
  return found === null ? NOTHING : new FixedList(found);
}

function selectReversed<T>(policies: readonly Policy[], read: (policy: Policy) => T | undefined): FixedList<T> {
  let found: T[] | null = null;
  for (let i = policies.length - 1; i >= 0; i--) {
    const part = read(policies[i]!);
    if (part === undefined) continue;
    if (found === null) found = [part];
    else found.push(part);
  }
  return found === null ? NOTHING : new FixedList(found);
}

const ORDER = new Map<Phase, number>(PHASES.map((phase, index) => [phase, index]));

function orderOf(policy: Policy | undefined): number {
  return policy === undefined ? PHASES.length : (ORDER.get(policy.phase) ?? 0);
}

/** In the order of the phases; what is so already stays the same list. Within a phase the given order stays. */
export function sortByPhase(policies: readonly Policy[]): readonly Policy[] {
  for (let i = 1; i < policies.length; i++) {
    if (orderOf(policies[i - 1]) > orderOf(policies[i])) return policies.slice().sort((a, b) => orderOf(a) - orderOf(b));
  }
  return policies;
}

function mergeByPhase(outer: readonly Policy[], inner: readonly Policy[]): Policy[] {
  const merged: Policy[] = [];
  let next = 0;
  for (const policy of outer) {
    for (; next < inner.length && orderOf(inner[next]) < orderOf(policy); next++) merged.push(inner[next]!);
    merged.push(policy);
  }
  for (; next < inner.length; next++) merged.push(inner[next]!);
  return merged;
}

function checkSlots(route: string, sorted: readonly Policy[]): PlanIssue[] {
  const issues: PlanIssue[] = [];
  if (!sorted.some((policy) => policy.reads !== undefined)) return issues;
  const written = new Set<Slot>();
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
