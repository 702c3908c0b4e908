// A running gateway as its operator knows it: one configuration at a time, workers that serve it, and the way from one to the next.
// It accepts no client. What people are told of it goes out through `report`.

import { type ScheduledCall, TimerWheel } from "../base/index.ts";
import { createCalls } from "../calls/index.ts";
import type { GatewayConfig, Issue } from "../config/index.ts";
import type { ControlPlane, GatewayStatus, PublicKeys, ReloadOutcome, UpstreamStatus } from "../control/index.ts";
import { computeGeneration, declareCounters } from "../gateway/index.ts";
import type { ApiKeyOperations } from "../identity/index.ts";
import type { QuotaOperations } from "../limits/index.ts";
import { ExpiryWatch, listCertificates } from "../tls/index.ts";
import type { SocketAddress } from "../transport/index.ts";
import { AcmeDesk } from "./acme-desk.ts";
import { AdminDesk } from "./admin-desk.ts";
import { CounterDesk } from "./counter-desk.ts";
import { DocumentDesk } from "./document-desk.ts";
import { Fleet } from "./fleet.ts";
import { KeyDesk } from "./key-desk.ts";
import { isSamePlaces, ListeningSet, type Sockets, toDescriptors } from "./listening-set.ts";
import type { Revision } from "./loader.ts";
import { Observatory } from "./observatory.ts";
import { toReport } from "./outcome-report.ts";
import { createOwnCounters } from "./own-counters.ts";
import { QuotaDesk } from "./quota-desk.ts";
import { StartError, type SupervisorHost } from "./supervisor-host.ts";
import { FileWatcher } from "./watcher.ts";
import { listMoves } from "./what-moved.ts";
import { packConfig } from "./wire.ts";
import { RefusedError, type Shipment } from "./worker-handle.ts";

const EXPIRY_EVERY_MS = 3_600_000;

export class Supervisor implements ControlPlane {
  readonly #host: SupervisorHost;
  readonly #startedAtMs: number;
  readonly #listening: ListeningSet;
  readonly #fleet: Fleet;
  readonly #admin: AdminDesk;
  readonly #documents: DocumentDesk;
  readonly #counters: CounterDesk;
  readonly #acme: AcmeDesk;
  readonly #keys: KeyDesk;
  readonly #quotas: QuotaDesk;
  readonly #watcher: FileWatcher;
  readonly #observatory: Observatory;
  readonly #wheel: TimerWheel;
  readonly #expiry = new ExpiryWatch();
  #expiryAlarm: ScheduledCall | null = null;
  #current: Revision;
  #previous: Revision | null = null;
  #isRolledBack = false;
  #ids = 1;
  #state: GatewayStatus["state"] = "starting";
  /** What changes the gateway, one after the other. */
  #work: Promise<unknown> = Promise.resolve();
  /** A reload that has not begun yet: who asks meanwhile gets its outcome. */
  #awaited: Promise<ReloadOutcome> | null = null;
  /** Somebody asked for it; else only files changed. */
  #isAskedFor = false;
  #stopping: Promise<void> | null = null;

