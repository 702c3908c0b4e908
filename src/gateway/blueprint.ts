// From a configuration to everything that requests will follow: router, plans, pools. Compiled once, immutable afterwards: frozen
// but for the pools, which live.

import { CidrSet, FakeClock, runAtOnce, type Steps, TimerWheel } from "../base/index.ts";
import type { GatewayConfig, ListenerConfig, PathsConfig, RouteConfig, UpstreamConfig } from "../config/index.ts";
import { FIELD, FoldedNames, fieldName } from "../http/index.ts";
import {
  compilePlan,
  FixedList,
  type Plan,
  type Policy,
  type PolicyTracer,
  sortByPhase,
  tracePolicy,
  type UpstreamPort,
} from "../pipeline/index.ts";
import {
  compileConditionNames,
  compileIdentityNames,
  compileRoutePolicies,
  forwardRequest,
  forwardResponse,
  identityGuard,
  lookAlikes,
  METHOD_OVERRIDE_NAMES,
  normalise,
  type RoutePolicyHost,
  UNTRUSTED_NAMES,
} from "../policies/index.ts";
import { compileProtocolPolicies } from "../protocols/index.ts";
import { compileRouterInSteps, type Router } from "../router/index.ts";
import { MemoryNetwork } from "../transport/index.ts";
import type { UpstreamPool } from "../upstreams/index.ts";
import { type AcmeChallenges, answerChallenges } from "./acme-challenges.ts";
import { type AuthParts, proveAuthParts } from "./auth-parts.ts";
import { computeGeneration } from "./generation-id.ts";
import { type LimitParts, proveLimitParts } from "./limit-parts.ts";
import { type CoversAuthority, misdirectedGuard } from "./misdirected.ts";
import { PoolSet } from "./pool-set.ts";
import { type CompiledRoute, createRouting } from "./routing.ts";

export interface Blueprint {
  /** Digest of the configuration with its secrets and files: the same content has the same id. */
  readonly generation: string;
  readonly pools: readonly UpstreamPool[];
  /** By listener name: the steps up to routing, and what answers when no route does. */
  readonly listenerPlans: Readonly<Record<string, Plan>>;
  readonly routes: readonly string[];
}

/** What a blueprint is compiled with besides the configuration. */
export interface BlueprintParts {
  /** The pool of an upstream: a new one, or the one that serves already. */
  pool(upstream: UpstreamConfig): UpstreamPool;
  readonly auth: AuthParts;
  readonly limits: LimitParts;
  /** Hears of every step of every plan. */
  readonly tracer: PolicyTracer | null;
  /** The id, where another process has worked it out and proved the routes: neither is done again. */
  readonly provenAs: string | null;
  /** What an authority may ask; null where no certificate is asked of one. */
  readonly challenges: AcmeChallenges | null;
  /** Whether the handshake of a request's connection covers the request's host; null where no listener asks for certificates. */
  covers(listener: string): CoversAuthority | null;
}

/** What a route is on every listener. */
interface RouteParts {
  readonly route: RouteConfig;
  readonly upstream: UpstreamPort | null;
  readonly policies: readonly Policy[];
  readonly forbiddenTrailers: FoldedNames;
  /** Null: those that routing uses. */
  readonly paths: PathsConfig | null;
}

/** The configuration is well-formed, but its routes can't all stand beside each other. Each message names the routes and shows a request. */
export class BlueprintError extends Error {
  readonly messages: readonly string[];

  constructor(messages: readonly string[]) {
    super(messages.join("\n"));
    this.name = "BlueprintError";
    this.messages = messages;
  }
}

/** Throws a BlueprintError when routes clash. */
export function compileBlueprint(config: GatewayConfig, parts: BlueprintParts): Blueprint {
  return runAtOnce(compileInSteps(config, parts));
}

/** The same in steps, for a gateway that serves meanwhile. Pools taken before it throws are the caller's to give back. */
export function* compileInSteps(config: GatewayConfig, parts: BlueprintParts): Steps<Blueprint> {
  const { auth, limits, tracer, provenAs } = parts;
  const host: RoutePolicyHost = { ...auth.policies, ...limits.policies };
  const byName = new Map<string, UpstreamPool>();
  for (const upstream of config.upstreams) {
    byName.set(upstream.name, parts.pool(upstream));
    yield;
  }
  const router = yield* compileRoutes(config, provenAs !== null);
  const identity = compileIdentityNames(config.gateway.identityHeaders);
  const conditions = compileConditionNames(config.routes);
  const inHeads = [...identity.names, ...UNTRUSTED_NAMES.names, ...METHOD_OVERRIDE_NAMES.names, ...(conditions?.names ?? [])];
  const names = [...inHeads, ...auth.carrierNames, FIELD.AUTHORIZATION, FIELD.COOKIE, FIELD.VIA];
  const forbidden = new FoldedNames(names, UNTRUSTED_NAMES.prefix);
  const routingPaths = routingPathsOf(config.routes);
  const watch = (policies: readonly Policy[]) => (tracer === null ? policies : policies.map((policy) => tracePolicy(policy, tracer)));
  const forbid = createTrailerRules(forbidden);
  const routeParts: RouteParts[] = [];
  for (const route of config.routes) {
    const upstream = route.action.kind === "upstream" ? byName.get(route.action.upstream) : null;
    if (upstream === undefined) throw new Error(`route ${route.name} names an unknown upstream`);
    const paths = isSamePaths(route.paths, routingPaths) ? null : Object.freeze({ ...route.paths });
    const policies = sortByPhase(watch([...compileProtocolPolicies(route), ...compileOwnPolicies(route, host)]));
    routeParts.push({ route, upstream, policies, forbiddenTrailers: forbid(route), paths });
    yield;
  }
  const listenerPlans: Record<string, Plan> = Object.create(null);
  for (const listener of config.listeners) {
    const covers = parts.covers(listener.name);
    const policies = watch([
      ...(covers === null ? [] : [misdirectedGuard(covers)]),
      normalise(routingPaths),
      ...(parts.challenges === null ? [] : [answerChallenges(parts.challenges)]),
      identityGuard(identity),
      ...(conditions === null ? [] : [lookAlikes(conditions)]),
      forwardRequest(CidrSet.of(...listener.trustedProxies)),
      forwardResponse(),
      ...limits.policiesOf(listener),
      ...auth.policiesOf(listener),
    ]);
    const compiled: CompiledRoute[] = [];
    for (const part of routeParts) {
      compiled.push(compileRoute(part, listener, policies));
      yield;
    }
    const routes = new FixedList(compiled);
    const target = { route: "", upstream: null, timeoutMs: null, bodyBytes: listener.bounds.bodyBytes, forbiddenTrailers: forbidden };
    listenerPlans[listener.name] = compilePlan(target, [...policies, ...watch([createRouting(router, routes)])]).plan;
  }
  return Object.freeze({
    generation: provenAs ?? computeGeneration(config),
    pools: Object.freeze([...byName.values()]),
    listenerPlans: Object.freeze(listenerPlans),
    routes: Object.freeze(config.routes.map((route) => route.name)),
  });
}

