// What `/config` of the admin address shows: which configuration is running, and its routes in outline. It is written from a list of
// what may be seen, not by leaving out what may not: no values of headers, no secrets, no bodies.

import type { GatewayConfig, RouteConfig, TeamState } from "../config/index.ts";
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
    routes: config.routes.map(describeRoute),
  };
  return `${JSON.stringify(page)}\n`;
}

function describeRoute(route: RouteConfig): object {
  const { action, match } = route;
  return {
    name: route.name,
    team: route.team,
    public: route.auth === null,
    action: action.kind,
    upstream: action.kind === "upstream" ? action.upstream : null,
    hosts: match.hosts,
    paths: match.paths,
    methods: match.methods,
  };
}
