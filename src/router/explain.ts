// Why each route did or did not get one request, in words. Plain, for people: the router itself does not come here.

import type { RouteDefinition } from "./compile.ts";
import { compileGroups, compileScopes } from "./compile.ts";
import { compileConditions } from "./compile-conditions.ts";
import type { Condition } from "./conditions.ts";
import { type ConditionalHead, holdAll, MEDIA_TYPE, QUERY, readSubject, SEVERAL } from "./conditions.ts";
import { ROUTE_FOUND } from "./leaf.ts";
import { type HostPattern, type PathPattern, parseHostPattern, parsePathPattern } from "./pattern.ts";
import { Router } from "./router.ts";

export interface ExplainedRequest {
  readonly host: string;
  /** In normal form. */
  readonly path: string;
  readonly method: string;
  readonly head: ConditionalHead;
}

export interface RouteVerdict {
  readonly name: string;
  readonly outcome: "won" | "less-specific" | "condition" | "method" | "path" | "host";
  /** One sentence without its full stop. */
  readonly detail: string;
}

const ORDER = ["won", "less-specific", "condition", "method", "path", "host"];

/** A verdict for every route, the nearest to winning first; routes that failed alike stay in the order of the table. */
export function explainMatch<T>(routes: readonly RouteDefinition<T>[], request: ExplainedRequest): RouteVerdict[] {
  // Without the proofs: they cost more than the match, and what is wrong with a table has been told.
  const router = new Router(compileScopes(compileGroups(routes).groups));
  const match = router.match(request.host, request.path, request.method, request.head);
  const winner = match.outcome === ROUTE_FOUND ? match.name : null;
  const won = routes.find((route) => route.name === winner);
  const verdicts = routes.map((route) => judge(route, request, won ?? null));
  return verdicts
    .map((verdict, index) => ({ verdict, index, near: countShared(routes[index], request) }))
    .sort((a, b) => ORDER.indexOf(a.verdict.outcome) - ORDER.indexOf(b.verdict.outcome) || b.near - a.near || a.index - b.index)
    .map(({ verdict }) => verdict);
}

function judge<T>(route: RouteDefinition<T>, request: ExplainedRequest, won: RouteDefinition<T> | null): RouteVerdict {
  const { name } = route;
  const host = matchHost(route.hosts, request.host);
  if (host === null) {
    const detail = `takes the hosts ${route.hosts.join(", ")}, not ${request.host === "" ? "a request without one" : request.host}`;
    return { name, outcome: "host", detail };
  }
  const path = matchPath(route.paths, request.path);
  if (path === null) return { name, outcome: "path", detail: `takes ${route.paths.join(", ")}, not ${request.path}` };
  if (!takesMethod(route.methods, request.method)) {
    return { name, outcome: "method", detail: `takes ${route.methods.join(", ")}, not ${request.method}` };
  }
  const conditions = compileConditions(route.conditions);
  if (conditions === null) return { name, outcome: "condition", detail: "its own conditions exclude one another" };
  if (!holdAll(conditions, request.head)) {
    const failed = conditions.find((condition) => !holdAll([condition], request.head));
    return { name, outcome: "condition", detail: failed === undefined ? "a condition fails" : describeFailure(failed, request.head) };
  }
  if (won === null || route === won) return { name, outcome: "won", detail: "the most specific route that takes the request" };
  return { name, outcome: "less-specific", detail: compare(route, won, request) };
}

function describeFailure(condition: Condition, head: ConditionalHead): string {
  const what =
    condition.on === QUERY
      ? `the parameter ${condition.name}`
      : condition.on === MEDIA_TYPE
        ? `a version of ${condition.name}`
        : (condition.field?.text ?? condition.name);
  const values = condition.values ?? [];
  const asks = values.length > 0 ? `${what}: ${values.join(" or ")}` : condition.absent ? `no ${what}` : what;
  const value = readSubject(condition, head);
  const has = value === null ? "the request has none" : value === SEVERAL ? "the request has several" : `the request has ${value}`;
  return `asks for ${asks}; ${has}`;
}

