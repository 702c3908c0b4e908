// What all exchanges of this process share: clock, wheel, ids, and where their records go. @hot

import type { Clock, TimerWheel } from "../base/index.ts";
import type { ClientSide, RequestAcceptor } from "../http/index.ts";
import { Exchange, type ExchangeRuntime, type Plan } from "../pipeline/index.ts";
import type { LineSink } from "../telemetry/index.ts";
import { encodeAccessRecord } from "./access-record.ts";
import type { GatewayMetrics } from "./metrics.ts";
import { RequestIds } from "./request-ids.ts";

export class GatewayRuntime implements ExchangeRuntime {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly #metrics: GatewayMetrics | null;
  readonly #log: LineSink | null;
  readonly #onBug: (error: unknown, requestId: string) => void;
  readonly #ids = new RequestIds();

  /** Without metrics and log for the admin address: looking at the figures must not change them. */
  constructor(
    clock: Clock,
    wheel: TimerWheel,
    records: { metrics: GatewayMetrics | null; log: LineSink | null; onBug: (error: unknown, requestId: string) => void },
  ) {
    this.clock = clock;
    this.wheel = wheel;
    this.#metrics = records.metrics;
    this.#log = records.log;
    this.#onBug = records.onBug;
  }

  onExchangeEnd(exchange: Exchange): void {
    if (this.#metrics !== null) this.#metrics.record(exchange);
    if (this.#log !== null) this.#log.write(encodeAccessRecord(exchange));
  }

  onBug(exchange: Exchange, error: unknown): void {
    this.#onBug(error, exchange.requestId);
  }

  nextRequestId(): string {
    return this.#ids.next();
  }
}

/** Makes exchanges that follow `plan`. */
export function createAcceptor(runtime: GatewayRuntime, plan: Plan, generation: string): RequestAcceptor {
  return {
    // hot-exception: once a listener, round-trip.bench.ts
    accept: (head, client: ClientSide) => new Exchange(runtime, client, head, plan, generation, null),
    // hot-exception: once a listener, round-trip.bench.ts
    refuse: (fault, client: ClientSide) => new Exchange(runtime, client, null, plan, generation, fault),
  };
}
