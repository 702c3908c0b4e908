// Which route a logged request meets. The router of the gateway decides, by host, path and method. Headers and queries are not in the log:
// a route that asks for some is met by those whom the log shows on it.

import type { GatewayConfig, RouteConfig } from "../../config/index.ts";
import { BlueprintError, routingPathsOf } from "../../gateway/index.ts";
import { Fields, fieldName, ORIGIN_FORM, type PathRules, parseHost, parseTarget, Target } from "../../http/index.ts";
import { type ConditionalHead, compileRouter, type PathPattern, ROUTE_FOUND, type Router } from "../../router/index.ts";
import type { LoggedRequest } from "./logged-request.ts";

export interface LoggedRoute {
  readonly route: RouteConfig;
  readonly pattern: PathPattern;
}

const BARE: ConditionalHead = { fields: new Fields(""), query: "" };

export class LoggedRoutes {
  readonly #router: Router<RouteConfig>;
  readonly #rules: PathRules;
  /** Of routes with conditions: what meets them. */
  readonly #heads: ReadonlyMap<string, ConditionalHead>;
  readonly #target = new Target();

  /** Throws a BlueprintError when routes clash. */
  constructor({ routes }: GatewayConfig) {
    const { router, issues } = compileRouter(routes.map((route) => ({ name: route.name, ...route.match, value: route })));
    if (router === null) throw new BlueprintError(issues.map(({ code, message }) => `${code} ${message}`));
    this.#router = router;
    this.#rules = routingPathsOf(routes);
    const conditional = routes.filter(({ match }) => match.conditions.length > 0);
    this.#heads = new Map(conditional.map((route) => [route.name, toHead(route)]));
  }

  /** Whether it got as far as routing: an answer to what is no request, or to `OPTIONS *`, comes before every limit. */
  isRouted({ method, path }: LoggedRequest): boolean {
    return method !== "" && parseTarget(path, method, this.#rules, this.#target) === null && this.#target.form === ORIGIN_FORM;
  }

  /** Null: there is none. */
  find({ route, host, path, method }: LoggedRequest): LoggedRoute | null {
    if (parseTarget(path, method, this.#rules, this.#target) !== null) return null;
    const named = host === "" ? null : parseHost(host);
    const name = named === null || "kind" in named ? "" : named.name;
    const head = this.#heads.get(route);
    const match = this.#router.match(name, this.#target.path, method, head ?? BARE);
    const found = match.outcome === ROUTE_FOUND && (head === undefined || match.value.name === route);
    const settled = found || head === undefined ? match : this.#router.match(name, this.#target.path, method, BARE);
    return settled.outcome === ROUTE_FOUND ? { route: settled.value, pattern: settled.path } : null;
  }
}

/** The plainest head that meets all of the route's conditions. */
function toHead({ match }: RouteConfig): ConditionalHead {
  const fields = new Fields("");
  const pairs: string[] = [];
  for (const { on, name, absent, values } of match.conditions) {
    if (absent) continue;
    const value = values?.[0] ?? "1";
    if (on === "header") fields.add(fieldName(name), value);
    else if (on === "query") pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
    else fields.add(fieldName("Accept"), `${name}.v${value}+json`);
  }
  return { fields, query: pairs.length === 0 ? "" : `?${pairs.join("&")}` };
}
