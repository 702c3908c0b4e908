// The limits of a configuration as plans that logged requests follow: the policies of the gateway and nothing else of it. What other policies
// would say is in the log already, and what they look at (headers, bodies, credentials) is not.

import type { GatewayConfig, LimitUse, RouteConfig } from "../../config/index.ts";
import { createMeters } from "../../gateway/index.ts";
import { Fields, FoldedNames } from "../../http/index.ts";
import type { Counters } from "../../limits/index.ts";
import { ANSWERED, CONTINUE, compilePlan, type Exchange, type Plan, type Policy, type StepResult } from "../../pipeline/index.ts";
import { compileListenerLimits, compileRateLimits, type LimitsHost } from "../../policies/index.ts";
import type { LoggedRoutes } from "./logged-routes.ts";
import { endedBeforeLimits, isPreflight } from "./recorded-end.ts";
import type { ReplayClient } from "./replay-client.ts";

export interface ReplayPlansHost {
  readonly counters: Counters;
  readonly routes: LoggedRoutes;
  /** Limits that are not simulated. */
  readonly skipped: ReadonlySet<string>;
  onExempt(limit: string): void;
  onNoRoute(): void;
  /** A request step on routes with `auth`. */
  authenticate(exchange: Exchange, route: RouteConfig): StepResult;
  /** A request step: the service's time. */
  serve(exchange: Exchange): StepResult;
}

const NO_TRAILERS = new FoldedNames([]);
const IGNORED = { add: () => undefined };

export class ReplayPlans {
  readonly #config: GatewayConfig;
  readonly #host: ReplayPlansHost;
  readonly #limits: LimitsHost;
  readonly #byName: ReadonlyMap<string, RouteConfig>;
  readonly #listeners = new Map<string, Plan>();

  constructor(config: GatewayConfig, host: ReplayPlansHost) {
    this.#config = config;
    this.#host = host;
    this.#byName = new Map(config.routes.map((route) => [route.name, route]));
    const { counters } = host;
    this.#limits = {
      limits: new Map(config.rateLimits.map((limit) => [limit.name, { config: limit, ...createMeters(limit), counters }])),
      limitMetrics: {
        counter: (limit, outcome) => (outcome === "exempt" ? { add: () => host.onExempt(limit) } : IGNORED),
      },
    };
    const policies = new Map(config.routes.map((route) => [route.name, this.#compileRoute(route)]));
    for (const { name, rateLimits } of config.listeners) this.#listeners.set(name, this.#compileListener(rateLimits, policies));
    // A listener that the configuration has not: nothing is known of it.
    this.#listeners.set("", this.#compileListener([], policies));
  }

  hasListener(name: string): boolean {
    return this.#listeners.has(name);
  }

  planOf(listener: string): Plan {
    return this.#listeners.get(listener) ?? this.#listeners.get("")!;
  }

  #compileListener(uses: readonly LimitUse[], policies: ReadonlyMap<string, readonly Policy[]>): Plan {
    const limits = compileListenerLimits(this.#simulated(uses), this.#limits);
    const outer = limits === null ? [] : [withoutResponse(limits)];
    const plans = new Map(this.#config.routes.map(({ name }) => [name, toPlan(name, policies.get(name) ?? [], outer)]));
    const { routes, onNoRoute } = this.#host;
    const routing = (exchange: Exchange): StepResult => {
      const { request } = exchange.client as ReplayClient;
      const found = routes.find(request);
      // A preflight's route is that of the request which it announces.
      const hasCors = isPreflight(request) && (this.#byName.get(request.route) ?? found?.route)?.cors != null;
      if (endedBeforeLimits(request) || hasCors) return answerAsLogged(exchange);
      if (found === null) {
        onNoRoute();
        return answerAsLogged(exchange);
      }
      exchange.pattern = found.pattern;
      return exchange.setPlan(plans.get(found.route.name)!) ? CONTINUE : ANSWERED;
    };
    return toPlan("", [...outer, { name: "routing", phase: "route", request: routing }]);
  }

  #compileRoute(route: RouteConfig): Policy[] {
    const { authenticate, serve } = this.#host;
    const limits = compileRateLimits({ ...route, rateLimits: this.#simulated(route.rateLimits) }, this.#limits);
    const who: Policy = {
      name: "caller",
      phase: "authenticate",
      writes: ["principal"],
      request: (exchange) => authenticate(exchange, route),
    };
    const service: Policy = { name: "service", phase: "answer", request: serve };
    const answer: Policy = { name: "answer", phase: "answer", request: answerAsLogged };
    return [...limits.map(withoutResponse), ...(route.auth === null ? [] : [who]), service, answer];
  }

  #simulated(uses: readonly LimitUse[]): LimitUse[] {
    return uses.filter(({ limit }) => !this.#host.skipped.has(limit));
  }
}

/** Nobody is told how a limit stands. */
function withoutResponse({ response: _, ...policy }: Policy): Policy {
  return policy;
}

function toPlan(route: string, policies: readonly Policy[], outer: readonly Policy[] = []): Plan {
  const target = { route, upstream: null, timeoutMs: null, bodyBytes: null, forbiddenTrailers: NO_TRAILERS };
  return compilePlan(target, policies, outer).plan;
}

export function answerAsLogged(exchange: Exchange): StepResult {
  const { status } = (exchange.client as ReplayClient).request;
  return exchange.answer(status === 0 ? 499 : status, new Fields(""), null);
}
