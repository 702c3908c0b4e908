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

export function compileLeaf<T>(routes: readonly RouteFound<T>[]): Leaf<T> {
  const others = sortByConditions(routes.filter((route) => route.methods.length === 0));
  const methods = toMethods(routes);
  const lists = methods.map((method) => {
    const naming = routes.filter((route) => route.methods.includes(method));
    const following = method === "HEAD" ? routes.filter((route) => route.methods.includes("GET") && !naming.includes(route)) : [];
    return toRouteList([...sortByConditions(naming), ...sortByConditions(following), ...others]);
  });
  const miss: RouteMissing = Object.freeze({ outcome: METHOD_NOT_ALLOWED, allow: methods.join(", ") });
  return { methods, lists, others: toRouteList(others), miss };
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
  return route.conditions?.filter(namesValues).length ?? 0;
}

/** The methods that routes name, sorted, with HEAD where there is GET. */
function toMethods<T>(routes: readonly RouteFound<T>[]): string[] {
  const methods = new Set(routes.flatMap((route) => route.methods));
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods].sort();
}
