// Nanoseconds and bytes that load shedding adds to a request: let in and answered, and refused by the limit without the answer itself.
// Beside it what an empty policy with a memory costs, since both keep something of the exchange.

import { systemClock } from "../../base/index.ts";
import { type Exchange, ExchangeMemory, type MemoryKey } from "../../pipeline/index.ts";
import { compileGatewayShedding, LoadShedder } from "./index.ts";

/** What a policy sees of an exchange, without connections. */
class BenchExchange {
  memory = new ExchangeMemory();
  readonly runtime = { wheel: { nowMs: systemClock.now() } };
  readonly requestBody = null;
  readonly response = {};
  readonly fault = null;
  readonly winner = { startedMs: 0, status: 200, isShadow: false };
  readonly attempts = [this.winner];

  answerFault(): number {
    return 1;
  }

  /** As a request whose answer took about 20 ms, one in 10 µs. */
  next(): Exchange {
    this.memory = new ExchangeMemory();
    this.runtime.wheel.nowMs += 0.01;
    this.winner.startedMs = this.runtime.wheel.nowMs - 15 - 10 * Math.random();
    return this as unknown as Exchange;
  }
}

const ROUTE = { name: "orders", priority: "normal", action: { kind: "upstream", upstream: "orders" } } as const;
const exchange = new BenchExchange();

function policyOf(minimum: number) {
  const shedder = new LoadShedder({ minimum, maximum: Math.max(minimum, 1000), tolerance: 2, retryAfterSeconds: 1 }, systemClock);
  const policy = compileGatewayShedding(ROUTE, { gatewayShedder: shedder, shedderOf: () => null });
  if (policy?.request === undefined || policy.response === undefined || policy.end === undefined) throw new Error("no policy");
  return { request: policy.request, response: policy.response, end: policy.end, shedder };
}

function measure(name: string, run: (exchange: Exchange) => void): void {
  const rounds = 1_000_000;
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 7; repeat++) {
    const start = performance.now();
    for (let i = 0; i < rounds; i++) run(exchange.next());
    best = Math.min(best, ((performance.now() - start) / rounds) * 1e6);
  }
  console.log(`${name.padEnd(56)} ${best.toFixed(1).padStart(9)} ns`);
}

const KEY: MemoryKey<object> = { name: "bench" };
const KEPT = Object.freeze({});
const open = policyOf(20);
const full = policyOf(1);
full.request(exchange.next());

measure("the bench itself", () => undefined);
measure("an entry in the exchange's memory, to compare", (each) => {
  each.memory.put(KEY, KEPT);
  if (each.memory.get(KEY) !== null) each.memory.put(KEY, null);
});
measure("let in, measured and released", (each) => {
  open.request(each);
  open.response(each);
  open.end(each);
});
measure("refused", (each) => {
  full.request(each);
  full.end(each);
});
