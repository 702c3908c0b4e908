// What counts limits for a worker, and what sheds load, over its generations: a reload that leaves a store or a shedder as it was keeps its
// connections and all that it knows. Counters go by meters, whose ids change with their rules.

import { randomInt } from "node:crypto";
import type { Clock } from "../base/index.ts";
import type { DatabaseConfig, GatewayConfig, RateLimitConfig, SheddingConfig } from "../config/index.ts";
import { type Counters, LocalCounters } from "../limits/index.ts";
import { type BoundLimit, LoadShedder, type SheddingHost } from "../policies/index.ts";
import type { Stores } from "../stores/index.ts";
import type { MetricRegistry } from "../telemetry/index.ts";
import { deferStores } from "./deferred-stores.ts";
import { digest } from "./generation-id.ts";
import { HeldParts, Holdings } from "./held-parts.ts";
import { createMeters } from "./limit-meters.ts";
import { declareCounters, type GatewayLimitMetrics, type StoreReport } from "./limit-metrics.ts";
import { loadQuotas, type Quotas } from "./quotas.ts";
import { loadSharedCounters, type SharedCounters } from "./shared-counters.ts";

/** Seeds are whole numbers below this. */
const SEEDS = 2 ** 47;

export interface LimitSurroundings {
  /** Counts limits with `store: local`, where another process does so for several; left out, this process does. */
  readonly localCounters?: Counters;
  /** Counts shared limits, in place of the servers that the configuration names: for tests. */
  readonly sharedCounters?: Counters;
  /** A store of counters went away or came back, or a quota is nearly used up. A line on standard error when left out. */
  readonly onLimit?: (line: string) => void;
}

export interface LimitSetHost {
  readonly clock: Clock;
  readonly around: LimitSurroundings;
  readonly metrics: GatewayLimitMetrics;
  readonly registry: MetricRegistry;
  openStores(database: DatabaseConfig): Promise<Stores>;
}

/** What one generation uses; whoever takes it gives it back. */
export interface LimitGrant {
  readonly limits: ReadonlyMap<string, BoundLimit>;
  readonly shedding: SheddingHost;
  /** Of the stores that it counts in, beside this gateway itself. */
  readonly reports: readonly StoreReport[];
  /** Settled when shared stores have answered or are known to be away; within two seconds. */
  readonly ready: Promise<unknown>;
  release(): void;
}

export class LimitSet {
  readonly #host: LimitSetHost;
  /** Null where another process counts for this one. */
  readonly #own: LocalCounters | null;
  readonly #local: Counters;
  readonly #shared = new HeldParts<SharedCounters>((shared) => shared.close());
  readonly #quotas: HeldParts<Quotas>;
  readonly #shedders = new HeldParts<LoadShedder>(() => undefined);
  /** What is being given back to databases. */
  readonly #closing = new Set<Promise<void>>();
  /** Of each meter, how many generations use it. */
  readonly #meters = new Map<string, number>();

