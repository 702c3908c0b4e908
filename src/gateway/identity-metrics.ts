// What operators see of identities: what became of callers, what the gateway asked others for, and a line where that went wrong.

import type { Clock } from "../base/index.ts";
import type { IdentityWatcher } from "../identity/index.ts";
import type { AuthMetrics, AuthOutcome, OutcomeCounter } from "../policies/index.ts";
import type { Counter, MetricFamily, MetricRegistry } from "../telemetry/index.ts";

/** The same trouble is told again after so long. */
const AGAIN_MS = 60_000;

export class IdentityMetrics implements AuthMetrics, IdentityWatcher {
  readonly #clock: Clock;
  readonly #write: (line: string) => void;
  readonly #requests: MetricFamily<Counter>;
  readonly #lookups: MetricFamily<Counter>;
  readonly #asks: MetricFamily<Counter>;
  /** By identity: hits, then misses. */
  readonly #lookupCounters = new Map<string, readonly [hits: Counter, misses: Counter]>();
  /** What is wrong now, and when that was last told. */
  readonly #troubles = new Map<string, number>();

  constructor(registry: MetricRegistry, clock: Clock, write: (line: string) => void) {
    this.#clock = clock;
    this.#write = write;
    this.#requests = registry.counter({
      name: "sallyport_identity_requests_total",
      help: "Requests of routes with `auth` by the identity that decided, none where no credential was there, and what became of them.",
      labels: ["identity", "outcome"],
    });
    this.#lookups = registry.counter({
      name: "sallyport_identity_lookups_total",
      help: "Credentials that were known already (hit), or had to be checked (miss).",
      labels: ["identity", "result"],
    });
    this.#asks = registry.counter({
      name: "sallyport_identity_asks_total",
      help: "What identities asked others for: key sets, introspections, stores, logins. `failed` leaves callers waiting, or refused.",
      labels: ["identity", "what", "result"],
    });
  }

  counter(identity: string, outcome: AuthOutcome): OutcomeCounter {
    return this.#requests.child(identity, outcome);
  }

  onLookup(identity: string, isHit: boolean): void {
    let counters = this.#lookupCounters.get(identity);
    if (counters === undefined) {
      counters = [this.#lookups.child(identity, "hit"), this.#lookups.child(identity, "miss")];
      this.#lookupCounters.set(identity, counters);
    }
    counters[isHit ? 0 : 1].add(1);
  }

  onAsked(identity: string, what: string, isGood: boolean, detail: string): void {
    this.#asks.child(identity, what, isGood ? "ok" : "failed").add(1);
    const trouble = `${identity} ${what}`;
    const toldAtMs = this.#troubles.get(trouble);
    if (isGood) {
      if (toldAtMs !== undefined) this.#write(`identity ${identity}: ${what}: well again`);
      this.#troubles.delete(trouble);
      return;
    }
    if (toldAtMs !== undefined && this.#clock.now() - toldAtMs < AGAIN_MS) return;
    this.#troubles.set(trouble, this.#clock.now());
    this.#write(`identity ${identity}: ${what}: ${detail}`);
  }
}

/** For who reads the process's standard error. */
export function writeIdentityLine(line: string): void {
  process.stderr.write(`sallyport: ${line}\n`);
}
