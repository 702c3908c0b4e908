// The whole: listeners, plans, pools, records, put together from one configuration. The only room that knows all the parts.

import { type Clock, TimerWheel } from "../base/index.ts";
import type { BoundsConfig, GatewayConfig, TeamState } from "../config/index.ts";
import type { PolicyTracer } from "../pipeline/index.ts";
import { createProcessMetrics, type LineSink, MetricRegistry, openLineSink, readDescriptorLimit } from "../telemetry/index.ts";
import type { SocketAddress, Transport } from "../transport/index.ts";
import { compileAdminPlan } from "./admin.ts";
import { describeConfig } from "./admin-config.ts";
import { BlueprintError, compileBlueprint } from "./blueprint.ts";
import { ConnectionBudget } from "./connection-budget.ts";
import { GatewayListener } from "./listener.ts";
import { GatewayMetrics } from "./metrics.ts";
import { createAcceptor, GatewayRuntime } from "./runtime.ts";

/** Everything that reaches the gateway from outside; tests pass fakes. */
export interface GatewayHost {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Instead of what telemetry.accessLog says; gets every line, also when that is off. */
  readonly logSink?: LineSink;
  /** File descriptors that the process may have open; read from the system when left out. */
  readonly descriptorLimit?: number;
  /** A step threw: a bug, with its stack. Standard error when left out. */
  readonly onBug?: (error: unknown, requestId: string) => void;
  /** Of this program, for the admin address. */
  readonly version?: string;
  /** How the files of teams fared when the configuration was loaded, for the admin address. */
  readonly teams?: readonly Pick<TeamState, "name" | "state">[];
  /** Hears of every step of every request, for whoever explains one. Left out, it costs nothing. */
  readonly tracer?: PolicyTracer;
}

/** A generation that is ready to serve and does not yet. */
export interface PreparedGeneration {
  readonly generation: string;
  /** From now on every new request follows it. Requests under way end as they began. */
  commit(): void;
  /** It will never serve. */
  discard(): void;
}

export interface Gateway {
  /** The one that new requests follow. */
  readonly generation: string;
  readonly listeners: readonly { readonly name: string; readonly address: SocketAddress }[];
  readonly admin: SocketAddress | null;
  /** Lets requests in flight finish for `graceMs`, ends the rest, frees everything. */
  stop(graceMs: number): Promise<void>;
  /** All metrics in the Prometheus text format, as the admin address shows them. */
  exposeMetrics(): string;
  /** After the access log's file was moved away: writes to what its path names now. Rejects when that can't be opened. */
  reopenLog(): Promise<void>;
}

const TEAM_STATES: readonly TeamState["state"][] = ["good", "kept", "missing"];

/** A quarter of it may be open at once, see ConnectionBudget. */
const ADMIN_DESCRIPTORS = 128;

/** The admin address serves people and scrapers: small heads, no bodies. */
const ADMIN_BOUNDS: BoundsConfig = {
  lineBytes: 4096,
  headBytes: 16 * 1024,
  fieldCount: 100,
  bodyBytes: 0,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  minBodyBytesPerSecond: 256,
  connectionsPerIp: null,
};

