// What is counted of requests to the admin address. Labels are its pages and its own refusals, so their number is fixed.

import { FLOW } from "../http/index.ts";
import type { Exchange } from "../pipeline/index.ts";
import type { Counter, MetricFamily, MetricRegistry } from "../telemetry/index.ts";

export class AdminMetrics {
  readonly #requests: MetricFamily<Counter>;
  readonly #refusals: MetricFamily<Counter>;

  constructor(registry: MetricRegistry) {
    this.#requests = registry.counter({
      name: "sallyport_admin_requests_total",
      help: "Requests to the admin address by page and status class; page `` is what met none.",
      labels: ["page", "class"],
    });
    this.#refusals = registry.counter({
      name: "sallyport_admin_refusals_total",
      help: "Requests that the admin address refused, by the fault's code: wrong tokens, hosts and sites among them.",
      labels: ["code"],
    });
  }

  record(exchange: Exchange): void {
    const { plan, fault, response } = exchange;
    if (fault !== null && fault.kind !== FLOW.CLIENT_GONE) this.#refusals.child(fault.kind.code).add(1);
    if (response !== null) this.#requests.child(plan.route, `${Math.floor(response.status / 100)}xx`).add(1);
  }
}
