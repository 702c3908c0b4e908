// A request for each route that this route wins: proof that there is one, and something to show or to try. Configuration time.

import { findAssignment, SearchBudget } from "./assignment.ts";
import type { RouteDefinition } from "./compile.ts";
import { compileGroups, compileScopes } from "./compile.ts";
import type { Condition } from "./conditions.ts";
import { FreshWords } from "./fresh-words.ts";
import type { SampleRequest } from "./issue.ts";
import { compareConditions, type RouteFound } from "./leaf.ts";
import { Router } from "./router.ts";
import { toHead, toSample } from "./sample.ts";

const NO_CONDITIONS: readonly Condition[] = [];

/** By route name. A route that wins nothing, or whose search was cut off, is missing. */
export function findWitnesses<T>(routes: readonly RouteDefinition<T>[]): Map<string, SampleRequest> {
  const { groups } = compileGroups(routes);
  const router = new Router(compileScopes(groups));
  const fresh = new FreshWords(groups);
  const budget = new SearchBudget();
  const witnesses = new Map<string, SampleRequest>();
  for (const group of groups) {
    const named = new Set(group.routes.flatMap((other) => other.methods));
    for (const route of group.routes) {
      if (witnesses.has(route.name)) continue;
      const methods = route.methods.length > 0 ? route.methods : [fresh.methodBeside(named)];
      for (const method of methods) {
        const sample = tryMethod(route, method, group, router, fresh, budget);
        if (sample === null) continue;
        witnesses.set(route.name, sample);
        break;
      }
    }
  }
  return witnesses;
}

function tryMethod<T>(
  route: RouteFound<T>,
  method: string,
  group: { host: Parameters<typeof toSample>[0]["group"]["host"]; routes: RouteFound<T>[] },
  router: Router<T>,
  fresh: FreshWords,
  budget: SearchBudget,
): SampleRequest | null {
  const rivals = group.routes.filter((rival) => {
    const takes = rival.methods.length === 0 ? route.methods.length === 0 : rival.methods.includes(method);
    return rival !== route && takes && compareConditions(rival, route) < 0;
  });
  const found = findAssignment(
    route.conditions ?? NO_CONDITIONS,
    rivals.map((rival) => rival.conditions ?? NO_CONDITIONS),
    fresh.value,
    budget,
  );
  if (typeof found === "string") return null;
  const isWon = (match: unknown) => match === route;
  const { request } = toSample({ group, route, method, choices: found.choices, router, fresh, isWon });
  const head = toHead(request.headers, request.query);
  return router.match(request.host, request.path, method, head) === route ? request : null;
}
