// Checks that need what a configuration means, so that they run once nothing in it is wrong by itself: invariants, preflights, and what
// is defined and never used, which before would blame a mistyped name twice.

import { checkUnused } from "./check-unused.ts";
import type { RouteConfig } from "./config.ts";
import type { Invariant } from "./invariant-schema.ts";
import { checkInvariants } from "./invariants.ts";
import type { Finding } from "./issue.ts";
import { findAmbiguousPreflights } from "./preflights.ts";
import { children } from "./written.ts";

/** One file: the gateway's own first, then each team's. */
export interface MeaningPart {
  /** As written. */
  readonly value: unknown;
  /** What its `routes` mean, in their order. */
  readonly routes: readonly RouteConfig[];
}

/** Findings with the index of the part that each stands in. `invariants` are the gateway's own, and hold for its teams' routes too. */
export function checkMeaning(parts: readonly MeaningPart[], invariants: readonly Invariant[]): { part: number; finding: Finding }[] {
  const findings: { part: number; finding: Finding }[] = [];
  const places = new Map<RouteConfig, { part: number; index: number }>();
  for (const [part, { routes }] of parts.entries()) for (const [index, route] of routes.entries()) places.set(route, { part, index });
  const put = (route: RouteConfig, key: string | undefined, finding: Omit<Finding, "path" | "at">) => {
    const { part, index } = places.get(route) ?? { part: 0, index: 0 };
    const path = key === undefined ? ["routes", index] : ["routes", index, key];
    findings.push({ part, finding: { ...finding, path, at: key === undefined ? "value" : "key" } });
  };
  const all = [...places.keys()];
  const { broken, idle } = checkInvariants(all, invariants, ["invariants"]);
  for (const { route, ...said } of broken) put(route, undefined, said);
  for (const finding of idle) findings.push({ part: 0, finding });
  for (const { route, other } of findAmbiguousPreflights(all)) {
    const message = `the routes \`${other.name}\` and \`${route.name}\` differ in the value of a header alone, and have different \`cors\`: a preflight does not say the value`;
    const hint = "give them the same `cors`, or tell them apart by host, path or method";
    put(route, "cors", { code: "SP_CONFIG_PREFLIGHT_AMBIGUOUS", message, hint });
  }
  const written = parts.map(({ value }) => children(value, [], "routes").map(([, route]) => route));
  for (const [part, { value }] of parts.entries()) {
    // What the gateway defines its teams may use; what a team defines, nobody else.
    const unused: Finding[] = [];
    checkUnused(value, part === 0 ? written.flat() : (written[part] ?? []), unused);
    for (const finding of unused) findings.push({ part, finding });
  }
  return findings;
}
