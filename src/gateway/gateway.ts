// The whole: listeners, plans, pools, records, put together from one configuration, and exchanged for those of the next one while it
// serves. The only room that knows all the parts.

import { CidrSet, type Clock, runInSlices, type Steps, TimerWheel } from "../base/index.ts";
import type { GatewayConfig, UpstreamConfig } from "../config/index.ts";
import { FLOW } from "../http/index.ts";
import type { PolicyTracer } from "../pipeline/index.ts";
import { openStores } from "../stores/index.ts";
import { createProcessMetrics, type LineSink, MetricRegistry, type MetricSnapshot, readDescriptorLimit } from "../telemetry/index.ts";
import type { SocketAddress, Transport } from "../transport/index.ts";
import { labelOf, type PoolCounts, type UpstreamPool } from "../upstreams/index.ts";
import { openAccessLog, toLogTarget } from "./access-log.ts";
import { AcmeChallenges, type Challenges } from "./acme-challenges.ts";
import { type Blueprint, BlueprintError, type BlueprintParts, compileInSteps } from "./blueprint.ts";
import { ConnectionBudget } from "./connection-budget.ts";
import { ConnectionFaultLines, writeConnectionFault } from "./connection-faults.ts";
import { EndpointHealth, writeHealth } from "./endpoint-health.ts";
import { GatewayIdentities, type IdentitySurroundings } from "./gateway-identities.ts";
import { declareListeners, declareLog, GenerationGauges } from "./gauges.ts";
import { type Generation, Generations } from "./generations.ts";
import { GatewayLimitMetrics, type StoreAway, writeLimitLine } from "./limit-metrics.ts";
import { createLimitParts } from "./limit-parts.ts";
import { type LimitGrant, LimitSet, type LimitSurroundings } from "./limit-set.ts";
import { GatewayListener, type ListenerSettings } from "./listener.ts";
import { ListenerMetrics } from "./listener-metrics.ts";
import { findMovedListener } from "./listener-place.ts";
import { coversOf, ListenersTls } from "./listener-tls.ts";
import { GatewayMetrics } from "./metrics.ts";
import { mostConnections, type OnEndpointHealth, PoolSet } from "./pool-set.ts";
import { createAcceptor, GatewayRuntime, Surroundings } from "./runtime.ts";
import { SheddingGauges } from "./shedding-gauges.ts";

/** For the answers of those that a stop ends, and for the ends of their connections; within KILL_MARGIN_MS of the supervisor. */
const LAST_WORDS_MS = 500;

/** For the keys of internal tokens, before a generation serves: a worker that takes another's place would refuse requests without them. */
const KEYS_MS = 3000;

/** Everything that reaches the gateway from outside; tests pass fakes. */
export interface GatewayHost extends IdentitySurroundings, LimitSurroundings {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Instead of what telemetry.accessLog says; gets every line, also when that is off. */
  readonly logSink?: LineSink;
  /** File descriptors that the process may have open; read from the system when left out. */
  readonly descriptorLimit?: number;
  /** A step threw: a bug, with its stack. Standard error when left out. */
  readonly onBug?: (error: unknown, requestId: string) => void;
  /** Health checks have changed their mind about an endpoint. A line on standard error when left out. */
  readonly onHealth?: OnEndpointHealth;
  /** HTTP/2 connections were ended for what their clients did: a line, one a second at most. Standard error when left out. */
  readonly onConnectionFault?: (line: string) => void;
  /** Listening sockets that this process inherited, by the listener's name; the others are bound. */
  readonly descriptors?: ReadonlyMap<string, number>;
  /** The id of the first configuration, where another process has proved it. */
  readonly provenAs?: string;
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
  /**
   * Compiles the next configuration, in slices between which requests are served. Rejects with a BlueprintError when it can't be served,
   * also because its listeners are at other addresses: those are bound once. `provenAs` is its id, where another process has proved it.
   */
  prepare(config: GatewayConfig, provenAs?: string): Promise<PreparedGeneration>;
  /** What is answered to an authority that asks whether we hold a name. */
  setChallenges(challenges: Challenges): void;
  /** Connections of client addresses that have many, by listener, when that has changed since the last call; else null. */
  takeAddressNews(): AddressNews | null;
  /** The same of all other workers of the gateway together, in place of what they had. */
  setOtherAddresses(counts: AddressNews): void;
  /** What of it is under way. */
  status(): GatewayActivity;
  /** Lets requests in flight finish for `graceMs`, ends the rest, frees everything. */
  stop(graceMs: number): Promise<void>;
  /** All metrics in the Prometheus text format. */
  exposeMetrics(): string;
  /** The same as plain data, for whoever adds up the processes of one gateway. */
  snapshotMetrics(): Promise<MetricSnapshot>;
  /** After the access log's file was moved away: writes to what its path names now. Rejects when that can't be opened. */
  reopenLog(): Promise<void>;
}