  constructor(host: LimitSetHost) {
    const { clock, around } = host;
    this.#host = host;
    this.#own = around.localCounters === undefined ? new LocalCounters({ clock, seed: randomInt(SEEDS) }) : null;
    this.#local = around.localCounters ?? this.#own!;
    if (this.#own !== null) declareCounters(host.registry, this.#own);
    this.#quotas = new HeldParts((quotas) => {
      const closing = quotas.close().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    });
  }

  /** Rejects with what opening a store throws; then nothing is taken. */
  async take(config: GatewayConfig): Promise<LimitGrant> {
    const holdings = new Holdings();
    try {
      const shared = await this.#takeShared(config, holdings);
      const quotas = await this.#takeQuotas(config, holdings);
      const countersOf = ({ store, mode }: RateLimitConfig): Counters => {
        if (store === "local") return this.#local;
        const counters = store === "database" ? quotas?.ledger : mode === "exact" ? shared?.exact : shared?.approximate;
        // checks.ts has refused a limit whose store is not there.
        return counters ?? this.#local;
      };
      const limits = new Map<string, BoundLimit>();
      for (const limit of config.rateLimits) {
        limits.set(limit.name, { config: limit, ...createMeters(limit), counters: countersOf(limit) });
      }
      const ids = [...limits.values()].flatMap(({ own, tiers }) => [own.id, ...[...tiers.values()].map(({ id }) => id)]);
      for (const id of ids) this.#meters.set(id, (this.#meters.get(id) ?? 0) + 1);
      const shedding = this.#takeShedders(config, holdings);
      const release = () => {
        this.#forget(ids);
        holdings.giveAllBack();
      };
      const syncs = config.rateLimits.some(({ store, mode }) => store === "redis" && mode === "approximate");
      const reports = [shared?.report, syncs ? shared?.syncReport : null, quotas?.report].filter(
        (report) => report !== null && report !== undefined,
      );
      return { limits, shedding, reports, ready: Promise.all([shared?.started, quotas?.started]), release };
    } catch (error) {
      holdings.giveAllBack();
      throw error;
    }
  }

  /** Resolves when what was granted and not used has been given back. Every grant has been released before. */
  async close(): Promise<void> {
    await Promise.all(this.#closing);
    this.#local.close();
  }

  async #takeShared({ counters, rateLimits }: GatewayConfig, holdings: Holdings): Promise<SharedCounters | null> {
    const { sharedCounters } = this.#host.around;
    const shared = rateLimits.filter(({ store }) => store === "redis");
    if (shared.length === 0 || counters === null) return null;
    if (sharedCounters !== undefined) {
      const started = Promise.resolve();
      return {
        exact: sharedCounters,
        approximate: sharedCounters,
        started,
        report: null,
        syncReport: null,
        retain: () => undefined,
        close: () => undefined,
      };
    }
    const open = await loadSharedCounters();
    const { clock, metrics } = this.#host;
    const create = () =>
      open(counters, {
        clock,
        report: metrics.createReport("redis"),
        syncReport: metrics.createReport("redis-sync"),
        local: this.#local,
      });
    return holdings.take(this.#shared, digest(counters), create);
  }

  async #takeQuotas({ database, rateLimits }: GatewayConfig, holdings: Holdings): Promise<Quotas | null> {
    if (database === null || !rateLimits.some(({ store }) => store === "database")) return null;
    const open = await loadQuotas();
    const { clock, metrics } = this.#host;
    const shares = new Map(rateLimits.map(({ name, warnAt }) => [name, warnAt]));
    const create = () => open({ clock, metrics, stores: deferStores(() => this.#host.openStores(database), clock) });
    const quotas = holdings.take(this.#quotas, digest(database), create);
    quotas.warnAt(shares);
    return quotas;
  }

  #takeShedders({ gateway, upstreams }: GatewayConfig, holdings: Holdings): SheddingHost {
    const take = (scope: string, settings: SheddingConfig | null) => {
      if (settings === null) return null;
      const create = () => new LoadShedder(settings, this.#host.clock);
      return holdings.take(this.#shedders, `${scope} ${digest(settings)}`, create);
    };
    const gatewayShedder = take("gateway", gateway.loadShedding);
    const shedders = new Map(upstreams.map(({ name, loadShedding }) => [name, take(`upstream ${name}`, loadShedding)]));
    return { gatewayShedder, shedderOf: ({ name }) => shedders.get(name) ?? null };
  }

  /** Counters that no generation uses any more go; those of meters that are still used stay as they are. */
  #forget(ids: readonly string[]): void {
    for (const id of ids) {
      const holders = this.#meters.get(id) ?? 0;
      if (holders <= 1) this.#meters.delete(id);
      else this.#meters.set(id, holders - 1);
    }
    const used = new Set(this.#meters.keys());
    this.#own?.retain(used);
    for (const shared of this.#shared.parts()) shared.retain(used);
  }
}
