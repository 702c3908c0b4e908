// Routes of one pattern and method, the most specific first, and the choice among them. @hot
// Most lists hold one route without conditions. A long one (a tenant a route, told by a header) is indexed by the subject that most
// of its routes name values of, so that a request tries those of its own value and the few that name none.

import { AnnouncedHead, type Condition, type ConditionalHead, holdAll, namesValues, readSubject, SEVERAL } from "./conditions.ts";
import type { RouteFound } from "./leaf.ts";

/** Shorter lists are tried one after another. */
const MIN_INDEXED = 9;

export interface RouteList<T> {
  readonly routes: readonly RouteFound<T>[];
  /** The only route, when it has no conditions; else null. */
  readonly only: RouteFound<T> | null;
  readonly index: ValueIndex<T> | null;
}

interface ValueIndex<T> {
  readonly subject: Condition;
  /** Places in `routes`, ascending: those that name the value. */
  readonly byValue: ReadonlyMap<string, readonly number[]>;
  /** Those that name no value of the subject. */
  readonly rest: readonly number[];
  readonly routes: readonly RouteFound<T>[];
}

/** The first route of the list whose conditions hold, or null. */
export function selectRoute<T>(list: RouteList<T>, head: ConditionalHead): RouteFound<T> | null {
  if (list.only !== null) return list.only;
  const { index, routes } = list;
  if (index !== null && !(head instanceof AnnouncedHead)) {
    const value = readSubject(index.subject, head);
    if (value !== SEVERAL) return selectIndexed(index, value, head);
  }
  for (let i = 0; i < routes.length; i++) {
    const route = routes[i];
    if (route !== undefined && (route.conditions === null || holdAll(route.conditions, head))) return route;
  }
  return null;
}

const NONE: readonly number[] = [];

/** Merges two ascending lists of places while it tries them. */
function selectIndexed<T>(index: ValueIndex<T>, value: string | null, head: ConditionalHead): RouteFound<T> | null {
  const named = (value === null ? undefined : index.byValue.get(value)) ?? NONE;
  const rest = index.rest;
  let i = 0;
  let j = 0;
  while (i < named.length || j < rest.length) {
    const a = named[i] ?? Number.POSITIVE_INFINITY;
    const b = rest[j] ?? Number.POSITIVE_INFINITY;
    const route = index.routes[Math.min(a, b)];
    if (a < b) i++;
    else j++;
    if (route !== undefined && (route.conditions === null || holdAll(route.conditions, head))) return route;
  }
  return null;
}

/** `routes` in their order. Configuration time. */
export function toRouteList<T>(routes: readonly RouteFound<T>[]): RouteList<T> {
  const [first] = routes;
  // A route without conditions takes whatever comes to it: those behind it are for nobody.
  const only = first !== undefined && first.conditions === null ? first : null;
  return { routes, only, index: routes.length < MIN_INDEXED ? null : toIndex(routes) };
}

/** The subject that most of the routes name values of; null when none does. */
export function findCommonSubject<T>(routes: readonly RouteFound<T>[]): string | null {
  const counts = new Map<string, number>();
  let best: string | null = null;
  for (const route of routes) {
    for (const condition of route.conditions ?? NO_CONDITIONS) {
      if (!namesValues(condition) || condition.absent) continue;
      const count = (counts.get(condition.subject) ?? 0) + 1;
      counts.set(condition.subject, count);
      if (best === null || count > (counts.get(best) ?? 0)) best = condition.subject;
    }
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
