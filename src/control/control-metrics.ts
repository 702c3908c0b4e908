// What is counted once a gateway, however many processes serve: its workers, its reloads, its certificates. Set from the status that the
// admin address shows too, whenever somebody asks for metrics; only reloads are counted as they happen.

import type { Counter, Gauge, MetricFamily, MetricRegistry } from "../telemetry/index.ts";
import type { CertificateStatus, GatewayStatus, ReloadOutcome, WorkerStatus } from "./control-plane.ts";

const WORKER_STATES: readonly WorkerStatus["state"][] = ["starting", "serving", "draining"];
const OUTCOMES: readonly ReloadOutcome["outcome"][] = ["applied", "unchanged", "refused", "impossible"];

export class ControlMetrics {
  readonly #workers: MetricFamily<Gauge>;
  readonly #crashes: MetricFamily<Counter>;
  readonly #reloads: MetricFamily<Counter>;
  readonly #lastReload: MetricFamily<Gauge>;
  readonly #lastReloadGood: MetricFamily<Gauge>;
  readonly #notAfter: MetricFamily<Gauge>;
  /** Shown now, by certificate. */
  #certificates = new Map<string, readonly [usedBy: string, name: string]>();

  /** Every child that can be is there from the start: a counter that appears with its first event hides that event from rate(). */
  constructor(registry: MetricRegistry) {
    this.#workers = registry.gauge({ name: "sallyport_workers", help: "Processes that serve, by state.", labels: ["state"] });
    this.#crashes = registry.counter({
      name: "sallyport_worker_crashes_total",
      help: "Workers that ended and were not asked to, by slot.",
      labels: ["slot"],
    });
    this.#reloads = registry.counter({
      name: "sallyport_reloads_total",
      help: "Reloads and rollbacks by what came of them: `applied`, `unchanged`, `refused` (a mistake in the files), `impossible`.",
      labels: ["outcome"],
    });
    this.#lastReload = registry.gauge({
      name: "sallyport_last_reload_timestamp_seconds",
      help: "When the last reload or rollback came to its outcome, since unix epoch in seconds.",
    });
    this.#lastReloadGood = registry.gauge({
      name: "sallyport_last_reload_successful",
      help: "1 while the last reload or rollback came to its end, or there was none; 0 after one that was refused or impossible.",
    });
    this.#lastReloadGood.child().set(1);
    this.#notAfter = registry.gauge({
      name: "sallyport_certificate_not_after_timestamp_seconds",
      help: "When a certificate expires, since unix epoch in seconds; by who uses it and its first name.",
      labels: ["used_by", "name"],
    });
    for (const outcome of OUTCOMES) this.#reloads.child(outcome);
  }

  countReload({ outcome }: ReloadOutcome, wallMs: number): void {
    this.#reloads.child(outcome).add(1);
    this.#lastReload.child().set(wallMs / 1000);
    this.#lastReloadGood.child().set(outcome === "applied" || outcome === "unchanged" ? 1 : 0);
  }

  /** Brings what is read off the status up to date; before each snapshot of the registry. */
  show({ workers, certificates }: Pick<GatewayStatus, "workers" | "certificates">): void {
    for (const state of WORKER_STATES) this.#workers.child(state).set(workers.filter((worker) => worker.state === state).length);
    for (const { slot, crashes } of workers) {
      const counter = this.#crashes.child(String(slot));
      counter.add(crashes - counter.value);
    }
    this.#showCertificates(certificates);
  }

  #showCertificates(certificates: readonly CertificateStatus[]): void {
    const soonest = new Map<string, { usedBy: string; name: string; seconds: number }>();
    for (const { usedBy, names, notAfter } of certificates) {
      if (notAfter === null) continue;
      const name = names[0] ?? "";
      const key = JSON.stringify([usedBy, name]);
      // Of two for one name (RSA and ECDSA, the old and the new one) the one that needs somebody first.
      const seconds = Math.min(Date.parse(notAfter) / 1000, soonest.get(key)?.seconds ?? Number.POSITIVE_INFINITY);
      soonest.set(key, { usedBy, name, seconds });
    }
    for (const [key, labels] of this.#certificates) if (!soonest.has(key)) this.#notAfter.remove(...labels);
    this.#certificates = new Map([...soonest].map(([key, { usedBy, name }]) => [key, [usedBy, name]]));
    for (const { usedBy, name, seconds } of soonest.values()) this.#notAfter.child(usedBy, name).set(seconds);
  }
}