/** Counts by client address (an IPv6 one by its /64), by listener. */
export type AddressNews = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface UpstreamActivity extends PoolCounts {
  readonly name: string;
  /** Requests on its connections. */
  readonly streams: number;
  /** Endpoints, as labels name them, that health checks have taken out. */
  readonly unhealthy: readonly string[];
}

export interface GatewayActivity {
  readonly connections: number;
  /** Ids of all generations that requests follow, the newest first. */
  readonly generations: readonly string[];
  readonly upstreams: readonly UpstreamActivity[];
  /** Stores of counters that can't be asked. */
  readonly storesAway: readonly StoreAway[];
}

/** Starts a gateway. Rejects with the transport's error when an address can't be bound; nothing stays behind then. */
export async function createGateway(config: GatewayConfig, host: GatewayHost): Promise<Gateway> {
  const gateway = new RunningGateway(config, host);
  await gateway.start(host.provenAs ?? null);
  return gateway;
}

/** A configuration that is compiled and not yet followed. */
interface Prepared {
  readonly config: GatewayConfig;
  readonly generation: Generation;
  /** Set when the log goes elsewhere. */
  readonly log: { readonly sink: LineSink | null } | null;
}

class RunningGateway implements Gateway {
  readonly #host: GatewayHost;
  readonly #wheel: TimerWheel;
  readonly #pools: PoolSet;
  readonly #metrics = new GatewayMetrics(new MetricRegistry());
  readonly #around: Surroundings;
  readonly #tls: ListenersTls;
  readonly #challenges = new AcmeChallenges();
  readonly #budget: ConnectionBudget;
  readonly #gauges: GenerationGauges;
  readonly #health: EndpointHealth;
  readonly #identities: GatewayIdentities;
  readonly #limitMetrics: GatewayLimitMetrics;
  readonly #limits: LimitSet;
  readonly #shedding: SheddingGauges;
  readonly #connectionFaults: ConnectionFaultLines;
  readonly #processMetrics: { stop(): void };
  #config: GatewayConfig;
  #generations: Generations | null = null;
  #clients: GatewayListener[] = [];
  #stopping: Promise<void> | null = null;

  constructor(config: GatewayConfig, host: GatewayHost) {
    const { clock, transport } = host;
    this.#host = host;
    this.#config = config;
    this.#wheel = new TimerWheel(clock);
    this.#pools = new PoolSet(transport, this.#wheel, host.onHealth ?? writeHealth);
    this.#tls = new ListenersTls(config, (name) => this.#challenges.identityOf(name));
    this.#budget = new ConnectionBudget(host.descriptorLimit ?? readDescriptorLimit(), 0);
    const log = host.logSink ?? openAccessLog(config, clock);
    this.#around = new Surroundings(clock, this.#wheel, { metrics: this.#metrics, log, onBug: host.onBug ?? writeBug });
    const { registry } = this.#metrics;
    this.#processMetrics = createProcessMetrics(registry, clock);
    // Of requests that no route took.
    this.#metrics.declareRoute("");
    this.#gauges = new GenerationGauges(registry, this.#pools, () => this.#generations?.list().length ?? 0);
    this.#health = new EndpointHealth(registry, this.#pools);
    this.#identities = new GatewayIdentities(host, clock, this.#wheel, registry);
    this.#limitMetrics = new GatewayLimitMetrics(registry, host.onLimit ?? writeLimitLine);
    this.#shedding = new SheddingGauges(registry);
    this.#limits = new LimitSet({ clock, around: host, metrics: this.#limitMetrics, registry, openStores: host.openStores ?? openStores });
    this.#connectionFaults = new ConnectionFaultLines(clock, host.onConnectionFault ?? writeConnectionFault);
    declareLog(registry, () => this.#around.log);
  }

  async start(provenAs: string | null): Promise<void> {
    const { transport } = this.#host;
    try {
      const first = await this.#compile(this.#config, provenAs);
      this.#generations = new Generations(first, {
        onUnused: (generation) => this.#release(generation),
        cutOff: ({ runtime }) => void runtime.stopAll(FLOW.STOPPED),
      });
      this.#clients = this.#createListeners(this.#config, first);
      declareListeners(this.#metrics.registry, this.#clients);
      this.#show(this.#config, first);
      for (const [index, listener] of this.#clients.entries()) {
        const descriptor = this.#host.descriptors?.get(listener.listener);
        const { address, reusePort } = this.#config.listeners[index]!;
        await listener.bind(transport, address, { reusePort, ...(descriptor !== undefined && { descriptor }) });
      }
    } catch (error) {
      for (const listener of this.#clients) {
        if (!listener.isBound) continue;
        const ended = listener.drain();
        // Who came in by the listeners that could be bound is not waited for.
        listener.destroy();
        await ended;
      }
      await this.#free();
      throw error;
    }
  }

