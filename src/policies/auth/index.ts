// Identities on a route: who the request is from, what its upstream learns of that, and what a caller is told who is not let in.

import type { RouteConfig } from "../../config/index.ts";
import { type Carriers, type Identity, NO_CARRIERS } from "../../identity/index.ts";
import type { Policy } from "../../pipeline/index.ts";
import { Authentication } from "./authenticate.ts";
import { OtherSites, type SharedOrigins } from "./other-sites.ts";
import type { AuthMetrics } from "./outcomes.ts";
import { propagate } from "./propagate.ts";

export { type AuthMetrics, type AuthOutcome, OUTCOMES, type OutcomeCounter } from "./outcomes.ts";

export interface AuthHost {
  /** Of the configuration, by name. */
  readonly identities: ReadonlyMap<string, Identity>;
  /** Of all of them together. */
  readonly carriers: Carriers;
  readonly metrics: AuthMetrics;
}

/** Empty for a public route where there is no credential to hide. */
export function compileAuth(
  route: Pick<RouteConfig, "auth" | "forwardCredential">,
  { identities, carriers, metrics }: AuthHost,
  shared: SharedOrigins | null,
): Policy[] {
  const own = route.auth === null ? [] : inOrder(route.auth.identities.map((name) => toIdentity(name, identities)));
  const hiding = propagate({
    carriers,
    authenticates: route.auth !== null,
    forwardsCredential: route.forwardCredential,
    identities: own,
  });
  const policies: Policy[] = [];
  if (route.auth !== null) {
    const authentication = new Authentication({
      identities: own,
      isOptional: route.auth.optional,
      otherSites: new OtherSites(shared),
      metrics,
    });
    policies.push({
      name: "auth",
      phase: "authenticate",
      writes: ["principal"],
      request: (exchange) => authentication.authenticate(exchange),
      response: (exchange) => authentication.tell(exchange),
    });
  }
  if (hiding !== null) policies.push(hiding);
  for (const { routePolicies } of own) if (routePolicies !== undefined) policies.push(...routePolicies);
  return policies;
}

/** An introspection takes any bearer token: those that know theirs by its issuer are asked first. */
function inOrder(identities: readonly Identity[]): Identity[] {
  const isLast = ({ source }: Identity) => source === "introspection";
  return [...identities.filter((identity) => !isLast(identity)), ...identities.filter(isLast)];
}

function toIdentity(name: string, identities: ReadonlyMap<string, Identity>): Identity {
  const identity = identities.get(name);
  if (identity === undefined) throw new Error(`a route names an unknown identity, ${name}`);
  return identity;
}

/** What stands in requests for any of them. */
export function joinCarriers(identities: readonly Identity[]): Carriers {
  const all = identities.map(({ carriers }) => carriers);
  if (all.every((carriers) => carriers === NO_CARRIERS)) return NO_CARRIERS;
  return {
    fields: all.flatMap(({ fields }) => fields),
    cookies: all.flatMap(({ cookies }) => cookies),
    parameters: all.flatMap(({ parameters }) => parameters),
  };
}
