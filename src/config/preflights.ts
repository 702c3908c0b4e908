// Routes that a preflight can't tell apart: it says which header a page wants to send, never its value (Fetch 4.8), so that routes which
// differ in such a value alone must have the same word on other origins.

import type { MatchConfig, RouteConfig } from "./config.ts";

export interface AmbiguousPreflight {
  /** The later one, and the first that it can't be told from. */
  readonly route: RouteConfig;
  readonly other: RouteConfig;
}

// A group has as many kinds as there are words on CORS for one path; beyond this the rest is not looked at.
const MAX_KINDS = 64;

/** Routes of one host and path that a preflight and its answer know no difference of. */
interface Kind {
  readonly first: RouteConfig;
  /** What is said of origins and headers: which methods are allowed follows from the route's own where they are not written. */
  readonly cors: string;
  readonly query: string;
}

/** One finding a route at most. */
export function findAmbiguousPreflights(routes: readonly RouteConfig[]): AmbiguousPreflight[] {
  // Of two routes that a preflight confuses one at least asks for a header.
  if (!routes.some(asksForHeader)) return [];
  const groups = new Map<string, RouteConfig[]>();
  for (const route of routes) {
    const { hosts, paths } = route.match;
    for (const host of hosts.length === 0 ? [""] : hosts) {
      for (const path of paths) {
        const key = `${host} ${path.includes(":") ? path.replaceAll(/:[^/]+/g, ":") : path}`;
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [route]);
        else group.push(route);
      }
    }
  }
  const found = new Map<RouteConfig, RouteConfig>();
  for (const group of groups.values()) if (group.length > 1) findInGroup(group, found);
  return [...found].map(([route, other]) => ({ route, other }));
}

function findInGroup(group: readonly RouteConfig[], found: Map<RouteConfig, RouteConfig>): void {
  const kinds = new Map<string, Kind>();
  for (const route of group) {
    const cors = toCorsText(route);
    const query = toQueryText(route.match);
    for (const kind of kinds.values()) {
      if (kind.cors === cors || kind.query !== query || !hasSharedMethod(kind.first.match, route.match) || found.has(route)) continue;
      found.set(route, kind.first);
    }
    const key = `${cors} ${query} ${route.match.methods.join(" ")}`;
    if (kinds.size < MAX_KINDS && !kinds.has(key)) kinds.set(key, { first: route, cors, query });
  }
}

function asksForHeader({ match }: RouteConfig): boolean {
  return match.conditions.some(({ on }) => on !== "query");
}

function hasSharedMethod(a: MatchConfig, b: MatchConfig): boolean {
  return a.methods.length === 0 || b.methods.length === 0 || a.methods.some((method) => b.methods.includes(method));
}

/** That `GET` is allowed is true beside a route that allows `GET, POST` as well: who asks for a method that both take hears no lie. */
function toCorsText({ cors, match }: RouteConfig): string {
  if (cors === null) return "null";
  return JSON.stringify(cors.methods.join() === match.methods.join() ? { ...cors, methods: [] } : cors);
}

/** What a preflight tells of a route besides host, path and method: the query. */
function toQueryText(match: MatchConfig): string {
  return JSON.stringify(
    match.conditions
      .filter((condition) => condition.on === "query")
      .map(({ name, absent, values }) => [name, absent, values])
      .sort(),
  );
}
