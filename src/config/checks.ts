// What one part of a configuration says about another, in one list: references, names and addresses that must differ, keys that
// contradict each other. Reads the values as written, not the schema's output, so that its findings stand beside the schema's;
// whatever has the wrong type is passed over here, since the schema says so. What routes do to each other is not judged here.

import { checkAccess, checkAction } from "./check-action.ts";
import { checkApis, checkDates, checkRouteApi, toEffectivePaths } from "./check-apis.ts";
import { checkAuth, type KnownIdentities, listIdentities } from "./check-auth.ts";
import { type Bounds, checkBounds, toWidestBounds } from "./check-bounds.ts";
import { checkConditions } from "./check-conditions.ts";
import type { CheckContext } from "./check-context.ts";
import { checkCors, checkSecurityHeaders } from "./check-cors.ts";
import { checkHeaderEdits } from "./check-headers.ts";
import { checkGrpcWeb, checkHealth } from "./check-health.ts";
import { checkIdentities } from "./check-identities.ts";
import { checkListenerLimits, checkRouteLimits, type KnownLimits, listLimits } from "./check-limit-uses.ts";
import { checkLimits, checkShedding } from "./check-limits.ts";
import { checkPlaces } from "./check-places.ts";
import { checkProtocols, checkUpstreamProtocol } from "./check-protocols.ts";
import { checkReach } from "./check-reach.ts";
import { checkRewrite } from "./check-rewrite.ts";
import { checkShownFields } from "./check-shown-fields.ts";
import { checkKeeping, checkStores } from "./check-stores.ts";
import { checkPathTemplates, checkValueTemplates } from "./check-templates.ts";
import { checkListening, checkUpstreamTls } from "./check-tls.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { JudgedNames, listIdentityHeaders } from "./judged-names.ts";
import { checkKinds } from "./kinds.ts";
import { parsePathPattern } from "./patterns.ts";
import { asMap, checkEntries, children, contradiction, get, has, isWell, keysOf, toExact, unknownReference } from "./written.ts";

// Of schema.ts; a test compares.
export const LISTENER_BOUNDS: Bounds = { line: 8 * 1024, head: 32 * 1024, fields: 100 };

interface Surroundings {
  readonly nowMs: number;
  readonly upstreams: ReadonlySet<string>;
  readonly identities: KnownIdentities;
  readonly limits: KnownLimits;
  readonly names: JudgedNames;
  readonly apis: unknown;
  readonly defaults: unknown;
  readonly teamHosts: unknown;
  readonly widest: Bounds | undefined;
}

/** Findings about how the parts of `root` fit together: the gateway's own file, or with `context.gateway` a team's. */
export function checkReferences(root: unknown, context: CheckContext): Finding[] {
  const findings: Finding[] = [];
  const gateway = context.gateway ?? root;
  const around: Surroundings = {
    nowMs: context.nowMs,
    upstreams: toUpstreams(root, gateway),
    identities: listIdentities(gateway),
    limits: listLimits(gateway),
    names: new JudgedNames(get(gateway, "gateway", "identityHeaders"), listIdentityHeaders(gateway, root)),
    apis: get(gateway, "apis"),
    defaults: get(gateway, "defaults"),
    teamHosts: context.gateway === undefined ? undefined : get(root, "team", "hosts"),
    widest: toWidestBounds(gateway, LISTENER_BOUNDS),
  };
  checkPlaces(root, gateway, findings);
  for (const [path, upstream] of children(root, [], "upstreams")) {
    checkUpstreamTls(upstream, path, findings);
    checkUpstreamProtocol(upstream, path, findings);
    checkHealth(upstream, path, findings);
    checkShedding(upstream, path, findings);
  }
  checkStores(root, gateway, findings);
  if (context.gateway === undefined) checkGateway(root, context, around, findings, toUpstreams(root, ...(context.teams ?? [])));
  else for (const key of ["hosts", "paths"]) checkEntries(get(root, "team", key), ["team", key], findings);
  for (const [path, route] of children(root, [], "routes")) {
    if (asMap(route) === undefined) continue;
    checkRoute(route, path, around, findings);
    checkGrpcWeb(route, path, [root, gateway], findings);
  }
  return [...findings, ...checkKinds(root, get(gateway, "gateway"))];
}

