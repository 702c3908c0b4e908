// Routes of one pattern and method, the most specific first, and the choice among them. @hot
// Most lists hold one route without conditions. A long one (a tenant a route, told by a header) is indexed by the subject that most
// of its routes name values of, so that a request tries those of its own value and the few that name none.

import { AnnouncedHead, type Condition, type ConditionalHead, HEADER, holdAll, QUERY, readSubject, SEVERAL } from "./conditions.ts";
import type { RouteFound } from "./leaf.ts";
import { listParameter } from "./query-values.ts";

export interface RouteList<T> {
  readonly routes: readonly RouteFound<T>[];
  /** The only route, when it has no conditions; else null. */
  readonly only: RouteFound<T> | null;
  readonly index: ValueIndex<T> | null;
}

export interface ValueIndex<T> {
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
  if (index !== null) {
    const { subject } = index;
    if (!(head instanceof AnnouncedHead) || subject.on === QUERY) {
      const value = readSubject(subject, head);
      // Each of several must be among a route's values, so that the first alone says which routes to try.
      return selectIndexed(index, value === SEVERAL ? listParameter(head.query, subject.name, 0) : value, head);
    }
    // Where the header is announced, whatever route names values of it takes the request: the first that is tried mostly does.
    if (subject.on === HEADER && !head.announces(subject.name)) return selectIndexed(index, null, head);
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
