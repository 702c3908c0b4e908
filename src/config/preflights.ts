// Routes that a preflight can't tell apart: it says which header a page wants to send, never its value (Fetch 4.8), so that routes which
// differ in such a value alone must have the same word on other origins.

import type { MatchConfig, RouteConfig } from "./config.ts";

export interface AmbiguousPreflight {
  /** The later one, and the first that it can't be told from. */
  readonly route: RouteConfig;
  readonly other: RouteConfig;
}

/** One finding a route at most. */
export function findAmbiguousPreflights(routes: readonly RouteConfig[]): AmbiguousPreflight[] {
  const groups = new Map<string, RouteConfig[]>();
  const found = new Map<RouteConfig, RouteConfig>();
  for (const route of routes) {
    const { hosts, paths } = route.match;
    for (const host of hosts.length === 0 ? [""] : hosts) {
      for (const path of paths) {
        const shape = path.includes(":") ? path.replaceAll(/:[^/]+/g, ":") : path;
        const key = `${host} ${shape}`;
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [route]);
        else {
          const other = found.has(route) ? undefined : group.find((earlier) => isAmbiguous(earlier, route));
          if (other !== undefined) found.set(route, other);
          group.push(route);
        }
      }
    }
  }
  return [...found].map(([route, other]) => ({ route, other }));
}

function isAmbiguous(a: RouteConfig, b: RouteConfig): boolean {
  if (a === b || (a.cors === null && b.cors === null) || JSON.stringify(a.cors) === JSON.stringify(b.cors)) return false;
  return hasSharedMethod(a.match, b.match) && toRest(a.match) === toRest(b.match);
}

function hasSharedMethod(a: MatchConfig, b: MatchConfig): boolean {
  return a.methods.length === 0 || b.methods.length === 0 || a.methods.some((method) => b.methods.includes(method));
}

/** What a preflight tells of a route besides host, path and method: the query. */
function toRest(match: MatchConfig): string {
  return JSON.stringify(
    match.conditions
      .filter((condition) => condition.on === "query")
      .map(({ name, absent, values }) => [name, absent, values])
      .sort(),
  );
}
