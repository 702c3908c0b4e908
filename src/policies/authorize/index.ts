// `authorize` on a route: what a principal needs besides being one. Where it stands, what it does not allow is denied.

import type { Clock } from "../../base/index.ts";
import type { Calls } from "../../calls/index.ts";
import type { RouteConfig } from "../../config/index.ts";
import type { IdentityWatcher } from "../../identity/index.ts";
import type { Policy } from "../../pipeline/index.ts";
import { Authorization } from "./authorization.ts";
import { CedarAuthorizer } from "./cedar.ts";
import { OpaAuthorizer } from "./opa.ts";
import { Rule } from "./rule.ts";

export { checkCedar } from "./cedar-program.ts";

export interface AuthorizeHost {
  readonly clock: Clock;
  readonly calls: Calls;
  readonly watcher: IdentityWatcher;
}

/** Null for a route without `authorize`. Throws on Cedar policies in which checkCedar finds a mistake. */
export function compileAuthorize(route: Pick<RouteConfig, "name" | "authorize">, host: AuthorizeHost): Policy | null {
  const { authorize, name } = route;
  if (authorize === null) return null;
  const rule = new Rule(authorize.rule);
  const cedar = authorize.cedar === null ? null : new CedarAuthorizer(authorize.cedar, name, host.watcher);
  const opa = authorize.opa === null ? null : new OpaAuthorizer(authorize.opa, host);
  if (rule.isEmpty && cedar === null && opa === null) throw new Error(`${name}: \`authorize\` is empty, so that it allows nothing`);
  const authorization = new Authorization({ rule: rule.isEmpty ? null : rule, cedar, opa }, host.clock);
  return {
    name: "authorize",
    phase: "authorise",
    reads: ["principal"],
    request: (exchange) => authorization.authorize(exchange),
  };
}
