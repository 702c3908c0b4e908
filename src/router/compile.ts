// From a list of routes to a Router, or to the list of what is wrong with them. Runs when a configuration compiles.

import { runAtOnce, type Steps } from "../base/index.ts";
import { compileConditions } from "./compile-conditions.ts";
import type { RouteCondition } from "./condition.ts";
import { findConflicts, type Group } from "./conflicts.ts";
import type { RouteIssue } from "./issue.ts";
import { compileLeaf, MethodShapes, ROUTE_FOUND, type RouteFound } from "./leaf.ts";
import { type HostPattern, type PathPattern, parseHostPattern, parsePathPattern, toShape } from "./pattern.ts";
import { Router } from "./router.ts";
import { createScope, type Scope, type Scopes, selectWildcard } from "./scope.ts";
import { addLeaf, countWorstVisits } from "./tree.ts";

export interface RouteDefinition<T> {
  /** For issues and for the match. */
  readonly name: string;
  /** `api.example.com`, `*.example.com`; empty for every host. */
  readonly hosts: readonly string[];
  /** `/exact`, `/x/:id`, `/x/*`; at least one. */
  readonly paths: readonly string[];
  /** In upper case; empty for any. */
  readonly methods: readonly string[];
  /** All must hold. */
  readonly conditions: readonly RouteCondition[];
  readonly value: T;
}

export type CompiledRouter<T> =
  | { readonly router: Router<T>; readonly issues: readonly [] }
  | { readonly router: null; readonly issues: readonly RouteIssue[] };

