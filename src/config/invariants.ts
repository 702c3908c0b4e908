// What an operator demands of every route, judged on what the routes mean: defaults count, an API version's host or path counts.

import type { RouteConfig } from "./config.ts";
import type { Invariant } from "./invariant-schema.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { compilePredicate, isAboutNames, onlyNames } from "./predicates.ts";

/** A finding that stands at a route of the list given. */
export interface BrokenInvariant {
  readonly route: RouteConfig;
  readonly code: "SP_CONFIG_INVARIANT" | "SP_CONFIG_INVARIANT_WARNING";
  readonly message: string;
  readonly hint: string | undefined;
}

/** Every route that breaks one, with all that it lacks; and invariants, at their place below `path`, that speak of no route. */
export function checkInvariants(
  routes: readonly RouteConfig[],
  invariants: readonly Invariant[],
  path: IssuePath,
): { readonly broken: BrokenInvariant[]; readonly idle: Finding[] } {
  const broken: BrokenInvariant[] = [];
  const idle: Finding[] = [];
  for (const [index, invariant] of invariants.entries()) {
    const where = compilePredicate(invariant.where);
    const required = compilePredicate(invariant.require);
    for (const route of routes) {
      if (where.holds(route) && !required.holds(route)) broken.push(toBroken(invariant, route, required.listBreaches(route)));
    }
    // A guard that all routes pass, `lacks: [auth]`, is no mistake; a path or name that no route has probably is.
    const names = onlyNames(invariant.where);
    if (isAboutNames(names) && !routes.some(compilePredicate(names).holds)) {
      const message = `the invariant \`${invariant.name}\` speaks of no route: none is as its \`where\` says`;
      const hint = "look for a mistyped path, host or name in `where`";
      idle.push({ code: "SP_CONFIG_INVARIANT_IDLE", path: [...path, index, "where"], at: "key", message, hint });
    }
  }
  return { broken, idle };
}

function toBroken(invariant: Invariant, route: RouteConfig, demands: readonly string[]): BrokenInvariant {
  return {
    route,
    code: invariant.level === "warning" ? "SP_CONFIG_INVARIANT_WARNING" : "SP_CONFIG_INVARIANT",
    message: `the route \`${route.name}\` breaks the invariant \`${invariant.name}\`: ${demands.join("; ")}`,
    hint: invariant.because === undefined ? undefined : `the reason: ${invariant.because}`,
  };
}
