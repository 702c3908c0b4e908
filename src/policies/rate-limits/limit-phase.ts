// The limits of one phase, by the stores that count them: each store is asked once, for all of its limits together. @hot

import type { FieldName } from "../../http/index.ts";
import type { Counters } from "../../limits/index.ts";
import { CONTINUE, type Exchange, type StepResult } from "../../pipeline/index.ts";
import type { AppliedLimit, LimitAsk } from "./applied-limit.ts";
import { REQUEST_LIMITS, RequestLimits } from "./request-limits.ts";
import { tellLimits } from "./told-fields.ts";

/** Limits that one store counts. */
export class StoreLimits {
  readonly counters: Counters;
  readonly #limits: readonly AppliedLimit[];

  constructor(counters: Counters, limits: readonly AppliedLimit[]) {
    this.counters = counters;
    this.#limits = limits;
  }

  /** Empty: the request is exempt from all of them. */
  asksOf(exchange: Exchange): LimitAsk[] {
    const asks: LimitAsk[] = [];
    for (let i = 0; i < this.#limits.length; i++) {
      const ask = this.#limits[i]!.ask(exchange);
      if (ask !== null) asks.push(ask);
    }
    return asks;
  }
}

export class LimitPhase {
  /** In the order in which limits name them. */
  readonly stores: readonly StoreLimits[];

  constructor(limits: readonly AppliedLimit[]) {
    // hot-exception: once a phase of a route, rate-limits.bench.ts
    const byStore = Map.groupBy(limits, ({ counters }) => counters);
    // hot-exception: once a phase of a route, rate-limits.bench.ts
    this.stores = Array.from(byStore, ([counters, all]) => new StoreLimits(counters, all));
  }

  request(exchange: Exchange): StepResult {
    const { memory } = exchange;
    let limits = memory.get(REQUEST_LIMITS);
    if (limits === null) {
      limits = new RequestLimits(exchange, this);
      memory.put(REQUEST_LIMITS, limits);
    }
    return limits.run(this);
  }

  /** Whatever the answer is, its caller is told. A tunnel's head is none. */
  response(exchange: Exchange): StepResult {
    const limits = exchange.memory.get(REQUEST_LIMITS);
    const response = exchange.response!;
    if (limits !== null && limits.first === this && response.status !== 101) tellLimits(response.fields, limits.asks);
    return CONTINUE;
  }

  end(exchange: Exchange): void {
    const limits = exchange.memory.get(REQUEST_LIMITS);
    if (limits !== null && limits.first === this) limits.end();
  }
}

/** Names of the fields that say what requests cost, each once. */
export function costNamesOf(limits: readonly AppliedLimit[]): FieldName[] {
  const names: FieldName[] = [];
  for (let i = 0; i < limits.length; i++) {
    const header = limits[i]!.costHeader;
    // hot-exception: once a route, rate-limits.bench.ts
    if (header !== null && !names.some(({ lower }) => lower === header.name.lower)) names.push(header.name);
  }
  return names;
}