  get generation(): string {
    return this.#current.blueprint.generation;
  }

  get listeners(): readonly { readonly name: string; readonly address: SocketAddress }[] {
    return listAddresses(this.#clients);
  }

  async prepare(config: GatewayConfig, provenAs?: string): Promise<PreparedGeneration> {
    const moved = findMovedListener(this.#config, config);
    if (moved !== null) throw new BlueprintError([`listeners: ${moved}; listeners are bound when the gateway starts`]);
    const generation = await this.#compile(config, provenAs ?? null);
    let prepared: Prepared | null = { config, generation, log: null };
    try {
      if (this.#host.logSink === undefined && toLogTarget(config) !== toLogTarget(this.#config)) {
        prepared = { ...prepared, log: { sink: openAccessLog(config, this.#host.clock) } };
      }
    } catch (error) {
      this.#release(generation);
      throw error;
    }
    const take = () => {
      const taken = prepared;
      prepared = null;
      return taken;
    };
    return {
      generation: generation.blueprint.generation,
      commit: () => {
        const taken = take();
        if (taken !== null) this.#commit(taken);
      },
      discard: () => {
        const taken = take();
        if (taken === null) return;
        this.#release(taken.generation);
        void taken.log?.sink?.close();
      },
    };
  }

  #commit({ config, generation, log }: Prepared): void {
    this.#config = config;
    this.#tls.commit(generation.tls);
    for (const [index, listener] of this.#clients.entries()) listener.follow(this.#settingsOf(config, index, generation));
    if (log !== null) {
      const before = this.#around.log;
      this.#around.log = log.sink;
      void before?.close();
    }
    this.#show(config, generation);
    this.#generations!.replace(generation);
  }

  /** Rejects with a BlueprintError. What it took is given back then. */
  async #compile(config: GatewayConfig, provenAs: string | null): Promise<Generation> {
    const pools: UpstreamPool[] = [];
    const pool = (upstream: UpstreamConfig) => {
      const taken = this.#pools.take(upstream);
      pools.push(taken);
      return taken;
    };
    const grant = this.#identities.take(config);
    let limits: LimitGrant | null = null;
    try {
      limits = await this.#limits.take(config);
      const tls = await runInSlices(this.#tls.prepareInSteps(config));
      const covers = (listener: string) => coversOf(tls, listener);
      const parts: BlueprintParts = {
        pool,
        auth: this.#identities.createParts(config, grant),
        limits: createLimitParts(limits, this.#limitMetrics),
        tracer: this.#host.tracer ?? null,
        provenAs,
        challenges: config.acme === null ? null : this.#challenges,
        covers,
      };
      const blueprint = await runInSlices(this.#compileInSteps(config, parts));
      await Promise.all([grant.ring?.settle(KEYS_MS), limits.ready]);
      return { blueprint, tls, grant, limits, runtime: new GatewayRuntime(this.#around, blueprint.generation) };
    } catch (error) {
      this.#pools.release(pools);
      limits?.release();
      grant.release();
      throw error;
    }
  }

  *#compileInSteps(config: GatewayConfig, parts: BlueprintParts): Steps<Blueprint> {
    const blueprint = yield* compileInSteps(config, parts);
    for (const route of blueprint.routes) {
      this.#metrics.declareRoute(route);
      yield;
    }
    for (const { name } of blueprint.pools) this.#metrics.declareUpstream(name);
    return blueprint;
  }

  #createListeners(config: GatewayConfig, first: Generation): GatewayListener[] {
    const metrics = new ListenerMetrics(this.#metrics.registry);
    return config.listeners.map((listener, index) => {
      const tls = this.#tls.serverOf(listener.name);
      const startsTls = listener.proxyProtocol !== null;
      const place = { wheel: this.#wheel, budget: this.#budget, metrics, faults: this.#connectionFaults, tls, startsTls };
      return new GatewayListener(listener.name, this.#settingsOf(config, index, first), place);
    });
  }

  #settingsOf(config: GatewayConfig, index: number, { blueprint, runtime }: Generation): ListenerSettings {
    const { name, protocols, bounds, proxyProtocol } = config.listeners[index]!;
    const acceptor = createAcceptor(runtime, blueprint.listenerPlans[name]!);
    return { protocols, bounds, acceptor, proxies: CidrSet.of(...(proxyProtocol?.from ?? [])) };
  }

  /** What changes in metrics and budgets with a configuration. */
  #show(config: GatewayConfig, { blueprint, limits }: Generation): void {
    this.#shedding.show(config, limits.shedding);
    this.#limitMetrics.showStores(limits.reports);
    this.#budget.reserve(mostConnections(config.upstreams));
    this.#health.show(config.upstreams);
    this.#gauges.show(
      blueprint.generation,
      config.upstreams.map(({ name }) => name),
    );
  }

  /** Nothing will follow it any more. */
  #release({ blueprint, grant, limits }: Generation): void {
    this.#pools.release(blueprint.pools);
    limits.release();
    grant.release();
    for (const { name } of blueprint.pools) this.#metrics.forgetUpstream(name);
    void runInSlices(this.#forgetInSteps(blueprint.routes));
  }

  *#forgetInSteps(routes: readonly string[]): Steps<void> {
    for (const route of routes) {
      this.#metrics.forgetRoute(route);
      yield;
    }
  }

  get #current(): Generation {
    return this.#generations!.current;
  }

  status(): GatewayActivity {
    return {
      connections: this.#clients.reduce((sum, { openConnections }) => sum + openConnections, 0),
      generations: this.#generations!.list().map(({ blueprint }) => blueprint.generation),
      upstreams: this.#config.upstreams.map(({ name, endpoints }) => ({
        name,
        ...this.#pools.countsOf(name),
        streams: this.#pools.streamsOf(name),
        unhealthy: endpoints.map(({ address }) => labelOf(address)).filter((label) => this.#pools.healthOf(name, label) === false),
      })),
      storesAway: this.#limitMetrics.storesAway,
    };
  }

  exposeMetrics(): string {
    return this.#metrics.registry.expose();
  }

  snapshotMetrics(): Promise<MetricSnapshot> {
    return runInSlices(this.#metrics.registry.snapshotInSteps());
  }

  takeAddressNews(): AddressNews | null {
    const news: Record<string, Record<string, number>> = {};
    let isNew = false;
    for (const { listener, addresses } of this.#clients) {
      const counts = addresses.takeNews();
      if (counts === null) continue;
      news[listener] = counts;
      isNew = true;
    }
    return isNew ? news : null;
  }

  setOtherAddresses(counts: AddressNews): void {
    for (const { listener, addresses } of this.#clients) addresses.setOthers(counts[listener] ?? {});
  }

  setChallenges(challenges: Challenges): void {
    this.#challenges.set(challenges);
  }

  reopenLog(): Promise<void> {
    return this.#around.log?.reopen() ?? Promise.resolve();
  }

  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    const { clock } = this.#host;
    const destroy = () => {
      for (const listener of this.#clients) listener.destroy();
    };
    let late = clock.schedule(() => {
      // Connections that drain end behind their last answer, which whoever was still waiting is given now.
      const told = this.#generations!.list().reduce((sum, { runtime }) => sum + runtime.stopAll(FLOW.STOPPED), 0);
      if (told === 0) destroy();
      else late = clock.schedule(destroy, LAST_WORDS_MS);
    }, graceMs);
    await Promise.all(this.#clients.map((listener) => listener.drain(graceMs)));
    late.cancel();
    await this.#free();
  }

  async #free(): Promise<void> {
    this.#generations?.close();
    this.#identities.close();
    await this.#limits.close();
    this.#wheel.stop();
    this.#processMetrics.stop();
    await this.#around.log?.close();
  }
}

function listAddresses(listeners: readonly GatewayListener[]): { name: string; address: SocketAddress }[] {
  return listeners.map((listener) => ({ name: listener.listener, address: listener.address }));
}

function writeBug(error: unknown, requestId: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`sallyport: bug while serving request ${requestId}: ${text}\n`);
}
