// What ships. A policy is one room; adding one touches this list and nothing else.

import type { RouteConfig } from "../config/index.ts";
import type { Policy } from "../pipeline/index.ts";
import { compileHeaderEdits } from "./header-edits/index.ts";
import { compileRewrite } from "./rewrite/index.ts";

export { forwardRequest, forwardResponse, UNTRUSTED_NAMES } from "./forwarding/index.ts";
export { compileIdentityNames, identityGuard } from "./identity-guard/index.ts";
export { normalise } from "./normalise/index.ts";

/** Makes a route's policy of its configuration; null when the route does not use it. */
type PolicyCompiler = (route: RouteConfig) => Policy | null;

const SHIPPED: readonly PolicyCompiler[] = [(route) => compileHeaderEdits(route.headers), (route) => compileRewrite(route.rewrite)];

/** Every policy that the route uses; the pipeline puts them in the order of their phases. */
export function compileRoutePolicies(route: RouteConfig): Policy[] {
  return SHIPPED.flatMap((compile) => compile(route) ?? []);
}
