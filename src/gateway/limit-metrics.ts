// What operators see of limits: what became of requests, whether what counts them can be asked, and who has used up how much of a quota.

import type { CountersWatcher } from "../limits/index.ts";
import type { LimitCounter, LimitMetrics, LimitOutcome } from "../policies/index.ts";
import type { Counter, Gauge, MetricFamily, MetricRegistry } from "../telemetry/index.ts";

/** What one link to a store says of itself, of which there are several while generations with different ones live. */
export class StoreReport implements CountersWatcher {
  readonly store: string;
  state: "up" | "down" | null = null;
  detail = "";
  readonly #onNews: (report: StoreReport) => void;

  constructor(store: string, onNews: (report: StoreReport) => void) {
    this.store = store;
    this.#onNews = onNews;
  }

  onStore(_store: string, state: "up" | "down", detail: string): void {
    this.state = state;
    this.detail = detail;
    this.#onNews(this);
  }

  onReason(_store: string, detail: string): void {
    this.detail = detail;
    this.#onNews(this);
  }
}

export interface StoreAway {
  readonly name: string;
  readonly reason: string;
}

export class GatewayLimitMetrics implements LimitMetrics {
  readonly #write: (line: string) => void;
  readonly #requests: MetricFamily<Counter>;
  readonly #up: MetricFamily<Gauge>;
  readonly #changes: MetricFamily<Counter>;
  readonly #warnings: MetricFamily<Counter>;
  /** Of the generation that serves: one that is only tried, or that requests follow to their end, is not heard. */
  readonly #reports = new Map<string, StoreReport>();
  /** Why each store is away, as it was told last; null of one that is not. */
  readonly #told = new Map<string, string | null>();

  constructor(registry: MetricRegistry, write: (line: string) => void) {
    this.#write = write;
    this.#requests = registry.counter({
      name: "sallyport_rate_limit_requests_total",
      help:
        "Requests by limit and what became of them there. `open`, `closed` and `local` were decided without the store; `would-refuse` is a " +
        "dry run's no; `estimated` comes besides another, where an upstream did not say what a request cost.",
      labels: ["limit", "outcome"],
    });
    this.#up = registry.gauge({
      name: "sallyport_counter_store_up",
      help: "1 while what counts shared limits can be asked, else 0: then each limit's `onStoreFailure` holds.",
      labels: ["store"],
      merge: "perWorker",
    });
    this.#changes = registry.counter({
      name: "sallyport_counter_store_changes_total",
      help: "How often what counts shared limits went away (down) and came back (up).",
      labels: ["store", "state"],
    });
    this.#warnings = registry.counter({
      name: "sallyport_quota_warnings_total",
      help: "Callers whose use of a quota has come to one of the shares in its `warnAt`.",
      labels: ["limit", "share"],
    });
  }

  counter(limit: string, outcome: LimitOutcome): LimitCounter {
    return this.#requests.child(limit, outcome);
  }

  createReport(store: string): StoreReport {
    return new StoreReport(store, (report) => this.#tell(report));
  }

  /** With each generation that begins to serve: what its stores say. */
  showStores(reports: readonly StoreReport[]): void {
    for (const store of this.#reports.keys()) {
      if (reports.some((report) => report.store === store)) continue;
      this.#reports.delete(store);
      this.#told.delete(store);
      this.#up.remove(store);
    }
    for (const report of reports) {
      this.#reports.set(report.store, report);
      this.#tell(report);
    }
  }

  /** Stores that can't be asked just now, and why. */
  get storesAway(): StoreAway[] {
    return [...this.#told].flatMap(([name, reason]) => (reason === null ? [] : [{ name, reason }]));
  }

  #tell(report: StoreReport): void {
    const { store, state, detail } = report;
    if (state === null || this.#reports.get(store) !== report) return;
    this.#up.child(store).set(state === "up" ? 1 : 0);
    const before = this.#told.get(store) ?? null;
    this.#told.set(store, state === "down" ? detail : null);
    if (state === "down" && before === null) {
      this.#changes.child(store, state).add(1);
      this.#write(`counters in ${store}: away: ${detail}; each limit's \`onStoreFailure\` holds`);
    } else if (state === "down" && before !== detail) {
      this.#write(`counters in ${store}: still away: ${detail}`);
    } else if (state === "up" && before !== null) {
      this.#changes.child(store, state).add(1);
      this.#write(`counters in ${store}: well again`);
    }
  }

  onQuotaWarning(limit: string, key: string, share: number, used: number): void {
    const percent = `${Math.round(share * 1000) / 10}%`;
    this.#warnings.child(limit, percent).add(1);
    this.#write(`quota ${limit}: ${key} has used ${percent}: ${used}`);
  }
}

/** What is counted for limits with `store: local`, by the process that counts it. */
export function declareCounters(registry: MetricRegistry, counters: { readonly keys: number; readonly bytes: number }): void {
  registry
    .gauge({ name: "sallyport_rate_limit_keys", help: "Keys that are counted apart in the gateway itself, by limits with `store: local`." })
    .callback(() => counters.keys);
  registry.gauge({ name: "sallyport_rate_limit_keys_bytes", help: "What those keys take in memory." }).callback(() => counters.bytes);
}

/** For who reads the process's standard error. */
export function writeLimitLine(line: string): void {
  process.stderr.write(`sallyport: ${line}\n`);
}
