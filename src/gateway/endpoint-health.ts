// What is told of endpoints that are asked whether they are well: a gauge for each, and a line for each change.

import type { UpstreamConfig } from "../config/index.ts";
import type { Gauge, MetricFamily, MetricRegistry } from "../telemetry/index.ts";
import { labelOf } from "../upstreams/index.ts";
import type { PoolSet } from "./pool-set.ts";

export class EndpointHealth {
  readonly #gauge: MetricFamily<Gauge>;
  readonly #pools: PoolSet;
  #shown: readonly (readonly [upstream: string, endpoint: string])[] = [];

  constructor(registry: MetricRegistry, pools: PoolSet) {
    this.#pools = pools;
    this.#gauge = registry.gauge({
      name: "sallyport_upstream_endpoint_healthy",
      help: "1 while the active health checks of some worker find the endpoint well, 0 while those of none do; only where there are any.",
      labels: ["upstream", "endpoint"],
      merge: "max",
    });
  }

  /** With each generation. */
  show(upstreams: readonly UpstreamConfig[]): void {
    const before = this.#shown;
    this.#shown = upstreams.flatMap(({ name, health, endpoints }) =>
      health.active === null ? [] : endpoints.map(({ address }) => [name, labelOf(address)] as const),
    );
    const known = new Set(this.#shown.map((labels) => labels.join(" ")));
    for (const labels of before) if (!known.has(labels.join(" "))) this.#gauge.remove(...labels);
    for (const [upstream, endpoint] of this.#shown) {
      this.#gauge.callback(() => (this.#pools.healthOf(upstream, endpoint) === false ? 0 : 1), upstream, endpoint);
    }
  }
}

/** For who reads the process's standard error. */
export function writeHealth(upstream: string, endpoint: string, isHealthy: boolean, why: string): void {
  const what = isHealthy ? "is well again" : `gets no more requests, unless no other is well: ${why}`;
  process.stderr.write(`sallyport: upstream ${upstream}: endpoint ${endpoint} ${what}\n`);
}