  constructor(first: Revision, sockets: ListeningSet, taken: Sockets, host: SupervisorHost) {
    const { clock, spawner } = host;
    this.#host = host;
    this.#startedAtMs = clock.wall();
    this.#listening = sockets;
    this.#wheel = new TimerWheel(clock);
    this.#observatory = new Observatory(clock, host.version);
    this.#documents = new DocumentDesk(createCalls(clock), clock);
    const counters = createOwnCounters(clock);
    declareCounters(this.#observatory.registry, counters);
    this.#counters = new CounterDesk(counters, clock);
    this.#acme = new AcmeDesk({
      clock,
      random: host.random,
      show: (challenges) => this.#fleet.setChallenges(challenges),
      onIssued: () => void this.#change("a certificate was issued", (cause) => this.#apply(this.#current, cause)),
      report: host.report,
    });
    this.#keys = new KeyDesk(clock);
    this.#quotas = new QuotaDesk(clock);
    this.#current = this.#dress(first);
    const assignment = { shipment: this.#pack(this.#current), descriptors: toDescriptors(taken) };
    this.#fleet = new Fleet(assignment, {
      spawner,
      clock,
      random: host.random,
      events: {
        onStarted: (worker) => {
          this.#observatory.open(worker);
          this.#documents.attend(worker);
          this.#counters.attend(worker);
        },
        onEnded: (worker) => {
          this.#observatory.close(worker);
          this.#counters.dismiss(worker);
        },
        onCrash: (slot, pid, reason, inMs) =>
          host.report({
            level: "error",
            text: `worker ${slot} (process ${pid}) ended: ${reason}; the next starts ${inMs < 1 ? "at once" : `in ${Math.round(inMs)} ms`}`,
          }),
        onBack: (slot, pid) => host.report({ level: "info", text: `worker ${slot} serves again (process ${pid})` }),
        onStartFailed: (slot, reason) =>
          host.report({ level: "error", text: `worker ${slot} could not be started: ${reason}; it is tried again` }),
      },
    });
    this.#admin = new AdminDesk(this, { transport: host.transport, clock, wheel: this.#wheel, registry: this.#observatory.registry });
    this.#watcher = new FileWatcher(host.watchHost, (files) => void this.#ask(`${files[0] ?? "a file"} changed`, false));
  }

  /** Serves `first`. Rejects with a StartError, and nothing is left running then. */
  static async start(first: Revision, host: SupervisorHost): Promise<Supervisor> {
    const listening = new ListeningSet(host.bind, host.inherited, first.config.listeners);
    let sockets: Sockets;
    try {
      sockets = await listening.prepare(first.config.listeners);
    } catch (error) {
      listening.close();
      throw new StartError([toText(error)], true);
    }
    listening.commit(sockets);
    const supervisor = new Supervisor(first, listening, sockets, host);
    // What operators ask for meanwhile comes after it.
    await supervisor.#enqueue(() => supervisor.#begin());
    return supervisor;
  }

  async #begin(): Promise<void> {
    const { config } = this.#current;
    try {
      await this.#admin.open(config.admin);
      await this.#fleet.start(this.#countWorkers(config));
    } catch (error) {
      this.#state = "draining";
      await this.#admin.close();
      this.#release();
      throw error instanceof RefusedError ? new StartError(error.messages, error.isBind) : new StartError([toText(error)], true);
    }
    this.#state = "serving";
    this.#observatory.watch(this.#fleet);
    this.#follow(this.#current);
  }

  get listeners(): readonly { readonly name: string; readonly address: SocketAddress }[] {
    return this.#listening.addresses;
  }

  /** Whether clients of the listener speak TLS; null is the admin address. */
  speaksTls(listener: string | null): boolean {
    const { admin, listeners } = this.#current.config;
    if (listener === null) return admin !== null && admin.tls !== null;
    return listeners.some(({ name, tls }) => name === listener && tls !== null);
  }

  get adminAddress(): SocketAddress | null {
    return this.#admin.address;
  }

  get generation(): string {
    return this.#current.generation;
  }

  get #isStopping(): boolean {
    return this.#state === "draining";
  }

  get drainMs(): number {
    return this.#current.config.gateway.drainMs;
  }

  // ── what operators see ─────────────────────────────────────────────────────────────────────────────────────────────

  isReady(): boolean {
    return this.#state === "serving" && this.#fleet.workers.some(({ serves, isGone }) => serves > 0 && !isGone);
  }

  status(): GatewayStatus {
    const { config, generation, isKept, teams } = this.#current;
    return {
      name: config.gateway.name,
      version: this.#host.version,
      runtime: this.#host.runtime,
      pid: process.pid,
      startedAt: new Date(this.#startedAtMs).toISOString(),
      state: this.#state,
      generation,
      previousGeneration: this.#previous?.generation ?? null,
      isRolledBack: this.#isRolledBack,
      isDegraded: isKept === true || teams.some(({ state }) => state !== "good"),
      lastReload: this.#observatory.lastReload,
      workers: this.#observatory.listWorkers(this.#fleet),
      certificates: this.#observatory.listCertificates(config),
    };
  }

  describeConfig(): string {
    const { config, generation, teams } = this.#current;
    return this.#admin.describe(config, {
      generation,
      startedWallMs: this.#startedAtMs,
      version: this.#host.version,
      teams,
      listeners: this.listeners,
    });
  }

  exposeMetrics(): Promise<string> {
    return this.#observatory.expose(this.#fleet, this.status(), this.#current.teams);
  }

  async listUpstreams(): Promise<readonly UpstreamStatus[]> {
    return this.#observatory.listUpstreams(this.#fleet, this.#current.config);
  }

  get keys(): ApiKeyOperations | null {
    return this.#keys.operations;
  }

  get quotas(): QuotaOperations | null {
    return this.#quotas.operations;
  }

  publicKeys(): Promise<PublicKeys> | null {
    return this.#keys.publicKeys();
  }

  // ── what operators do ──────────────────────────────────────────────────────────────────────────────────────────────

  reload(cause: string): Promise<ReloadOutcome> {
    return this.#ask(cause, true);
  }

  /** `byOperator`: somebody wants the files as they are, also after a rollback. */
  #ask(cause: string, byOperator: boolean): Promise<ReloadOutcome> {
    if (this.#isStopping) return Promise.resolve(this.#impossible("the gateway is stopping"));
    this.#isAskedFor ||= byOperator;
    this.#awaited ??= this.#change(cause, () => {
      const isAskedFor = this.#isAskedFor;
      this.#awaited = null;
      this.#isAskedFor = false;
      return this.#reload(cause, isAskedFor);
    });
    return this.#awaited;
  }

  rollback(asked: string): Promise<ReloadOutcome> {
    const cause = `rollback by ${asked}`;
    if (this.#isStopping) return Promise.resolve(this.#impossible("the gateway is stopping"));
    return this.#change(cause, async () => {
      const target = this.#previous;
      if (target === null) return this.#finish(this.#impossible("nothing else was served since the gateway started"), cause);
      const outcome = await this.#apply(target, cause);
      if (outcome.outcome === "applied") this.#isRolledBack = !this.#isRolledBack;
      return outcome;
    });
  }

  async reopenLogs(): Promise<void> {
    const to = this.#current.config.telemetry.accessLog?.to;
    const file = to === undefined || to === "stdout" ? "" : `${to.path}: `;
    for (const problem of await this.#fleet.reopenLogs())
      this.#host.report({ level: "error", text: `${file}${problem}; the old file stays in use` });
  }

  /** Replaces every worker, the configuration stays. */
  restartWorkers(cause: string): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#isStopping) return;
      const { config } = this.#current;
      this.#host.report({ level: "info", text: `${cause}: replacing the workers one after the other` });
      try {
        const sockets = await this.#listening.prepare(config.listeners);
        await this.#roll(config, sockets, this.#pack(this.#current));
        this.#host.report({ level: "info", text: `${cause}: all workers are new` });
      } catch (error) {
        if (!this.#isStopping) this.#host.report({ level: "error", text: `${cause}: the workers were not all replaced: ${toText(error)}` });
      }
    });
  }

  /** Requests in flight end within `graceMs`; resolves when nothing is left. */
  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  /** At once. */
  kill(): void {
    this.#fleet.killAll();
  }

  async #stop(graceMs: number): Promise<void> {
    this.#state = "draining";
    this.#watcher.close();
    const stopped = this.#fleet.stop(graceMs);
    // Nobody accepts any more: who connects now is refused rather than left waiting.
    this.#listening.close();
    await stopped;
    await this.#admin.close();
    this.#release();
  }

  #release(): void {
    this.#watcher.close();
    this.#acme.close();
    this.#keys.close();
    this.#quotas.close();
    this.#documents.close();
    this.#counters.close();
    this.#expiryAlarm?.cancel();
    this.#observatory.stop();
    this.#listening.close();
    this.#wheel.stop();
  }

  // ── from one configuration to the next ─────────────────────────────────────────────────────────────────────────────

  #enqueue<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }

  /** Never rejects: some of who asks does not listen, and what nobody hears would end the gateway. */
  #change(cause: string, work: (cause: string) => Promise<ReloadOutcome>): Promise<ReloadOutcome> {
    return this.#enqueue(async () => {
      try {
        return await work(cause);
      } catch (error) {
        return this.#finish({ outcome: "refused", generation: this.generation, issues: [], reason: toText(error) }, cause);
      }
    });
  }

  async #reload(cause: string, isAskedFor: boolean): Promise<ReloadOutcome> {
    if (this.#isStopping) return this.#impossible("the gateway is stopping");
    const loaded = await this.#host.load();
    if (loaded.revision === null) {
      const { issues, messages, files } = loaded;
      // What is mended next may be a file that only the bad configuration names.
      if (this.#current.config.gateway.watch) this.#watcher.watch([...new Set([...this.#current.files, ...files])]);
      const reason = messages.join("\n") || "the configuration has errors";
      return this.#finish({ outcome: "refused", generation: this.generation, issues, reason }, cause);
    }
    if (!isAskedFor && this.#isRolledBack && this.#dress(loaded.revision).generation === this.#previous?.generation) {
      // The word of a change that came before the rollback, or of one that changes nothing: who went back stays there.
      this.#host.report({ level: "info", text: `${cause}: the files say what was rolled back from; a reload serves it all the same` });
      return { outcome: "unchanged", generation: this.generation, issues: [] };
    }
    const outcome = await this.#apply(loaded.revision, cause);
    if (outcome.outcome === "applied" || outcome.outcome === "unchanged") this.#isRolledBack = false;
    return outcome;
  }

  async #apply(wanted: Revision, cause: string): Promise<ReloadOutcome> {
    if (this.#isStopping) return this.#impossible("the gateway is stopping");
    const next = this.#dress(wanted);
    const { issues } = next;
    const before = this.#current;
    if (next.generation === before.generation) {
      // Its files may be others all the same, and the state of its teams.
      this.#current = next;
      this.#follow(next);
      return this.#finish({ outcome: "unchanged", generation: next.generation, issues }, cause);
    }
    try {
      await this.#serve(next, before);
    } catch (error) {
      const reason = error instanceof RefusedError ? error.messages.join("\n") : toText(error);
      return this.#finish({ outcome: "refused", generation: before.generation, issues, reason }, cause);
    }
    this.#current = next;
    // A certificate that was renewed is no other configuration: there is nothing in it to go back from.
    if (wanted !== before) this.#previous = before;
    this.#follow(next);
    const moves = listMoves(before.config, next.config, this.#countWorkers(before.config), this.#countWorkers(next.config));
    return this.#finish({ outcome: "applied", generation: next.generation, issues }, cause, moves);
  }

  async #serve(next: Revision, before: Revision): Promise<void> {
    const shipment = this.#pack(next);
    const count = this.#countWorkers(next.config);
    const isInPlace = isSamePlaces(before.config.listeners, next.config.listeners) && count === this.#countWorkers(before.config);
    if (isInPlace) await this.#fleet.switchTo(shipment);
    else await this.#roll(next.config, await this.#listening.prepare(next.config.listeners), shipment);
  }

  async #roll(config: GatewayConfig, sockets: Sockets, shipment: Shipment): Promise<void> {
    const assignment = { shipment, descriptors: toDescriptors(sockets) };
    try {
      await this.#fleet.roll(assignment, this.#countWorkers(config), this.drainMs);
    } catch (error) {
      this.#listening.discard(sockets);
      throw error;
    }
    this.#listening.commit(sockets);
  }

  /** What a configuration brings besides what workers serve. */
  #follow(revision: Revision): void {
    if (this.#isStopping) return;
    const { config, files, text, generation, remarks } = revision;
    for (const remark of remarks) this.#host.report({ level: "warning", text: remark });
    void this.#admin.follow(config.admin).catch((error: unknown) => {
      this.#host.report({ level: "error", text: `admin: ${toText(error)}; it stays where it is` });
    });
    this.#watcher.watch(config.gateway.watch ? files : []);
    this.#acme.want(config);
    this.#keys.follow(config);
    this.#quotas.follow(config);
    this.#tellExpiry(revision.issues);
    const { stateDir } = config.gateway;
    if (stateDir === null || text === null) return;
    try {
      this.#host.store(stateDir).keep(text, generation);
    } catch (error) {
      this.#host.report({ level: "warning", text: `stateDir: the configuration that serves can't be kept: ${toText(error)}` });
    }
  }

  /** Says what expires soon, each thing once and not what `issues` say; looks again as long as the gateway runs. */
  #tellExpiry(issues: readonly Issue[] = []): void {
    const { clock, report } = this.#host;
    const warnings = this.#expiry.check(listCertificates(this.#current.config), clock.wall());
    const isSaid = issues.some(({ code }) => code === "SP_TLS_CERT_EXPIRED");
    for (const { message, isExpired } of warnings)
      if (!isExpired || !isSaid) report({ level: isExpired ? "error" : "warning", text: message });
    this.#expiryAlarm?.cancel();
    this.#expiryAlarm = clock.schedule(() => this.#tellExpiry(), EXPIRY_EVERY_MS);
  }

  /** With the certificates that authorities have issued, under the id that it has with them. */
  #dress(revision: Revision): Revision {
    const config = this.#acme.dress(revision.config);
    return config === revision.config ? revision : { ...revision, config, generation: computeGeneration(config) };
  }

  /** The admin address is ours alone, and so is what we are to an authority: workers need not know the secrets of either. */
  #pack({ config, generation }: Revision): Shipment {
    const acme = config.acme === null ? null : { ...config.acme, externalAccount: null };
    return { id: this.#ids++, generation, wire: packConfig({ ...config, admin: null, acme }) };
  }

  #countWorkers({ gateway }: GatewayConfig): number {
    return gateway.workers === "auto" ? this.#host.processors : gateway.workers;
  }

  #impossible(reason: string): ReloadOutcome {
    return { outcome: "impossible", generation: this.generation, issues: [], reason };
  }

  #finish(outcome: ReloadOutcome, cause: string, moves: readonly string[] = []): ReloadOutcome {
    this.#observatory.countReload(outcome, cause);
    this.#host.report(toReport(outcome, cause, moves));
    return outcome;
  }
}

function toText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
