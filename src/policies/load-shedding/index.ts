// Load shedding: requests beyond what is answered in good time are refused at once, those of low priority first, in place of all waiting in
// a queue until nobody wants their answers any more. The gateway's is before everything that costs, an upstream's just before it is asked. @hot
//
// A request holds its place from here until the response's head: what is limited and what is measured are the same, and neither a client
// that reads slowly nor a stream or WebSocket that lasts for hours holds a place. What is measured begins when the attempt that was answered
// began and the client's body was all there. Who rests until then keeps nobody out (places.ts).

import type { Fault } from "../../base/index.ts";
import { PRIORITIES, type Priority, type RouteConfig } from "../../config/index.ts";
import { type Attempt, CONTINUE, type Exchange, type MemoryKey, type Phase, type Policy, type StepResult } from "../../pipeline/index.ts";
import { GATEWAY, UPSTREAM } from "./faults.ts";
import type { LoadShedder } from "./load-shedder.ts";
import type { Place } from "./places.ts";
import type { UsualLatency } from "./usual-latency.ts";

export { LoadShedder, type SheddingMetrics } from "./load-shedder.ts";

class Shedding {
  readonly #shedder: LoadShedder;
  readonly #usual: UsualLatency;
  readonly #level: number;
  readonly #fault: Fault;
  readonly #key: MemoryKey<Place>;

  constructor(shedder: LoadShedder, route: string, priority: Priority, name: string, fault: Fault) {
    this.#shedder = shedder;
    this.#usual = shedder.usualOf(route);
    this.#level = PRIORITIES.indexOf(priority);
    this.#fault = fault;
    this.#key = { name };
  }

  admit(exchange: Exchange): StepResult {
    const place = this.#shedder.admitExchange(exchange, this.#level, exchange.runtime.wheel.nowMs);
    if (place === null) return exchange.answerFault(this.#fault);
    exchange.memory.put(this.#key, place);
    return CONTINUE;
  }

  onResponse(exchange: Exchange): StepResult {
    this.#release(exchange);
    return CONTINUE;
  }

  /** The end comes for every exchange; whoever had a response was released before. */
  onEnd(exchange: Exchange): void {
    this.#release(exchange);
  }

  #release(exchange: Exchange): void {
    const place = exchange.memory.get(this.#key);
    if (place === null) return;
    exchange.memory.put(this.#key, null);
    this.#shedder.leave(place);
    const { attempts, fault, requestBody, winner } = exchange;
    const shedder = this.#shedder;
    const { nowMs } = exchange.runtime.wheel;
    const attempt = winner ?? attempts[attempts.length - 1] ?? null;
    // Answered by a policy, the client's own fault, or its body was still to come: nothing was found out about what answers.
    if (attempt === null || attempt.isShadow || (requestBody !== null && requestBody.arrivedMs === 0)) {
      if (attempt !== null && isFailure(winner, fault)) shedder.releaseFailed(nowMs);
      else shedder.release();
      return;
    }
    const fromMs = requestBody === null ? attempt.startedMs : Math.max(attempt.startedMs, requestBody.arrivedMs);
    if (isFailure(winner, fault)) shedder.releaseFailed(nowMs);
    else if (exchange.response === null) shedder.releaseAbandoned(this.#usual, fromMs, nowMs);
    // Other errors are often quicker than what was asked for, and a tunnel's beginning is no answer.
    else if (winner === null || winner.status >= 500 || winner.status === 101) shedder.release();
    else shedder.releaseAnswered(this.#usual, fromMs, nowMs);
  }
}

/** Whether what was to answer did not, or said itself that it can't. */
function isFailure(winner: Attempt | null, fault: Fault | null): boolean {
  if (winner !== null) return winner.status === 503 || winner.status === 504;
  return fault !== null && fault.kind.blame === "upstream";
}

function compile(phase: Phase, name: string, shedding: Shedding): Policy {
  // hot-exception: once a route, load-shedding.bench.ts
  const request = (exchange: Exchange) => shedding.admit(exchange);
  // hot-exception: once a route, load-shedding.bench.ts
  const response = (exchange: Exchange) => shedding.onResponse(exchange);
  // hot-exception: once a route, load-shedding.bench.ts
  const end = (exchange: Exchange) => shedding.onEnd(exchange);
  return { name, phase, request, response, end };
}

function toldBy({ settings }: LoadShedder): Fault["told"] {
  return { detail: null, retryAfterSeconds: settings.retryAfterSeconds };
}

/** The shedders of the worker, which live longer than a configuration. */
export interface SheddingHost {
  /** Of all routes; null where the gateway sheds nothing. */
  readonly gatewayShedder: LoadShedder | null;
  /** Shared by all routes of the upstream; null where it sheds nothing. */
  shedderOf(upstream: { readonly name: string }): LoadShedder | null;
}

type SheddingRoute = Pick<RouteConfig, "name" | "priority" | "action">;

/** Stands before whatever costs, among policies of the same phase too. */
export function compileGatewayShedding({ name, priority }: SheddingRoute, { gatewayShedder }: SheddingHost): Policy | null {
  if (gatewayShedder === null) return null;
  const fault = { kind: GATEWAY, detail: "", told: toldBy(gatewayShedder) };
  return compile("early-limits", "gateway-shedding", new Shedding(gatewayShedder, name, priority, "gateway-shedding", fault));
}

/** The last of all request steps. */
export function compileUpstreamShedding({ name, priority, action }: SheddingRoute, host: SheddingHost): Policy | null {
  if (action.kind !== "upstream") return null;
  const shedder = host.shedderOf({ name: action.upstream });
  if (shedder === null) return null;
  const fault = { kind: UPSTREAM, detail: action.upstream, told: toldBy(shedder) };
  return compile("answer", "upstream-shedding", new Shedding(shedder, name, priority, "upstream-shedding", fault));
}
