// Where a host and path pattern ends: the routes that have exactly this pattern, ordered once, for each method apart.

import type { PathPattern } from "./pattern.ts";

export const ROUTE_FOUND = 1;
export const ROUTE_NOT_FOUND = 2;
export const METHOD_NOT_ALLOWED = 3;

/** A route that won. One object for the life of the router, frozen. */
export interface RouteFound<T> {
  readonly outcome: typeof ROUTE_FOUND;
  readonly name: string;
  readonly value: T;
  readonly path: PathPattern;
  /** In upper case, sorted; empty for any. */
  readonly methods: readonly string[];
}

/** No route won. Frozen. */
export interface RouteMissing {
  readonly outcome: typeof ROUTE_NOT_FOUND | typeof METHOD_NOT_ALLOWED;
  /** The value of Allow: sorted, with HEAD where there is GET; empty when no route has the path. */
  readonly allow: string;
}

export type RouteMatch<T> = RouteFound<T> | RouteMissing;

export const NOT_FOUND: RouteMissing = Object.freeze({ outcome: ROUTE_NOT_FOUND, allow: "" });

/**
 * The routes of one pattern. Each list is ordered from the most specific: routes that name the method, for HEAD then those
 * that name GET, then those for any method. Conditions on headers and queries will be tried along a list, and be part of
 * its order; without them the first one wins.
 */
export interface Leaf<T> {
  /** Methods with a list of their own, in the order of `lists`. */
  readonly methods: readonly string[];
  readonly lists: readonly (readonly RouteFound<T>[])[];
  /** For every other method; may be empty. */
  readonly others: readonly RouteFound<T>[];
  readonly miss: RouteMissing;
}

export function compileLeaf<T>(routes: readonly RouteFound<T>[]): Leaf<T> {
  const others = routes.filter((route) => route.methods.length === 0);
  const methods = toMethods(routes);
  const lists = methods.map((method) => {
    const naming = routes.filter((route) => route.methods.includes(method));
    const following = method === "HEAD" ? routes.filter((route) => route.methods.includes("GET") && !naming.includes(route)) : [];
    return [...naming, ...following, ...others];
  });
  return { methods, lists, others, miss: Object.freeze({ outcome: METHOD_NOT_ALLOWED, allow: methods.join(", ") }) };
}

/** The methods that routes name, sorted, with HEAD where there is GET. */
function toMethods<T>(routes: readonly RouteFound<T>[]): string[] {
  const methods = new Set(routes.flatMap((route) => route.methods));
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods].sort();
}
