// What is read off a running gateway when somebody looks at its metrics. What is counted as it happens is in metrics.ts.

import type { TeamState } from "../config/index.ts";
import type { Gauge, LineSink, MetricFamily, MetricRegistry } from "../telemetry/index.ts";
import type { GatewayListener } from "./listener.ts";
import type { PoolSet } from "./pool-set.ts";

const TEAM_STATES: readonly TeamState["state"][] = ["good", "kept", "missing"];

/** How the configuration was loaded. */
export function declareTeams(registry: MetricRegistry, teams: readonly Pick<TeamState, "name" | "state">[], isDegraded: boolean): void {
  registry
    .gauge({
      name: "sallyport_config_degraded",
      help: "1 while some team's part, or with --last-good the whole, is not what its file says.",
      merge: "max",
    })
    .child()
    .set(isDegraded ? 1 : 0);
  const states = registry.gauge({
    name: "sallyport_team_state",
    help: "1 for the state of each team's part: good, kept or missing.",
    labels: ["team", "state"],
    merge: "max",
  });
  // Files that don't tell their team stand together under no name.
  const names = new Set(teams.map(({ name }) => name));
  for (const name of names) {
    for (const one of TEAM_STATES) {
      states.child(name ?? "", one).set(teams.filter((team) => team.name === name && team.state === one).length);
    }
  }
}

export function declareListeners(registry: MetricRegistry, listeners: readonly GatewayListener[]): void {
  const open = registry.gauge({ name: "sallyport_client_connections", help: "Open client connections.", labels: ["listener"] });
  const accepted = registry.counter({
    name: "sallyport_client_connections_accepted_total",
    help: "Connections accepted.",
    labels: ["listener"],
  });
  const rejected = registry.counter({
    name: "sallyport_client_connections_rejected_total",
    help: "Connections refused because their address, or the whole process, had too many.",
    labels: ["listener"],
  });
  const http2 = registry.gauge({
    name: "sallyport_http2_client_connections",
    help: "Open client connections that speak HTTP/2; they are among `sallyport_client_connections`.",
    labels: ["listener"],
  });
  const streams = registry.gauge({
    name: "sallyport_http2_client_streams",
    help: "Open streams of clients: requests under way over HTTP/2.",
    labels: ["listener"],
  });
  for (const listener of listeners) {
    open.callback(() => listener.openConnections, listener.listener);
    accepted.callback(() => listener.accepted, listener.listener);
    rejected.callback(() => listener.rejected, listener.listener);
    http2.callback(() => listener.http2Connections, listener.listener);
    streams.callback(() => listener.openStreams, listener.listener);
  }
}

export function declareLog(registry: MetricRegistry, log: () => LineSink | null): void {
  registry
    .gauge({
      name: "sallyport_access_log_held_bytes",
      help: "Bytes of the access log in memory that its file or reader has not taken yet.",
    })
    .callback(() => log()?.heldBytes ?? 0);
  registry
    .counter({ name: "sallyport_access_log_dropped_lines_total", help: "Lines that were lost because nobody took them off fast enough." })
    .callback(() => log()?.droppedLines ?? 0);
}

/** Which generation serves, how many still do, and the pools: these change with each reload. */
export class GenerationGauges {
  readonly #info: MetricFamily<Gauge>;
  readonly #open: MetricFamily<Gauge>;
  readonly #streams: MetricFamily<Gauge>;
  readonly #pending: MetricFamily<Gauge>;
  readonly #pools: PoolSet;
  #shown: { generation: string; upstreams: readonly string[] } | null = null;

  constructor(registry: MetricRegistry, pools: PoolSet, live: () => number) {
    this.#pools = pools;
    this.#info = registry.gauge({
      name: "sallyport_generation_info",
      help: "The generation that is running; always 1.",
      labels: ["generation"],
      merge: "max",
    });
    registry
      .gauge({
        name: "sallyport_generations_live",
        help: "Generations that requests follow: the one that is running, and those before it.",
        // Of each worker, not together: two would look like a reload that never ends.
        merge: "max",
      })
      .callback(live);
    this.#open = registry.gauge({
      name: "sallyport_upstream_connections",
      help: "Upstream connections by state.",
      labels: ["upstream", "state"],
    });
    this.#streams = registry.gauge({
      name: "sallyport_upstream_streams",
      help: "Requests on upstream connections; of HTTP/1.1 one has one at most, of HTTP/2 many.",
      labels: ["upstream"],
    });
    this.#pending = registry.gauge({
      name: "sallyport_upstream_pending",
      help: "Requests that wait for a connection.",
      labels: ["upstream"],
    });
  }

  show(generation: string, upstreams: readonly string[]): void {
    const before = this.#shown;
    this.#shown = { generation, upstreams };
    if (before !== null && before.generation !== generation) this.#info.remove(before.generation);
    this.#info.child(generation).set(1);
    const known = new Set(upstreams);
    for (const name of before?.upstreams ?? []) {
      if (known.has(name)) continue;
      this.#open.remove(name, "open");
      this.#open.remove(name, "idle");
      this.#streams.remove(name);
      this.#pending.remove(name);
    }
    for (const name of upstreams) {
      this.#open.callback(() => this.#pools.countsOf(name).open, name, "open");
      this.#open.callback(() => this.#pools.countsOf(name).idle, name, "idle");
      this.#streams.callback(() => this.#pools.streamsOf(name), name);
      this.#pending.callback(() => this.#pools.countsOf(name).pending, name);
    }
  }
}