function checkGateway(
  root: unknown,
  context: CheckContext,
  around: Surroundings,
  findings: Finding[],
  everyUpstream: ReadonlySet<string>,
): void {
  checkIdentities(root, context, findings);
  checkShownFields(root, findings);
  checkKeeping(root, context, findings);
  checkLimits(root, context, around.names, findings);
  checkShedding(get(root, "gateway"), ["gateway"], findings);
  for (const [path, listener] of children(root, [], "listeners")) checkListenerLimits(listener, path, around.limits, findings);
  checkEntries(get(root, "gateway", "identityHeaders"), ["gateway", "identityHeaders"], findings);
  checkEntries(get(root, "gateway", "include"), ["gateway", "include"], findings, toExact);
  checkListening(root, findings);
  checkProtocols(root, findings);
  checkApis(around.apis, around.names, around.nowMs, findings);
  const defaults = get(root, "defaults");
  checkShared(defaults, ["defaults"], null, around, findings);
  for (const [path, invariant] of children(root, [], "invariants")) checkInvariantNames(invariant, path, everyUpstream, findings);
}

/** What a route and `defaults` may both say; `pattern` is the route's path, null for `defaults`. */
function checkShared(
  holder: unknown,
  path: IssuePath,
  pattern: string | undefined | null,
  around: Surroundings,
  findings: Finding[],
): void {
  checkHeaderEdits(holder, path, around.names, findings);
  checkValueTemplates(holder, path, pattern, findings);
  checkCors(holder, path, findings);
  checkSecurityHeaders(holder, path, findings);
  if (around.widest !== undefined) checkBounds(holder, path, around.widest, findings);
  const errors = get(holder, "errors");
  if (has(errors, "read") && get(errors, "upstream") !== "problem") {
    const message = "`read` takes members of an upstream's error into the gateway's shape, and `upstream: keep` passes it on as it is";
    findings.push(contradiction([...path, "errors", "read"], "key", message, "add `upstream: problem`, or remove `read`"));
  }
  const allowed = get(holder, "maintenance", "allowFrom");
  if (allowed !== undefined) checkEntries(allowed, [...path, "maintenance", "allowFrom"], findings);
}

function checkRoute(route: unknown, path: IssuePath, around: Surroundings, findings: Finding[]): void {
  checkAccess(route, path, findings);
  checkAuth(route, path, around.identities, findings);
  checkRouteLimits(route, path, { known: around.limits, identities: around.identities, defaults: around.defaults }, findings);
  checkAction(route, path, around.upstreams, findings);
  const match = get(route, "match");
  for (const key of ["hosts", "methods"]) {
    const words = get(match, key);
    if (Array.isArray(words) && words.length > 1) checkEntries(words, [...path, "match", key], findings);
  }
  const apiName = get(route, "api", "name");
  const apiField = typeof apiName === "string" ? get(around.apis, apiName, "versionBy", "header") : undefined;
  const field = typeof apiField === "string" ? apiField.toLowerCase() : undefined;
  checkConditions(match, [...path, "match"], around.names, field, findings);
  checkRouteApi(route, path, around.apis, around.teamHosts, findings);
  if (has(route, "lifecycle")) checkDates(get(route, "lifecycle"), [...path, "lifecycle"], around.nowMs, findings);
  const written = get(match, "path");
  const pattern = isWell(written, parsePathPattern) ? written : undefined;
  if (pattern === undefined) checkRewrite(route, path, [], findings);
  else {
    const effectivePaths = toEffectivePaths(route, pattern, around.apis);
    checkRewrite(route, path, effectivePaths, findings);
    checkPathTemplates(route, path, pattern, findings);
    checkReach(route, path, { effectivePaths, defaults: around.defaults, widest: around.widest }, findings);
  }
  checkShared(route, path, pattern, around, findings);
}

function checkInvariantNames(invariant: unknown, path: IssuePath, upstreams: ReadonlySet<string>, findings: Finding[]): void {
  for (const part of ["where", "require"]) {
    const predicate = get(invariant, part);
    const places = [
      [[...path, part], predicate] as const,
      ...["anyOf", "noneOf"].flatMap((key) => children(predicate, [...path, part], key)),
    ];
    for (const [at, one] of places) {
      for (const [nameAt, name] of children(one, at, "upstreams")) {
        if (typeof name === "string" && !upstreams.has(name)) findings.push(unknownReference(nameAt, "upstream", name, upstreams));
      }
    }
  }
}

function toUpstreams(...parts: readonly unknown[]): ReadonlySet<string> {
  return new Set(parts.flatMap((part) => keysOf(get(part, "upstreams"))));
}
