// What the plans of one generation need to know callers and to tell of them: the live identities and keys, or stand-ins where a
// configuration is only proved.

import { FakeClock } from "../base/index.ts";
import { CallFailure } from "../calls/index.ts";
import type { GatewayConfig, IdentityConfig, ListenerConfig, UpstreamConfig } from "../config/index.ts";
import type { FieldName } from "../http/index.ts";
import { type Identity, NO_CARRIERS } from "../identity/index.ts";
import type { Policy } from "../pipeline/index.ts";
import { type AuthMetrics, compileInternalToken, joinCarriers, publishKeys, type RoutePolicyHost } from "../policies/index.ts";
import type { IdentityGrant } from "./identity-set.ts";
import type { LimitParts } from "./limit-parts.ts";

export interface AuthParts {
  readonly policies: Omit<RoutePolicyHost, keyof LimitParts["policies"]>;
  /** Fields that credentials stand in: in a trailer section they would come in behind whoever judges them. */
  readonly carrierNames: readonly FieldName[];
  /** Before routing: pages of the identities' own, and the keys of internal tokens. */
  policiesOf(listener: ListenerConfig): readonly Policy[];
}

export type AuthGrant = Pick<IdentityGrant, "identities" | "ring"> & {
  readonly host: Pick<IdentityGrant["host"], "calls" | "clock" | "watcher">;
};

export function createAuthParts(config: GatewayConfig, { identities, host, ring }: AuthGrant, metrics: AuthMetrics): AuthParts {
  const all = [...identities.values()];
  const carriers = joinCarriers(all);
  const tokens = new Map<string, Policy>();
  for (const upstream of config.upstreams) {
    const policy = ring === null ? null : compileInternalToken(upstream, { keys: ring, clock: host.clock, identities: config.identities });
    if (policy !== null) tokens.set(upstream.name, policy);
  }
  const pages = all.flatMap(({ listenerPolicies }) => listenerPolicies ?? []);
  const tokenOf = ({ name }: Pick<UpstreamConfig, "name">) => tokens.get(name) ?? null;
  return {
    policies: { ...host, identities, carriers, metrics, tokenOf },
    carrierNames: carriers.fields,
    policiesOf: (listener) => (listener.publishKeys && ring !== null ? [publishKeys(ring), ...pages] : pages),
  };
}

/** The same shape without anything that asks or keeps something: for proofs, in which no request comes. */
export function proveAuthParts(config: GatewayConfig): AuthParts {
  const identities = new Map(config.identities.map((identity) => [identity.name, standIn(identity)]));
  const counter = { add: () => undefined };
  const host = {
    clock: new FakeClock(),
    calls: { call: () => Promise.reject(new CallFailure("connect", "a proof asks nobody")), close: () => undefined },
    watcher: { onAsked: () => undefined, onLookup: () => undefined },
  };
  return createAuthParts(config, { identities, host, ring: null }, { counter: () => counter });
}

function standIn({ name, kind }: IdentityConfig): Identity {
  return { name, source: kind, carriers: NO_CARRIERS, challenge: null, identify: () => null, close: () => undefined };
}
