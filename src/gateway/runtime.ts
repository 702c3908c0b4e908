// What all exchanges of this process share (clock, wheel, ids, where their records go), and what those of one generation do: they are
// counted, so that it is known when the last of them has ended. @hot

import type { Clock, Fault, TimerWheel } from "../base/index.ts";
import type { ClientSide, RequestAcceptor } from "../http/index.ts";
import { Exchange, type ExchangeRuntime, type Plan } from "../pipeline/index.ts";
import type { LineSink } from "../telemetry/index.ts";
import { encodeAccessRecord } from "./access-record.ts";
import type { GatewayMetrics } from "./metrics.ts";
import { RequestIds } from "./request-ids.ts";

/** One a process. */
export class Surroundings {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly metrics: GatewayMetrics;
  /** Where lines go now: a reload may name another file. */
  log: LineSink | null;
  readonly onBug: (error: unknown, requestId: string) => void;
  readonly ids = new RequestIds();

  constructor(
    clock: Clock,
    wheel: TimerWheel,
    records: { metrics: GatewayMetrics; log: LineSink | null; onBug: (error: unknown, requestId: string) => void },
  ) {
    this.clock = clock;
    this.wheel = wheel;
    this.metrics = records.metrics;
    this.log = records.log;
    this.onBug = records.onBug;
  }
}

/** One a generation. */
export class GatewayRuntime implements ExchangeRuntime {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly generation: string;
  /** Exchanges under way that still need what the generation compiled: tunnels don't. */
  open = 0;
  /** Set once no new request follows it: called when the last exchange has ended. */
  onUnused: (() => void) | null = null;
  readonly #around: Surroundings;
  readonly #tunnels = new Set<Exchange>();
  /** Of those under way; each leads to the ones beside it. */
  #newest: Exchange | null = null;

  constructor(around: Surroundings, generation: string) {
    this.clock = around.clock;
    this.wheel = around.wheel;
    this.generation = generation;
    this.#around = around;
  }

  begin(exchange: Exchange): Exchange {
    this.open++;
    const newest = this.#newest;
    exchange.earlier = newest;
    if (newest !== null) newest.later = exchange;
    this.#newest = exchange;
    return exchange;
  }

  /** Their time is over. Returns how many there were, tunnels aside. */
  stopAll(fault: Fault): number {
    this.wheel.touch();
    // hot-exception: when a generation is cut off or the worker stops, round-trip.bench.ts
    const all: Exchange[] = [];
    for (let each = this.#newest; each !== null; each = each.earlier) if (!this.#tunnels.has(each)) all.push(each);
    for (let i = 0; i < all.length; i++) all[i]!.stop(fault);
    return all.length;
  }

  onExchangeEnd(exchange: Exchange): void {
    const { earlier, later } = exchange;
    if (earlier !== null) earlier.later = later;
    if (later === null) this.#newest = earlier;
    else later.earlier = earlier;
    // A dead one that has grown old would keep alive the one behind it, and that the next, until the whole heap is collected.
    exchange.earlier = null;
    exchange.later = null;
    const { metrics, log } = this.#around;
    metrics.record(exchange);
    if (log !== null) log.write(encodeAccessRecord(exchange));
    if (this.#tunnels.size === 0 || !this.#tunnels.delete(exchange)) this.#leave();
  }

  onTunnel(exchange: Exchange): void {
    this.#tunnels.add(exchange);
    this.#leave();
  }

  #leave(): void {
    this.open--;
    if (this.open === 0 && this.onUnused !== null) this.onUnused();
  }

  onBug(exchange: Exchange, error: unknown): void {
    this.#around.onBug(error, exchange.requestId);
  }

  nextRequestId(): string {
    return this.#around.ids.next();
  }
}

/** Makes exchanges that follow `plan`. */
export function createAcceptor(runtime: GatewayRuntime, plan: Plan): RequestAcceptor {
  const { generation } = runtime;
  return {
    // hot-exception: once a listener, round-trip.bench.ts
    accept: (head, client: ClientSide) => runtime.begin(new Exchange(runtime, client, head, plan, generation, null)),
    // hot-exception: once a listener, round-trip.bench.ts
    refuse: (fault, client: ClientSide) => runtime.begin(new Exchange(runtime, client, null, plan, generation, fault)),
  };
}