/** Throws a BlueprintError when the configuration could not be served, as compiling it would; opens and calls nothing. Gives the id that it would serve under. */
export function proveBlueprint(config: GatewayConfig): { readonly generation: string } {
  const wheel = new TimerWheel(new FakeClock());
  const pools = new PoolSet(new MemoryNetwork().transport, wheel);
  const pool = (upstream: UpstreamConfig) => pools.take(upstream);
  const auth = proveAuthParts(config);
  const limits = proveLimitParts(config);
  const { generation } = compileBlueprint(config, {
    pool,
    auth,
    limits,
    tracer: null,
    provenAs: null,
    challenges: null,
    covers: () => null,
  });
  wheel.stop();
  return { generation };
}

/** One router for every listener: its values are the routes' places in the lists of plans. */
function* compileRoutes(config: GatewayConfig, isProven: boolean): Steps<Router<number>> {
  const definitions = config.routes.map((route, index) => ({
    name: route.name,
    hosts: route.match.hosts,
    paths: route.match.paths,
    methods: route.match.methods,
    conditions: route.match.conditions,
    value: index,
  }));
  const { router, issues } = yield* compileRouterInSteps(definitions, isProven);
  if (router === null) throw new BlueprintError(issues.map((issue) => `${issue.code} ${issue.message}`));
  return router;
}

/** Cedar policies are the one part of a route that only compiling can judge, where whoever loaded it did not. */
function compileOwnPolicies(route: RouteConfig, host: RoutePolicyHost): Policy[] {
  try {
    return compileRoutePolicies(route, host);
  } catch (error) {
    if (route.authorize?.cedar == null || !(error instanceof Error)) throw error;
    throw new BlueprintError([`route ${route.name}: authorize.cedar: ${error.message}`]);
  }
}

function compileRoute(parts: RouteParts, listener: ListenerConfig, listenerPolicies: readonly Policy[]): CompiledRoute {
  const { route, upstream, forbiddenTrailers } = parts;
  const { bodyBytes } = route.bounds;
  const target = {
    route: route.name,
    upstream,
    timeoutMs: route.timeoutMs,
    bodyBytes: bodyBytes === undefined ? listener.bounds.bodyBytes : bodyBytes,
    forbiddenTrailers,
    typeBase: route.errors.typeBase,
  };
  const { plan, issues } = compilePlan(target, parts.policies, listenerPolicies);
  if (issues.length > 0) throw new BlueprintError(issues.map((issue) => issue.message));
  return Object.freeze({ plan, paths: parts.paths, answersPreflights: route.cors !== null });
}

/** What a route sets or removes in a request's head must not come in behind its body instead. Most routes edit the same fields. */
function createTrailerRules(forbidden: FoldedNames): (route: RouteConfig) => FoldedNames {
  const known = new Map<string, FoldedNames>();
  return (route) => {
    const { set, remove } = route.headers.request;
    if (set.length + remove.length === 0) return forbidden;
    const edited = [...set.map(([name]) => name), ...remove];
    const key = edited.join();
    let rules = known.get(key);
    if (rules === undefined) {
      rules = new FoldedNames([...forbidden.names, ...edited.map(fieldName)], forbidden.prefix);
      known.set(key, rules);
    }
    return rules;
  };
}

/** Routing must not refuse what some route takes; each route then judges by its own rules. */
export function routingPathsOf(routes: readonly RouteConfig[]): PathsConfig {
  const all = routes.map((route) => route.paths);
  const first = all[0];
  if (first !== undefined && all.every((paths) => isSamePaths(paths, first))) return first;
  return {
    encodedSlash: all.some((paths) => paths.encodedSlash === "keep") ? "keep" : "reject",
    backslash: "reject",
    duplicateSlashes: all.every((paths) => paths.duplicateSlashes === "reject") ? "reject" : "keep",
    dotSegments: all.every((paths) => paths.dotSegments === "reject") ? "reject" : "resolve",
  };
}

function isSamePaths(a: PathsConfig, b: PathsConfig): boolean {
  return a.encodedSlash === b.encodedSlash && a.duplicateSlashes === b.duplicateSlashes && a.dotSegments === b.dotSegments;
}
