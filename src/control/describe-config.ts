// What `/config` of the admin address shows: which configuration is running, its identities, limits and routes in outline. It is written from a list of
// what may be seen, not by leaving out what may not: no values of headers, no secrets, no bodies.

import type { GatewayConfig, RateLimitConfig, RouteConfig, TeamState } from "../config/index.ts";
import { type SocketAddress, toAddressText } from "../transport/index.ts";

export interface RunningFacts {
  readonly generation: string;
  /** Milliseconds since the epoch. */
  readonly startedWallMs: number;
  /** Of this program; null when whoever started it did not say. */
  readonly version: string | null;
  readonly teams: readonly Pick<TeamState, "name" | "state">[];
  readonly listeners: readonly { readonly name: string; readonly address: SocketAddress }[];
}

export function describeConfig(config: GatewayConfig, facts: RunningFacts): string {
  const page = {
    generation: facts.generation,
    startedAt: new Date(facts.startedWallMs).toISOString(),
    version: facts.version,
    gateway: { name: config.gateway.name, kind: config.gateway.kind },
    degraded: facts.teams.some((team) => team.state !== "good"),
    teams: facts.teams.map(({ name, state }) => ({ name, state })),
    listeners: facts.listeners.map(({ name, address }) => ({ name, address: toAddressText(address) })),
    identities: config.identities.map(({ name, kind }) => ({ name, kind })),
    rateLimits: config.rateLimits.map(describeLimit),
    routes: config.routes.map(describeRoute),
  };
  return `${JSON.stringify(page)}\n`;
}

/** Kinds of what it counts by: names of headers and claims are nobody's business here, nor are users that it exempts. */
function describeLimit({ name, rule, key, store, mode, onStoreFailure, dryRun }: RateLimitConfig): object {
  return {
    name,
    counts: rule.kind,
    key: key.map(({ kind }) => kind),
    store,
    mode: store === "redis" ? mode : null,
    onStoreFailure,
    dryRun,
  };
}

function describeRoute(route: RouteConfig): object {
  const { action, match } = route;
  return {
    name: route.name,
    team: route.team,
    public: route.auth === null,
    identities: route.auth?.identities ?? [],
    rateLimits: route.rateLimits.map(({ limit }) => limit),
    action: action.kind,
    upstream: action.kind === "upstream" ? action.upstream : null,
    hosts: match.hosts,
    paths: match.paths,
    methods: match.methods,
  };
}
