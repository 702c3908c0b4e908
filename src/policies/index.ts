// What ships. A policy is one room; adding one touches this list and nothing else.

import type { RouteConfig } from "../config/index.ts";
import type { Policy } from "../pipeline/index.ts";
import { type AuthHost, compileAuth } from "./auth/index.ts";
import { type AuthorizeHost, compileAuthorize } from "./authorize/index.ts";
import { compileCors, sharedOrigins } from "./cors/index.ts";
import { compileErrors } from "./errors/index.ts";
import { compileHeaderEdits } from "./header-edits/index.ts";
import { compileLifecycle } from "./lifecycle/index.ts";
import { compileGatewayShedding, compileUpstreamShedding, type SheddingHost } from "./load-shedding/index.ts";
import { compileMaintenance } from "./maintenance/index.ts";
import { compileMethodOverride } from "./method-override/index.ts";
import { compileRateLimits, type LimitsHost } from "./rate-limits/index.ts";
import { compileRedirect } from "./redirect/index.ts";
import { compileRespond } from "./respond/index.ts";
import { compileRewrite } from "./rewrite/index.ts";
import { compileRouteBounds } from "./route-bounds/index.ts";
import { compileSecurityHeaders } from "./security-headers/index.ts";
import { compileWebSocket } from "./websocket/index.ts";

export { type AuthMetrics, type AuthOutcome, joinCarriers, OUTCOMES, type OutcomeCounter } from "./auth/index.ts";
export { checkCedar } from "./authorize/index.ts";
export { markPreflight, readAnnouncedHeaders, readAnnouncedMethod } from "./cors/index.ts";
export { forwardRequest, forwardResponse, UNTRUSTED_NAMES } from "./forwarding/index.ts";
export { compileIdentityNames, identityGuard } from "./identity-guard/index.ts";
export { compileInternalToken, KEYS_PATH, publishKeys, TOKEN_TYPE } from "./internal-token/index.ts";
export { LoadShedder, type SheddingHost, type SheddingMetrics } from "./load-shedding/index.ts";
export { compileConditionNames, lookAlikes } from "./look-alikes/index.ts";
export { METHOD_OVERRIDE_NAMES } from "./method-override/index.ts";
export { normalise } from "./normalise/index.ts";
export {
  type BoundLimit,
  compileListenerLimits,
  compileRateLimits,
  LIMIT_OUTCOMES,
  type LimitCounter,
  type LimitMetrics,
  type LimitOutcome,
  type LimitsHost,
  limitAsksOf,
  limitDelayOf,
  readsCaller,
} from "./rate-limits/index.ts";

/** What policies are compiled with besides the route: what of the process they ask. */
export interface RoutePolicyHost extends AuthHost, AuthorizeHost, LimitsHost, SheddingHost {
  /** What shows an upstream who calls; null where it is not told. Shared by all routes of the upstream. */
  tokenOf(upstream: { readonly name: string }): Policy | null;
}

/** Makes a route's policies of its configuration; null when the route does not use them. */
type PolicyCompiler = (route: RouteConfig, host: RoutePolicyHost) => Policy | readonly Policy[] | null;

/** Within a phase the order is that of this list. */
const SHIPPED: readonly PolicyCompiler[] = [
  (route) => compileRouteBounds(route.bounds),
  (route) => compileWebSocket(route.webSocket),
  (route) => compileSecurityHeaders(route.securityHeaders),
  (route) => compileCors(route.cors),
  (route) => compileMethodOverride(route.methodOverride),
  // What is gone for good says so, even where it is closed for a while.
  (route) => compileLifecycle(route.lifecycle),
  (route) => compileMaintenance(route.maintenance),
  compileGatewayShedding,
  // Behind those three: what is closed or refused for load costs nobody anything.
  compileRateLimits,
  (route, host) => compileAuth(route, host, sharedOrigins(route.cors)),
  compileAuthorize,
  (route) => compileHeaderEdits(route.headers),
  // Behind the edits, so that what an upstream's error has become is edited as any other answer.
  (route) => compileErrors(route.errors),
  (route) => compileRewrite(route.rewrite),
  ({ action }, host) => (action.kind === "upstream" ? host.tokenOf({ name: action.upstream }) : null),
  ({ action }) => (action.kind === "redirect" ? compileRedirect(action.redirect) : null),
  ({ action }) => (action.kind === "respond" ? compileRespond(action.respond) : null),
  compileUpstreamShedding,
];

/** Every policy that the route uses; the pipeline puts them in the order of their phases. */
export function compileRoutePolicies(route: RouteConfig, host: RoutePolicyHost): Policy[] {
  return SHIPPED.flatMap((compile) => compile(route, host) ?? []);
}
