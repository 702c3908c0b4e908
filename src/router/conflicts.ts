// Routes that tie: same host pattern, same path but for the names of parameters, and a method that both name or that neither
// names. Each clash comes with a request that the router cannot decide, found by asking the router itself.

import type { RouteIssue, SampleRequest } from "./issue.ts";
import { ROUTE_FOUND, type RouteFound } from "./leaf.ts";
import type { HostPattern, PathPattern } from "./pattern.ts";
import type { Router } from "./router.ts";

/** The routes of one host pattern (null: every host) whose paths match the same. */
export interface Group<T> {
  readonly host: HostPattern | null;
  readonly routes: RouteFound<T>[];
}

export function findConflicts<T>(groups: readonly Group<T>[], router: Router<T>): RouteIssue[] {
  const issues: RouteIssue[] = [];
  let fresh: string | null = null;
  for (const group of groups) {
    // Each route against the first that it ties with: a pair for every clash would be quadratic.
    for (const [index, route] of group.routes.entries()) {
      const rival = group.routes.find((earlier, at) => at < index && hasTie(earlier, route));
      if (rival === undefined) continue;
      fresh ??= toFreshSegment(groups);
      const sample = toSample(group, rival, route, router, fresh);
      const message = `routes ${rival.name} and ${route.name} both match ${sample.method} http://${sample.host}${sample.path} and neither is more specific`;
      issues.push({ code: "SP_ROUTE_CONFLICT", routes: [rival.name, route.name], message, sample });
    }
  }
  return issues;
}

function hasTie<T>(a: RouteFound<T>, b: RouteFound<T>): boolean {
  if (a.methods.length === 0 || b.methods.length === 0) return a.methods.length === b.methods.length;
  return a.methods.some((method) => b.methods.includes(method));
}

/** A word that is neither a static segment nor a label of any route, so that only parameters, tails and wildcards take it. */
function toFreshSegment<T>(groups: readonly Group<T>[]): string {
  const taken = new Set<string>();
  for (const { host, routes } of groups) {
    for (const label of host?.text.split(".") ?? []) taken.add(label);
    for (const segment of routes[0]?.path.segments ?? []) if (segment !== null) taken.add(segment);
  }
  let fresh = "x";
  for (let n = 1; taken.has(fresh); n++) fresh = `x${n}`;
  return fresh;
}

// More than enough that one is free at any node that names all of the common ones.
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"];

function toSample<T>(group: Group<T>, a: RouteFound<T>, b: RouteFound<T>, router: Router<T>, fresh: string): SampleRequest {
  const host = group.host === null ? fresh : group.host.suffix === null ? group.host.text : fresh + group.host.suffix;
  const shared = a.methods.filter((method) => b.methods.includes(method));
  const methods = shared.length > 0 ? shared : METHODS;
  const paths = toSamplePaths(a.path, fresh);
  for (const path of paths) {
    for (const method of methods) {
      const match = router.match(host, path, method);
      if (match.outcome === ROUTE_FOUND && hasTie(match, b) && group.routes.includes(match)) return { method, host, path };
    }
  }
  return { method: methods[0] ?? "GET", host, path: paths[0] ?? "/" };
}

/** Paths that the pattern matches, the plainest first; the later ones evade more specific patterns beside a tail. */
function toSamplePaths(pattern: PathPattern, fresh: string): string[] {
  const base = pattern.segments.map((segment) => `/${segment ?? fresh}`).join("");
  if (!pattern.hasTail) return [base];
  return [`${base}/${fresh}`, `${base}/${fresh}/${fresh}`, `${base}/`, base === "" ? "/" : base, `${base}//${fresh}`];
}
