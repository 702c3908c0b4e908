// What operators see of load shedding: how many requests are let in at once, how many are, and who was not.

import { type GatewayConfig, PRIORITIES } from "../config/index.ts";
import type { LoadShedder, SheddingHost } from "../policies/index.ts";
import type { Counter, Gauge, MetricFamily, MetricRegistry } from "../telemetry/index.ts";

/** The gateway as a whole stands under no upstream's name. */
const WHOLE = "";

export class SheddingGauges {
  readonly #limit: MetricFamily<Gauge>;
  readonly #inFlight: MetricFamily<Gauge>;
  readonly #shed: MetricFamily<Counter>;
  #shown: readonly string[] = [];

  constructor(registry: MetricRegistry) {
    this.#limit = registry.gauge({
      name: "sallyport_load_shedding_limit",
      help: "Requests that are let in at once just now, of all workers together, by upstream; of the whole gateway under no name.",
      labels: ["upstream"],
    });
    this.#inFlight = registry.gauge({
      name: "sallyport_load_shedding_in_flight",
      help: "Requests that were let in and have no response yet.",
      labels: ["upstream"],
    });
    this.#shed = registry.counter({
      name: "sallyport_load_shedding_refused_total",
      help: "Requests that were not let in, by the priority of their route.",
      labels: ["upstream", "priority"],
    });
  }

  /** With each generation. */
  show({ upstreams }: GatewayConfig, { gatewayShedder, shedderOf }: SheddingHost): void {
    const before = this.#shown;
    const shedders = [[WHOLE, gatewayShedder] as const, ...upstreams.map((upstream) => [upstream.name, shedderOf(upstream)] as const)];
    const shown = shedders.flatMap(([name, shedder]) => (shedder === null ? [] : [[name, shedder] as const]));
    this.#shown = shown.map(([name]) => name);
    for (const name of before) if (!this.#shown.includes(name)) this.#remove(name);
    for (const [name, shedder] of shown) this.#declare(name, shedder);
  }

  #declare(name: string, shedder: LoadShedder): void {
    this.#limit.callback(() => shedder.limit, name);
    this.#inFlight.callback(() => shedder.inFlight, name);
    for (const priority of PRIORITIES) this.#shed.callback(() => shedder.shed(priority), name, priority);
  }

  #remove(name: string): void {
    this.#limit.remove(name);
    this.#inFlight.remove(name);
    for (const priority of PRIORITIES) this.#shed.remove(name, priority);
  }
}
