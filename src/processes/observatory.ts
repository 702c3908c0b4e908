// What is known of the workers without asking: their last words about themselves, and what all of them have counted, those that ended
// included. Asked for every second what is small, and what is large when somebody wants to see it, or before it could be lost.

import type { Clock, ScheduledCall } from "../base/index.ts";
import type { GatewayConfig, TeamState } from "../config/index.ts";
import {
  type CertificateStatus,
  ControlMetrics,
  type GatewayStatus,
  type LastReload,
  type ReloadOutcome,
  type UpstreamStatus,
  type WorkerStatus,
} from "../control/index.ts";
import { declareTeams, type GatewayActivity } from "../gateway/index.ts";
import { createProcessMetrics, type LedgerEntry, MetricRegistry, SnapshotLedger } from "../telemetry/index.ts";
import { listCertificates } from "../tls/index.ts";
import { toAddressText } from "../transport/index.ts";
import { labelOf } from "../upstreams/index.ts";
import type { Fleet } from "./fleet.ts";
import type { WorkerSnapshot } from "./messages.ts";
import type { WorkerHandle } from "./worker-handle.ts";

const LOOK_EVERY_MS = 1_000;
/** Of so many looks one asks for all that is counted: what a worker that crashes takes with it is no older. */
const FULL_EVERY = 10;

interface Observed {
  readonly entry: LedgerEntry;
  activity: GatewayActivity | null;
}

export class Observatory {
  readonly registry = new MetricRegistry();
  readonly #clock: Clock;
  readonly #metrics: ControlMetrics;
  readonly #process: { stop(): void };
  readonly #ledger = new SnapshotLedger();
  readonly #own: LedgerEntry;
  readonly #workers = new Map<WorkerHandle, Observed>();
  #alarm: ScheduledCall | null = null;
  #looks = 0;
  #stopped = false;
  lastReload: LastReload | null = null;

  constructor(clock: Clock, version: string) {
    this.#clock = clock;
    this.#metrics = new ControlMetrics(this.registry);
    this.#process = createProcessMetrics(this.registry, clock);
    this.registry
      .gauge({ name: "sallyport_build_info", help: "The version that runs; always 1.", labels: ["version"] })
      .child(version)
      .set(1);
    this.#own = this.#ledger.open("supervisor");
  }

  open(worker: WorkerHandle): void {
    this.#workers.set(worker, { entry: this.#ledger.open(String(worker.slot)), activity: null });
  }

  close(worker: WorkerHandle): void {
    const observed = this.#workers.get(worker);
    if (observed === undefined) return;
    if (worker.farewell !== null) take(observed, worker.farewell);
    observed.entry.close();
    this.#workers.delete(worker);
  }

  /** Looks at the workers from now on. */
  watch(fleet: Fleet): void {
    this.#alarm = this.#clock.schedule(() => void this.#look(fleet), LOOK_EVERY_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm?.cancel();
    this.#process.stop();
  }

  countReload(outcome: ReloadOutcome, cause: string): void {
    const nowMs = this.#clock.wall();
    this.#metrics.countReload(outcome, nowMs);
    this.lastReload = { at: new Date(nowMs).toISOString(), cause, outcome: outcome.outcome };
  }

  async expose(fleet: Fleet, status: GatewayStatus, teams: readonly TeamState[]): Promise<string> {
    await this.#ask(fleet, true);
    this.#metrics.show(status);
    declareTeams(this.registry, teams, status.isDegraded);
    this.#own.update(this.registry.snapshot());
    return this.#ledger.expose();
  }

  listWorkers(fleet: Fleet): WorkerStatus[] {
    return [...fleet.workers, ...fleet.retiring].map((worker) => {
      const activity = this.#workers.get(worker)?.activity ?? null;
      return {
        slot: worker.slot,
        pid: worker.pid,
        state: worker.isDraining ? "draining" : worker.serves > 0 ? "serving" : "starting",
        startedAt: new Date(worker.startedAtMs).toISOString(),
        crashes: fleet.crashesOf(worker.slot),
        connections: activity?.connections ?? 0,
        generations: activity?.generations ?? [],
        storesAway: activity?.storesAway ?? [],
      };
    });
  }

  async listUpstreams(fleet: Pick<Fleet, "snapshots">, config: GatewayConfig): Promise<UpstreamStatus[]> {
    await this.#ask(fleet, false);
    const activities = [...this.#workers.values()].flatMap(({ activity }) => activity?.upstreams ?? []);
    return config.upstreams.map(({ name, protocol, health, endpoints }) => {
      const sum = { open: 0, idle: 0, pending: 0, streams: 0 };
      const own = activities.filter((one) => one.name === name);
      for (const one of own) {
        sum.open += one.open;
        sum.idle += one.idle;
        sum.pending += one.pending;
        sum.streams += one.streams;
      }
      const isWell = (label: string) => own.length === 0 || own.some(({ unhealthy }) => !unhealthy.includes(label));
      return {
        name,
        protocol,
        endpoints: endpoints.map(({ address, weight }) => ({
          address: toAddressText(address),
          weight,
          healthy: health.active === null ? null : isWell(labelOf(address)),
        })),
        ...sum,
      };
    });
  }

  listCertificates(config: GatewayConfig): CertificateStatus[] {
    return listCertificates(config).map(({ usedBy, names, notAfter, fingerprint }) => ({ usedBy, names, notAfter, fingerprint }));
  }

  async #look(fleet: Fleet): Promise<void> {
    this.#looks++;
    await this.#ask(fleet, this.#looks % FULL_EVERY === 0);
    if (!this.#stopped) this.watch(fleet);
  }

  async #ask(fleet: Pick<Fleet, "snapshots">, metrics: boolean): Promise<void> {
    for (const { worker, snapshot } of await fleet.snapshots(metrics)) {
      const observed = this.#workers.get(worker);
      if (observed !== undefined && snapshot !== null) take(observed, snapshot);
    }
  }
}

function take(observed: Observed, { metrics, activity }: WorkerSnapshot): void {
  observed.activity = activity;
  if (metrics !== null) observed.entry.update(metrics);
}