/** What makes the winner more specific: the first of the four that differs. */
function compare<T>(route: RouteDefinition<T>, won: RouteDefinition<T>, request: ExplainedRequest): string {
  const ours = matchHost(route.hosts, request.host);
  const theirs = matchHost(won.hosts, request.host);
  if ((ours?.text ?? "") !== (theirs?.text ?? "")) {
    return `${won.name} is more specific: it names the host ${theirs?.text}, this one ${ours?.text === "" ? "none" : ours?.text}`;
  }
  const path = matchPath(route.paths, request.path);
  const other = matchPath(won.paths, request.path);
  const difference = path === null || other === null ? null : compareSegments(path, other);
  if (difference !== null) return `${won.name} is more specific: ${difference}`;
  if (rankMethod(route.methods, request.method) !== rankMethod(won.methods, request.method)) {
    const named = won.methods.includes(request.method) ? request.method : "GET, which HEAD follows";
    return `${won.name} is more specific: it names ${named}${route.methods.length === 0 ? ", this one takes any method" : ""}`;
  }
  if (route.conditions.length !== won.conditions.length) {
    return `${won.name} is more specific: it has ${won.conditions.length} condition${won.conditions.length === 1 ? "" : "s"}, this one ${route.conditions.length || "none"}`;
  }
  return `${won.name} is more specific: more of its conditions name values`;
}

function compareSegments(ours: PathPattern, theirs: PathPattern): string | null {
  const count = Math.max(ours.segments.length, theirs.segments.length) + 1;
  for (let at = 0; at < count; at++) {
    const mine = describeSegment(ours, at);
    const other = describeSegment(theirs, at);
    if (mine !== other) return `at segment ${at + 1} its path has ${other}, this one ${mine}`;
  }
  return null;
}

function describeSegment(pattern: PathPattern, at: number): string {
  const segment = pattern.segments[at];
  if (segment === null) return "a parameter";
  if (segment !== undefined) return segment === "" ? "a closing slash" : `\`${segment}\``;
  return pattern.hasTail ? "`*`" : "its end";
}

/** The most specific of the patterns that take the host; one of empty text when the route takes any; null when none does. */
function matchHost(hosts: readonly string[], host: string): HostPattern | null {
  if (hosts.length === 0) return { text: "", suffix: null };
  const fit = hosts.flatMap((text) => {
    const pattern = parseHostPattern(text);
    if (typeof pattern === "string") return [];
    const isFit = pattern.suffix === null ? pattern.text === host : host.endsWith(pattern.suffix) && host.length > pattern.suffix.length;
    return isFit ? [pattern] : [];
  });
  return fit.sort((a, b) => Number(a.suffix !== null) - Number(b.suffix !== null) || b.text.length - a.text.length)[0] ?? null;
}

/** The most specific of the patterns that take the path. */
function matchPath(paths: readonly string[], path: string): PathPattern | null {
  const given = path.slice(1).split("/");
  const fit = paths.flatMap((text) => {
    // Of ten thousand routes nearly all differ in a word: only the few others are worth parsing.
    if (!sharesWords(text, given)) return [];
    const pattern = parsePathPattern(text);
    return typeof pattern !== "string" && takesPath(pattern, given) ? [pattern] : [];
  });
  return fit.sort((a, b) => rankPath(b, a))[0] ?? null;
}

function sharesWords(text: string, given: readonly string[]): boolean {
  return text
    .slice(1)
    .split("/")
    .every((word, at) => word === given[at] || word.startsWith(":") || word === "*");
}

function takesPath(pattern: PathPattern, given: readonly string[]): boolean {
  const { segments, hasTail } = pattern;
  if (hasTail ? given.length < segments.length : given.length !== segments.length) return false;
  return (
    segments.every((segment, at) => (segment === null ? given[at] !== "" : given[at] === segment)) || (hasTail && segments.length === 0)
  );
}

/** Above zero when `a` is more specific than `b`, of two that take the same path. */
function rankPath(a: PathPattern, b: PathPattern): number {
  const count = Math.max(a.segments.length, b.segments.length) + 1;
  for (let at = 0; at < count; at++) {
    const difference = weigh(a, at) - weigh(b, at);
    if (difference !== 0) return difference;
  }
  return 0;
}

function weigh(pattern: PathPattern, at: number): number {
  const segment = pattern.segments[at];
  if (segment === undefined) return pattern.hasTail ? 0 : 3;
  return segment === null ? 1 : 2;
}

function takesMethod(methods: readonly string[], method: string): boolean {
  return rankMethod(methods, method) >= 0;
}

function rankMethod(methods: readonly string[], method: string): number {
  if (methods.length === 0) return 0;
  if (methods.includes(method)) return 2;
  return method === "HEAD" && methods.includes("GET") ? 1 : -1;
}

/** How many leading segments of the path the route shares, so that the likeliest mistakes are shown first. */
function countShared<T>(route: RouteDefinition<T> | undefined, request: ExplainedRequest): number {
  const given = request.path.split("/");
  let most = 0;
  for (const text of route?.paths ?? []) {
    const wanted = text.split("/");
    let shared = 0;
    while (shared < wanted.length && (wanted[shared] === given[shared] || wanted[shared]?.startsWith(":"))) shared++;
    most = Math.max(most, shared);
  }
  return most;
}
