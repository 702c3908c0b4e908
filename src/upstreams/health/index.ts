// Active health checks: each endpoint of an upstream is asked at an interval, on a connection of its own, and what it answers decides
// whether it gets new requests. Every worker asks and judges by itself. All begin as healthy: a gateway that starts knows nothing yet.

import type { PoolEndpoint, UpstreamPool } from "../settings.ts";
import { EndpointCheck } from "./endpoint-check.ts";
import { createLines, type LineSettings } from "./line.ts";
import { createQuestion } from "./questions.ts";
import type { HealthSettings } from "./settings.ts";

export type { HealthQuestion, HealthSettings } from "./settings.ts";

/** Hears of each change. `why` is empty for an endpoint that is well again. */
export type OnHealth = (endpoint: PoolEndpoint, isHealthy: boolean, why: string) => void;

export class HealthChecks {
  readonly #checks: readonly EndpointCheck[];

  /** `random` gives numbers from 0 to 1: first checks are spread over the interval, so that many upstreams are not all asked at once. */
  constructor(pool: UpstreamPool, settings: HealthSettings, lines: LineSettings, random: () => number, onHealth: OnHealth) {
    const { intervalMs, timeoutMs } = settings;
    // Kept from one check to the next; the check's own time bounds everything else.
    const bounds = { ...lines.bounds, firstByteMs: null, betweenBytesMs: null, idleMs: intervalMs + timeoutMs + 1000 };
    const around = {
      settings,
      question: createQuestion(settings),
      wheel: lines.wheel,
      connect: createLines({ ...lines, bounds }),
      onVerdict: (endpoint: PoolEndpoint, isHealthy: boolean, why: string) => {
        pool.setHealth(endpoint, isHealthy);
        onHealth(endpoint, isHealthy, why);
      },
    };
    this.#checks = pool.endpoints.map((endpoint) => new EndpointCheck(endpoint, around));
    for (const check of this.#checks) check.start(random() * intervalMs);
  }

  stop(): void {
    for (const check of this.#checks) check.stop();
  }
}
