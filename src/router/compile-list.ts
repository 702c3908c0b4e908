// From the routes of one pattern and method, in their order, to the list that route-list.ts searches.

import { namesValues } from "./compile-conditions.ts";
import type { Condition } from "./conditions.ts";
import type { RouteFound } from "./leaf.ts";
import type { RouteList, ValueIndex } from "./route-list.ts";

/** Shorter lists are tried one after another. */
const MIN_INDEXED = 9;

/** `routes` in their order. Configuration time. */
export function toRouteList<T>(routes: readonly RouteFound<T>[]): RouteList<T> {
  const [first] = routes;
  // A route without conditions takes whatever comes to it: those behind it are for nobody.
  const only = first !== undefined && first.conditions === null ? first : null;
  return { routes, only, index: routes.length < MIN_INDEXED ? null : toIndex(routes) };
}

/**
 * The subject that tells most of the routes apart: named by many, with many values. (Of tenants with a beta each, `beta: 1` is named as
 * often as the tenant and tells nothing.) Null when none names values.
 */
export function findCommonSubject<T>(routes: readonly RouteFound<T>[]): string | null {
  const subjects = new Map<string, { count: number; readonly values: Set<string> }>();
  for (const route of routes) {
    for (const condition of route.conditions ?? NO_CONDITIONS) {
      if (!namesValues(condition) || condition.absent) continue;
      const found = subjects.get(condition.subject) ?? { count: 0, values: new Set() };
      subjects.set(condition.subject, found);
      found.count++;
      for (const value of condition.values ?? []) found.values.add(value);
    }
  }
  let best: string | null = null;
  let most = 0;
  for (const [subject, { count, values }] of subjects) {
    const apart = Math.min(count, values.size);
    if (apart <= most) continue;
    best = subject;
    most = apart;
  }
  return best;
}

function toIndex<T>(routes: readonly RouteFound<T>[]): ValueIndex<T> | null {
  const common = findCommonSubject(routes);
  const example = routes.find((route) => common !== null && findSubject(route.conditions ?? NO_CONDITIONS, common) !== null);
  const subject = common === null ? null : findSubject(example?.conditions ?? NO_CONDITIONS, common);
  if (common === null || subject === null) return null;
  const byValue = new Map<string, number[]>();
  const rest: number[] = [];
  for (let at = 0; at < routes.length; at++) {
    const condition = findSubject(routes[at]?.conditions ?? NO_CONDITIONS, common);
    if (condition === null || condition.absent || !namesValues(condition)) {
      rest.push(at);
      continue;
    }
    for (const value of condition.values ?? []) {
      const places = byValue.get(value);
      if (places === undefined) byValue.set(value, [at]);
      else places.push(at);
    }
  }
  return { subject, byValue, rest, routes };
}

const NO_CONDITIONS: readonly Condition[] = [];

function findSubject(conditions: readonly Condition[], subject: string): Condition | null {
  for (let i = 0; i < conditions.length; i++) if (conditions[i]?.subject === subject) return conditions[i] ?? null;
  return null;
}
