// What the plans of one generation need to know callers: the live identities, or stand-ins where a configuration is only proved.

import type { GatewayConfig, IdentityConfig } from "../config/index.ts";
import type { FoldedNames } from "../http/index.ts";
import { type Identity, NO_CARRIERS } from "../identity/index.ts";
import type { Policy } from "../pipeline/index.ts";
import { type AuthMetrics, joinCarriers, type RoutePolicyHost } from "../policies/index.ts";
import type { IdentityGrant } from "./identity-set.ts";

export interface AuthParts {
  readonly policies: RoutePolicyHost;
  /** On every listener: pages of the identities' own. */
  readonly listenerPolicies: readonly Policy[];
  /** Fields that credentials stand in: in a trailer section they would come in behind whoever judges them. */
  readonly carrierNames: FoldedNames["names"];
}

export function createAuthParts({ identities }: Pick<IdentityGrant, "identities">, metrics: AuthMetrics): AuthParts {
  const all = [...identities.values()];
  const carriers = joinCarriers(all);
  return {
    policies: { identities, carriers, metrics },
    listenerPolicies: all.flatMap(({ listenerPolicies }) => listenerPolicies ?? []),
    carrierNames: carriers.fields,
  };
}

/** The same shape without anything that asks or keeps something: for proofs, in which no request comes. */
export function proveAuthParts(config: GatewayConfig): AuthParts {
  const identities = new Map(config.identities.map((identity) => [identity.name, standIn(identity)]));
  const counter = { add: () => undefined };
  return createAuthParts({ identities }, { counter: () => counter });
}

function standIn({ name, kind }: IdentityConfig): Identity {
  return { name, source: kind, carriers: NO_CARRIERS, challenge: null, identify: () => null, close: () => undefined };
}
