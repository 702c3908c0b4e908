// The step that chooses a route: the router's answer becomes the exchange's plan, or 404, 405 or 413. @hot

import type { PathsConfig } from "../config/index.ts";
import { parseTarget, type RequestHead, Target } from "../http/index.ts";
import { ANSWERED, CONTINUE, type Exchange, type FixedList, type Plan, type Policy, type StepResult } from "../pipeline/index.ts";
import { markPreflight, readAnnouncedHeaders, readAnnouncedMethod } from "../policies/index.ts";
import { METHOD_NOT_ALLOWED, NO_VARIANT, ROUTE, ROUTE_FOUND, type RouteFound, type RouteMatch, type Router } from "../router/index.ts";
import { hasOtherReadings, listOtherReadings } from "./other-readings.ts";

/** A route as one listener serves it. */
export interface CompiledRoute {
  readonly plan: Plan;
  /** Set where the route's path rules differ from those that routing used. */
  readonly paths: PathsConfig | null;
  /** It has `cors`: preflights that announce one of its requests are its own. */
  readonly answersPreflights: boolean;
}

class Routing {
  readonly #router: Router<number>;
  readonly #routes: FixedList<CompiledRoute>;
  readonly #target = new Target();

  constructor(router: Router<number>, routes: FixedList<CompiledRoute>) {
    this.#router = router;
    this.#routes = routes;
  }

  choose(exchange: Exchange): StepResult {
    const { head } = exchange;
    const announced = readAnnouncedMethod(head);
    if (announced !== null) {
      const match = this.#matchAnnounced(head, head.path, announced);
      if (match.outcome === ROUTE_FOUND && this.#routes.at(match.value).answersPreflights) {
        markPreflight(exchange);
        return this.#take(exchange, match, announced);
      }
      // Where the announced request has no `cors`, this is an OPTIONS as any other: the service may answer preflights itself.
    }
    return this.#take(exchange, this.#match(head, head.path), null);
  }

  #match(head: RequestHead, path: string): RouteMatch<number> {
    return this.#router.match(head.host, path, head.method, head);
  }

  #matchAnnounced(head: RequestHead, path: string, method: string): RouteMatch<number> {
    return this.#router.matchPreflight(head.host, path, method, readAnnouncedHeaders(head), head);
  }

  #take(exchange: Exchange, match: RouteMatch<number>, announced: string | null): StepResult {
    const { head } = exchange;
    if (match.outcome !== ROUTE_FOUND) {
      if (match.outcome !== METHOD_NOT_ALLOWED) {
        return exchange.answerFault(match.outcome === NO_VARIANT ? ROUTE.NO_VARIANT : ROUTE.NOT_FOUND);
      }
      exchange.allow = match.allow;
      return exchange.answerFault(ROUTE.METHOD_NOT_ALLOWED);
    }
    const { plan, paths } = this.#routes.at(match.value);
    if (paths !== null) {
      // The route judges the path by its own rules, and as the client spelt it: routing has resolved what they may refuse.
      // Where they spell it otherwise, it must still be this route's.
      const target = this.#target;
      const fault = parseTarget(head.target, head.method, paths, target);
      if (fault !== null) return exchange.answerFault(fault);
      const again = announced === null ? this.#match(head, target.path) : this.#matchAnnounced(head, target.path, announced);
      if (again !== match) return exchange.answerFault(ROUTE.NOT_FOUND);
      head.path = target.path;
    }
    if (hasOtherReadings(head.path) && !this.#isAlwaysTaken(head, match, announced)) return exchange.answerFault(ROUTE.PATH_AMBIGUOUS);
    exchange.pattern = match.path;
    exchange.routedPath = head.path;
    return exchange.setPlan(plan) ? CONTINUE : ANSWERED;
  }

  /** Whether the path is this route's whatever a service takes it for. Who writes such a path into a route means it. */
  #isAlwaysTaken(head: RequestHead, match: RouteFound<number>, announced: string | null): boolean {
    if (hasOtherReadings(match.path.text)) return true;
    const readings = listOtherReadings(head.path);
    for (let i = 0; i < readings.length; i++) {
      const reading = readings[i] ?? "";
      const other = announced === null ? this.#match(head, reading) : this.#matchAnnounced(head, reading, announced);
      if (other.outcome !== ROUTE_FOUND || other.value !== match.value) return false;
    }
    return true;
  }
}

/** `routes` by the router's values. */
export function createRouting(router: Router<number>, routes: FixedList<CompiledRoute>): Policy {
  const routing = new Routing(router, routes);
  // hot-exception: once a listener, round-trip.bench.ts
  return { name: "routing", phase: "route", request: (exchange) => routing.choose(exchange) };
}
