// The router: host, path and method to a route. Not a proxy and no holder of policies: a route's value is the caller's.
//
// WHICH ROUTE WINS. Of all routes that match the whole request (host, path and method) the most specific, compared in turn by
//   1. host: exact, then `*.suffix` with the longer suffix first (`*` is one or more labels, never none), then no hosts;
//   2. path, segment by segment from the left: static, then `:param`, then `/*`; a path that ends beats `/*`.
//      `:param` takes one non-empty segment. `/x/*` takes `/x`, `/x/` and all below. `/x` and `/x/` are two paths.
//   3. method: named by the route, then (for HEAD) a route that names GET, then a route without methods.
//   4. conditions: more of them win, then more of them that name values (`present` and `absent` name none).
// So a route that fails on any of these leaves the request to the less specific ones, another host's included. The order is
// total: two routes equal in all four that one request can match make a table that does not compile, as does a route that wins nothing.
// When host, path and method are some route's and only conditions fail, the answer is NO_VARIANT.
// When some route matches host and path but none the method, the answer is METHOD_NOT_ALLOWED, and `allow` unites the methods of
// all of these, HEAD with GET. OPTIONS is listed where a route names it, for the router answers nothing by itself.
// Paths are case-sensitive and come in normal form (http/path.ts); hosts come in lower case without port.

export { type CompiledRouter, compileRouter, compileRouterInSteps, type RouteDefinition } from "./compile.ts";
export type { RouteCondition } from "./condition.ts";
export { AnnouncedHead, type ConditionalHead } from "./conditions.ts";
export { type ExplainedRequest, explainMatch, type RouteVerdict } from "./explain.ts";
export { ROUTE } from "./faults.ts";
export { ROUTE_ISSUE_CODES, type RouteIssue, type SampleRequest } from "./issue.ts";
export {
  METHOD_NOT_ALLOWED,
  NO_VARIANT,
  ROUTE_FOUND,
  ROUTE_NOT_FOUND,
  type RouteFound,
  type RouteMatch,
  type RouteMissing,
} from "./leaf.ts";
export { paramOf, segmentOf, tailOf } from "./params.ts";
export type { HostPattern, PathParam, PathPattern } from "./pattern.ts";
export { Router } from "./router.ts";
export { toHead } from "./sample.ts";
export { findWitnesses } from "./witness.ts";