const METHOD = /^[A-Z0-9!#$%&'*+.^_`|~-]{1,32}$/;
// A tree of real routes needs fewer than ten visits; only tables that double at each segment (/a/:x/a/:y/…) come near.
const MAX_VISITS = 1024;

/** Compiles the whole table. All issues come at once; a table with any has no router. */
export function compileRouter<T>(routes: readonly RouteDefinition<T>[]): CompiledRouter<T> {
  return runAtOnce(compileRouterInSteps(routes, false));
}

/** The same for a gateway that serves meanwhile. `isProven`: another process has found this very table to be free of conflicts. */
export function* compileRouterInSteps<T>(routes: readonly RouteDefinition<T>[], isProven: boolean): Steps<CompiledRouter<T>> {
  const { groups, issues } = yield* groupInSteps(routes);
  const scopes = yield* scopeInSteps(groups);
  const router = new Router(scopes);
  if (!isProven) issues.push(...checkVisits(scopes), ...findConflicts(groups, router));
  return issues.length === 0 ? { router, issues: [] } : { router: null, issues };
}

/** The routes by host pattern and shape of path, and what is wrong with each by itself. */
export function compileGroups<T>(routes: readonly RouteDefinition<T>[]): { groups: Group<T>[]; issues: RouteIssue[] } {
  return runAtOnce(groupInSteps(routes));
}

function* groupInSteps<T>(routes: readonly RouteDefinition<T>[]): Steps<{ groups: Group<T>[]; issues: RouteIssue[] }> {
  const issues: RouteIssue[] = [];
  const groups = new Map<string, Group<T>>();
  const shapes = new MethodShapes();
  for (const route of routes) {
    addRoute(route, groups, shapes, issues);
    yield;
  }
  return { groups: [...groups.values()], issues };
}

function addRoute<T>(route: RouteDefinition<T>, groups: Map<string, Group<T>>, shapes: MethodShapes, issues: RouteIssue[]): void {
  const refuse = (code: RouteIssue["code"], value: string, why: string) =>
    issues.push({ code, routes: [route.name], message: `route ${route.name}: \`${value}\`: ${why}`, sample: null });
  for (const method of route.methods) {
    if (!METHOD.test(method)) refuse("SP_ROUTE_METHOD", method, "a method is a token in upper case, at most 32 characters");
  }
  const hosts: (HostPattern | null)[] = route.hosts.length === 0 ? [null] : [];
  for (const text of route.hosts) {
    const host = parseHostPattern(text);
    if (typeof host === "string") refuse("SP_ROUTE_HOST", text, host);
    else hosts.push(host);
  }
  const methods = shapes.sort(route.methods);
  const conditions = compileConditions(route.conditions);
  if (conditions === null) {
    const message = `route ${route.name} can never match: its own conditions exclude one another`;
    issues.push({ code: "SP_ROUTE_UNREACHABLE", routes: [route.name], message, sample: null });
    return;
  }
  for (const text of route.paths) {
    const path = parsePathPattern(text);
    if (typeof path === "string") {
      refuse("SP_ROUTE_PATH", text, path);
      continue;
    }
    const found: RouteFound<T> = Object.freeze({
      outcome: ROUTE_FOUND,
      name: route.name,
      value: route.value,
      path,
      methods,
      conditions: conditions.length === 0 ? null : conditions,
    });
    for (const host of hosts) addToGroup(groups, host, path, found);
  }
}

function addToGroup<T>(groups: Map<string, Group<T>>, host: HostPattern | null, path: PathPattern, route: RouteFound<T>): void {
  const key = `${host?.text ?? ""}${toShape(path)}`;
  const group = groups.get(key);
  if (group === undefined) groups.set(key, { host, routes: [route] });
  else if (!group.routes.includes(route)) group.routes.push(route);
}

export function compileScopes<T>(groups: readonly Group<T>[]): Scopes<T> {
  return runAtOnce(scopeInSteps(groups));
}

function* scopeInSteps<T>(groups: readonly Group<T>[]): Steps<Scopes<T>> {
  const exact = new Map<string, Scope<T>>();
  const wildcards = new Map<string, Scope<T>>();
  const any = createScope<T>(null);
  const shapes = new MethodShapes();
  let maxDots = 0;
  for (const { host, routes } of groups) {
    const scope = host === null ? any : scopeIn(host.suffix === null ? exact : wildcards, host.suffix ?? host.text);
    if (host?.suffix) maxDots = Math.max(maxDots, host.suffix.split(".").length - 1);
    const leaf = compileLeaf(routes, shapes);
    const path = routes[0]?.path;
    if (path === undefined) continue;
    if (path.hasTail || path.params.length > 0) {
      addLeaf(scope.root, path, leaf);
      scope.hasTree = true;
    } else {
      scope.whole.set(path.text, leaf);
    }
    yield;
  }
  for (const scope of [any, ...exact.values(), ...wildcards.values()]) {
    scope.filter.fill(scope.whole.keys(), scope.whole.size);
    yield;
  }
  for (const [name, scope] of exact) {
    scope.next = selectWildcard(wildcards, name) ?? any;
    yield;
  }
  for (const [suffix, scope] of wildcards) scope.next = selectWildcard(wildcards, suffix.slice(1)) ?? any;
  return { exact, wildcards, any, maxDots };
}

function scopeIn<T>(scopes: Map<string, Scope<T>>, key: string): Scope<T> {
  let scope = scopes.get(key);
  if (scope === undefined) {
    scope = createScope(null);
    scopes.set(key, scope);
  }
  return scope;
}

function checkVisits<T>(scopes: Scopes<T>): RouteIssue[] {
  const issues: RouteIssue[] = [];
  const all: [string, Scope<T>][] = [["any host", scopes.any], ...scopes.exact, ...scopes.wildcards];
  for (const [host, scope] of all) {
    const visits = countWorstVisits(scope.root);
    if (visits <= MAX_VISITS) continue;
    const message = `the paths under ${host} overlap so much that one request could take ${visits} steps to match (at most ${MAX_VISITS}): use fewer parameters beside static segments`;
    issues.push({ code: "SP_ROUTE_OVERLAP", routes: [], message, sample: null });
  }
  return issues;
}
