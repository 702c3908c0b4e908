// Where a host and path pattern ends: the routes that have exactly this pattern, ordered once, for each method apart.

import { namesValues } from "./compile-conditions.ts";
import { toRouteList } from "./compile-list.ts";
import type { Condition } from "./conditions.ts";
import type { PathPattern } from "./pattern.ts";
import type { RouteList } from "./route-list.ts";

export const ROUTE_FOUND = 1;
export const ROUTE_NOT_FOUND = 2;
export const METHOD_NOT_ALLOWED = 3;
/** Host, path and method are some route's, but none of its conditions hold. */
export const NO_VARIANT = 4;

/** A route that won. One object for the life of the router, frozen. */
export interface RouteFound<T> {
  readonly outcome: typeof ROUTE_FOUND;
  readonly name: string;
  readonly value: T;
  readonly path: PathPattern;
  /** In upper case, sorted; empty for any. */
  readonly methods: readonly string[];
  /** Null for none. */
  readonly conditions: readonly Condition[] | null;
}

/** No route won. Frozen. */
export interface RouteMissing {
  readonly outcome: typeof ROUTE_NOT_FOUND | typeof METHOD_NOT_ALLOWED | typeof NO_VARIANT;
  /** The value of Allow: sorted, with HEAD where there is GET; empty unless only the method is wrong. */
  readonly allow: string;
}

export type RouteMatch<T> = RouteFound<T> | RouteMissing;

export const NOT_FOUND: RouteMissing = Object.freeze({ outcome: ROUTE_NOT_FOUND, allow: "" });
export const WITHOUT_VARIANT: RouteMissing = Object.freeze({ outcome: NO_VARIANT, allow: "" });

/** The routes of one pattern. */
export interface Leaf<T> {
  /** Methods with a list of their own, in the order of `lists`. */
  readonly methods: readonly string[];
  /** Routes that name the method, for HEAD then those that name GET, then those for any method; each kind by its conditions. */
  readonly lists: readonly RouteList<T>[];
  /** For every other method; may be empty. */
  readonly others: RouteList<T>;
  readonly miss: RouteMissing;
}

/** `shapes` is one for a whole table. */
export function compileLeaf<T>(routes: readonly RouteFound<T>[], shapes: MethodShapes): Leaf<T> {
  const [only] = routes;
  if (routes.length === 1 && only !== undefined) return compileLeafOfOne(only, shapes);
  const others = sortByConditions(routes.filter((route) => route.methods.length === 0));
  const { methods, miss } = shapes.of([...new Set(routes.flatMap((route) => route.methods))]);
  const lists = methods.map((method) => {
    const naming = routes.filter((route) => route.methods.includes(method));
    const following = method === "HEAD" ? routes.filter((route) => route.methods.includes("GET") && !naming.includes(route)) : [];
    return toRouteList([...sortByConditions(naming), ...sortByConditions(following), ...others]);
  });
  return { methods, lists, others: toRouteList(others), miss };
}

const EMPTY: RouteList<never> = { routes: [], only: null, index: null };

/** Most patterns are one route's. */
function compileLeafOfOne<T>(route: RouteFound<T>, shapes: MethodShapes): Leaf<T> {
  const list = toRouteList([route]);
  const { methods, miss } = shapes.of(route.methods);
  return { methods, lists: methods.map(() => list), others: route.methods.length === 0 ? list : EMPTY, miss };
}

interface MethodShape {
  /** Sorted, with HEAD where there is GET. */
  readonly methods: readonly string[];
  readonly miss: RouteMissing;
}

/** What follows from the methods of a route or a pattern, made once for all that name the same. */
export class MethodShapes {
  readonly #sorted = new Map<string, readonly string[]>();
  readonly #shapes = new Map<readonly string[], MethodShape>();

  /** The same methods, each once and in order: one frozen list for all. */
  sort(methods: readonly string[]): readonly string[] {
    const key = methods.join();
    let sorted = this.#sorted.get(key);
    if (sorted === undefined) {
      sorted = Object.freeze([...new Set(methods)].sort());
      this.#sorted.set(key, sorted);
    }
    return sorted;
  }

  of(methods: readonly string[]): MethodShape {
    const sorted = this.sort(methods);
    let shape = this.#shapes.get(sorted);
    if (shape === undefined) {
      const all = sorted.includes("GET") ? this.sort([...sorted, "HEAD"]) : sorted;
      const miss: RouteMissing = Object.freeze({ outcome: METHOD_NOT_ALLOWED, allow: all.join(", ") });
      shape = { methods: all, miss };
      this.#shapes.set(sorted, shape);
    }
    return shape;
  }
}

/** Above zero when `b` goes first: more conditions, then more of them that name values. */
export function compareConditions<T>(a: RouteFound<T>, b: RouteFound<T>): number {
  return countConditions(b) - countConditions(a) || countNamed(b) - countNamed(a);
}

function sortByConditions<T>(routes: readonly RouteFound<T>[]): RouteFound<T>[] {
  return routes.length < 2 ? [...routes] : [...routes].sort(compareConditions);
}

function countConditions<T>(route: RouteFound<T>): number {
  return route.conditions?.length ?? 0;
}

function countNamed<T>(route: RouteFound<T>): number {
  const { conditions } = route;
  let count = 0;
  for (let i = 0; conditions !== null && i < conditions.length; i++) if (namesValues(conditions[i]!)) count++;
  return count;
}