/** Starts a gateway. Rejects with the transport's error when an address can't be bound; nothing stays behind then. */
export async function createGateway(config: GatewayConfig, host: GatewayHost): Promise<Gateway> {
  const { clock, transport } = host;
  const wheel = new TimerWheel(clock);
  const blueprint = compileBlueprint(config, transport, wheel, host.tracer ?? null);
  const metrics = new GatewayMetrics(new MetricRegistry());
  metrics.declareRoute("");
  for (const route of blueprint.routes) metrics.declareRoute(route);
  for (const pool of blueprint.pools) metrics.declareUpstream(pool.name);
  const log = host.logSink ?? (config.telemetry.accessLog === null ? null : openAccessLog(config.telemetry.accessLog.to, clock));
  const onBug = host.onBug ?? writeBug;
  const runtime = new GatewayRuntime(clock, wheel, { metrics, log, onBug });
  const upstreamConnections = config.upstreams.reduce((sum, upstream) => sum + upstream.pool.connections, 0);
  const budget = new ConnectionBudget(host.descriptorLimit ?? readDescriptorLimit(), upstreamConnections);
  const listeners = config.listeners.map((listener) => {
    const plan = blueprint.listenerPlans[listener.name]!;
    const acceptor = createAcceptor(runtime, plan, blueprint.generation);
    return { listener: new GatewayListener(listener.name, listener.bounds, wheel, acceptor, budget), address: listener.address };
  });
  const { generation } = blueprint;
  const facts = { generation, startedWallMs: clock.wall(), version: host.version ?? null, teams: host.teams ?? [] };
  const clients = listeners.map(({ listener }) => listener);
  const describe = () => describeConfig(config, { ...facts, listeners: listAddresses(clients) });
  const state = { registry: metrics.registry, isReady: false, generation, describe };
  if (config.admin !== null) {
    const quiet = new GatewayRuntime(clock, wheel, { metrics: null, log: null, onBug });
    const acceptor = createAcceptor(quiet, compileAdminPlan(state), blueprint.generation);
    // A budget of its own: who wants to see why the gateway is full must get in.
    const spare = new ConnectionBudget(ADMIN_DESCRIPTORS, 0);
    listeners.push({ listener: new GatewayListener("admin", ADMIN_BOUNDS, wheel, acceptor, spare), address: config.admin.address });
  }
  const processMetrics = createProcessMetrics(metrics.registry, clock);
  declareGauges(metrics.registry, blueprint.generation, listeners, blueprint.pools, log);
  declareTeams(metrics.registry, host.teams ?? []);

  const release = async () => {
    for (const pool of blueprint.pools) pool.close();
    wheel.stop();
    processMetrics.stop();
    await log?.close();
  };
  try {
    for (const { listener, address } of listeners) await listener.bind(transport, address);
  } catch (error) {
    for (const { listener } of listeners) if (listener.isBound) await listener.drain();
    await release();
    throw error;
  }
  state.isReady = true;
  const admin = config.admin === null ? null : listeners[listeners.length - 1]!.listener;
  let stopping: Promise<void> | null = null;

  const stop = async (graceMs: number) => {
    state.isReady = false;
    const late = clock.schedule(() => {
      for (const listener of clients) listener.destroy();
    }, graceMs);
    await Promise.all(clients.map((listener) => listener.drain()));
    late.cancel();
    if (admin !== null) {
      const gone = admin.drain();
      admin.destroy();
      await gone;
    }
    await release();
  };

  return {
    exposeMetrics: () => metrics.registry.expose(),
    reopenLog: () => log?.reopen() ?? Promise.resolve(),
    generation: blueprint.generation,
    listeners: listAddresses(clients),
    admin: admin === null ? null : admin.address,
    stop: (graceMs) => {
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}

function listAddresses(listeners: readonly GatewayListener[]): { name: string; address: SocketAddress }[] {
  return listeners.map((listener) => ({ name: listener.listener, address: listener.address }));
}

/** A log that can't be opened is a mistake in the configuration, and said so. */
function openAccessLog(to: Parameters<typeof openLineSink>[0], clock: Clock): LineSink {
  try {
    return openLineSink(to, clock, { onTrouble: writeLogTrouble });
  } catch (error) {
    throw new BlueprintError([`telemetry.accessLog can't be opened: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

/** How the configuration was loaded: it changes only with the gateway. */
function declareTeams(registry: MetricRegistry, teams: NonNullable<GatewayHost["teams"]>): void {
  registry
    .gauge({ name: "sallyport_config_degraded", help: "1 while some team's part is not what its file says." })
    .child()
    .set(teams.some(({ state }) => state !== "good") ? 1 : 0);
  const states = registry.gauge({
    name: "sallyport_team_state",
    help: "1 for the state of each team's part: good, kept or missing.",
    labels: ["team", "state"],
  });
  // Files that don't tell their team stand together under no name.
  const names = new Set(teams.map(({ name }) => name));
  for (const name of names) {
    for (const one of TEAM_STATES) {
      states.child(name ?? "", one).set(teams.filter((team) => team.name === name && team.state === one).length);
    }
  }
}

function declareGauges(
  registry: MetricRegistry,
  generation: string,
  listeners: readonly { listener: GatewayListener }[],
  pools: ReturnType<typeof compileBlueprint>["pools"],
  log: LineSink | null,
): void {
  registry
    .gauge({ name: "sallyport_generation_info", help: "The generation that is running; always 1.", labels: ["generation"] })
    .child(generation)
    .set(1);
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
  for (const { listener } of listeners) {
    open.callback(() => listener.openConnections, listener.listener);
    accepted.callback(() => listener.accepted, listener.listener);
    rejected.callback(() => listener.rejected, listener.listener);
  }
  const pool = registry.gauge({
    name: "sallyport_upstream_connections",
    help: "Upstream connections by state.",
    labels: ["upstream", "state"],
  });
  const pending = registry.gauge({
    name: "sallyport_upstream_pending",
    help: "Requests that wait for a connection.",
    labels: ["upstream"],
  });
  for (const each of pools) {
    pool.callback(() => each.counts.open, each.name, "open");
    pool.callback(() => each.counts.idle, each.name, "idle");
    pending.callback(() => each.counts.pending, each.name);
  }
  if (log === null) return;
  registry
    .gauge({
      name: "sallyport_access_log_held_bytes",
      help: "Bytes of the access log in memory that its file or reader has not taken yet.",
    })
    .callback(() => log.heldBytes);
  registry
    .counter({ name: "sallyport_access_log_dropped_lines_total", help: "Lines that were lost because nobody took them off fast enough." })
    .callback(() => log.droppedLines);
}

function writeLogTrouble(errorCode: string): void {
  process.stderr.write(`sallyport: the access log can't be written: ${errorCode}; lines wait in memory, then are dropped and counted\n`);
}

function writeBug(error: unknown, requestId: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`sallyport: bug while serving request ${requestId}: ${text}\n`);
}
