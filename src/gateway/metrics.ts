// What the gateway counts: names, labels, and the children resolved when a configuration compiles. @hot
// Labels are names from the configuration and status classes, so their number is bounded by it.

import type { FaultKind } from "../base/index.ts";
import { type Exchange, GRPC_STATUS_NAMES, grpcStatusOf } from "../pipeline/index.ts";
import { type Counter, type Histogram, type MetricFamily, type MetricRegistry, SECONDS_BOUNDS } from "../telemetry/index.ts";

const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/** Outcomes of an attempt without an answer, behind the classes of those with one. */
const FAULT = 5;
const CANCELLED = 6;
const OUTCOMES = [...CLASSES, "fault", "cancelled"];

interface Series {
  /** Generations that have the route or upstream. */
  holders: number;
  readonly byClass: readonly Counter[];
  readonly duration: Histogram;
  /** Of a route, by gRPC status; made when the first such call ends, since most routes have none. */
  readonly byGrpcStatus: (Counter | undefined)[];
}

export class GatewayMetrics {
  readonly registry: MetricRegistry;
  readonly #requests: MetricFamily<Counter>;
  readonly #duration: MetricFamily<Histogram>;
  readonly #grpcRequests: MetricFamily<Counter>;
  readonly #upstreamRequests: MetricFamily<Counter>;
  readonly #upstreamDuration: MetricFamily<Histogram>;
  readonly #faults: MetricFamily<Counter>;
  readonly #routes = new Map<string, Series>();
  readonly #upstreams = new Map<string, Series>();
  readonly #faultCounters = new Map<FaultKind, Counter>();

  constructor(registry: MetricRegistry) {
    this.registry = registry;
    this.#requests = registry.counter({
      name: "sallyport_requests_total",
      help: "Requests by route and status class.",
      labels: ["route", "class"],
    });
    this.#duration = registry.histogram({
      name: "sallyport_request_duration_seconds",
      help: "From the request head to the end of the response, by route.",
      labels: ["route"],
      bounds: SECONDS_BOUNDS,
    });
    this.#grpcRequests = registry.counter({
      name: "sallyport_grpc_requests_total",
      help: "gRPC and gRPC-Web calls by route and the status that the client got. They are in sallyport_requests_total too, nearly all as 2xx.",
      labels: ["route", "status"],
    });
    this.#upstreamRequests = registry.counter({
      name: "sallyport_upstream_requests_total",
      help:
        "Attempts by upstream and status class. Without an answer: `fault`, or `cancelled` when the gateway no longer waited for one " +
        "(the route's time was over, the client left, another attempt won).",
      labels: ["upstream", "class"],
    });
    this.#upstreamDuration = registry.histogram({
      name: "sallyport_upstream_first_byte_seconds",
      help: "From a connection at hand to the response head, by upstream.",
      labels: ["upstream"],
      bounds: SECONDS_BOUNDS,
    });
    this.#faults = registry.counter({ name: "sallyport_faults_total", help: "Exchanges that met a fault, by its code.", labels: ["code"] });
  }

  /** When a configuration compiles: makes the children, so that a request only increments, or goes on with those of the generation before. */
  declareRoute(route: string): void {
    const known = this.#routes.get(route);
    if (known !== undefined) {
      known.holders++;
      return;
    }
    this.#routes.set(route, {
      holders: 1,
      // hot-exception: when a configuration compiles, round-trip.bench.ts
      byClass: CLASSES.map((name) => this.#requests.child(route, name)),
      duration: this.#duration.child(route),
      byGrpcStatus: [],
    });
  }

  declareUpstream(upstream: string): void {
    const known = this.#upstreams.get(upstream);
    if (known !== undefined) {
      known.holders++;
      return;
    }
    this.#upstreams.set(upstream, {
      holders: 1,
      // hot-exception: when a configuration compiles, round-trip.bench.ts
      byClass: OUTCOMES.map((name) => this.#upstreamRequests.child(upstream, name)),
      duration: this.#upstreamDuration.child(upstream),
      byGrpcStatus: [],
    });
  }

  /** A generation that declared it is gone. Once none has it, it is shown no more, and its place is free for others. */
  forgetRoute(route: string): void {
    const known = this.#routes.get(route);
    if (known === undefined || --known.holders > 0) return;
    this.#routes.delete(route);
    for (let i = 0; i < CLASSES.length; i++) this.#requests.remove(route, CLASSES[i]!);
    this.#duration.remove(route);
    for (let i = 0; i < GRPC_STATUS_NAMES.length; i++) {
      if (known.byGrpcStatus[i] !== undefined) this.#grpcRequests.remove(route, GRPC_STATUS_NAMES[i]!);
    }
  }

  forgetUpstream(upstream: string): void {
    const known = this.#upstreams.get(upstream);
    if (known === undefined || --known.holders > 0) return;
    this.#upstreams.delete(upstream);
    for (let i = 0; i < OUTCOMES.length; i++) this.#upstreamRequests.remove(upstream, OUTCOMES[i]!);
    this.#upstreamDuration.remove(upstream);
  }

  record(exchange: Exchange): void {
    const series = this.#routes.get(exchange.plan.route);
    if (series !== undefined) {
      const status = exchange.headSentMs > 0 ? exchange.response!.status : (exchange.fault?.kind.status ?? 500);
      const counter = series.byClass[Math.floor(status / 100) - 1];
      if (counter !== undefined) counter.add(1);
      series.duration.observe((exchange.endedMs - exchange.startedMs) / 1000);
      const grpcStatus = grpcStatusOf(exchange);
      if (grpcStatus >= 0) this.#countGrpc(series, exchange.plan.route, grpcStatus);
    }
    for (let i = 0; i < exchange.attempts.length; i++) {
      const attempt = exchange.attempts[i]!;
      const upstream = this.#upstreams.get(attempt.upstream.name);
      if (upstream === undefined) continue;
      if (attempt.status > 0) {
        upstream.byClass[Math.floor(attempt.status / 100) - 1]!.add(1);
        upstream.duration.observe((attempt.firstByteMs - attempt.connectedMs) / 1000);
      } else {
        upstream.byClass[attempt.fault === null ? CANCELLED : FAULT]!.add(1);
      }
    }
    if (exchange.fault !== null) this.#countFault(exchange.fault.kind);
  }

  #countGrpc(series: Series, route: string, status: number): void {
    let counter = series.byGrpcStatus[status];
    if (counter === undefined) {
      counter = this.#grpcRequests.child(route, GRPC_STATUS_NAMES[status]!);
      series.byGrpcStatus[status] = counter;
    }
    counter.add(1);
  }

  #countFault(kind: FaultKind): void {
    let counter = this.#faultCounters.get(kind);
    if (counter === undefined) {
      counter = this.#faults.child(kind.code);
      this.#faultCounters.set(kind, counter);
    }
    counter.add(1);
  }
}
