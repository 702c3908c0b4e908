// What operators see of limits: what became of requests, whether what counts them can be asked, and who has used up how much of a quota.

import type { CountersWatcher } from "../limits/index.ts";
import type { LimitCounter, LimitMetrics, LimitOutcome } from "../policies/index.ts";
import type { Counter, Gauge, MetricFamily, MetricRegistry } from "../telemetry/index.ts";

export class GatewayLimitMetrics implements LimitMetrics, CountersWatcher {
  readonly #write: (line: string) => void;
  readonly #requests: MetricFamily<Counter>;
  readonly #up: MetricFamily<Gauge>;
  readonly #changes: MetricFamily<Counter>;
  readonly #warnings: MetricFamily<Counter>;
  /** Stores that are away, as they were told last. */
  readonly #down = new Set<string>();

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

  onStore(store: string, state: "up" | "down", detail: string): void {
    this.#up.child(store).set(state === "up" ? 1 : 0);
    if (state === "down") {
      this.#down.add(store);
      this.#changes.child(store, state).add(1);
      this.#write(`counters in ${store}: away: ${detail}; each limit's \`onStoreFailure\` holds`);
      return;
    }
    if (!this.#down.delete(store)) return;
    this.#changes.child(store, state).add(1);
    this.#write(`counters in ${store}: well again`);
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
