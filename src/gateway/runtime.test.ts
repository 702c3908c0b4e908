// The exchanges of a generation that are under way, as whoever ends them finds them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, type Fault, TimerWheel } from "../base/index.ts";
import { FLOW } from "../http/index.ts";
import type { Exchange } from "../pipeline/index.ts";
import { MetricRegistry } from "../telemetry/index.ts";
import { GatewayMetrics } from "./metrics.ts";
import { GatewayRuntime, Surroundings } from "./runtime.ts";

class FakeExchange {
  earlier: Exchange | null = null;
  later: Exchange | null = null;
  readonly plan = { route: "none" };
  readonly attempts = [];
  readonly fault = null;
  readonly stops: string[] = [];

  stop(fault: Fault): void {
    this.stops.push(fault.kind.code);
  }
}

function start(count: number): { runtime: GatewayRuntime; fakes: FakeExchange[]; end(at: number): void } {
  const clock = new FakeClock();
  const around = new Surroundings(clock, new TimerWheel(clock), {
    metrics: new GatewayMetrics(new MetricRegistry()),
    log: null,
    onBug: (error) => assert.fail(String(error)),
  });
  const runtime = new GatewayRuntime(around, "g");
  const fakes = Array.from({ length: count }, () => new FakeExchange());
  for (const fake of fakes) runtime.begin(fake as unknown as Exchange);
  return { runtime, fakes, end: (at) => runtime.onExchangeEnd(fakes[at] as unknown as Exchange) };
}

describe("exchanges under way", () => {
  it("are all told to stop, whichever have ended before, and no others", () => {
    for (const ended of [[], [0], [2], [4], [1, 2], [4, 3], [0, 1, 2, 3, 4]]) {
      const { runtime, fakes, end } = start(5);
      for (const at of ended) end(at);
      assert.equal(runtime.stopAll(FLOW.STOPPED), 5 - ended.length);
      for (const [at, { stops }] of fakes.entries())
        assert.deepEqual(stops, ended.includes(at) ? [] : ["SP_GATEWAY_STOPPED"], `${ended}: ${at}`);
    }
  });

  it("lead to nobody once they have ended: one that is dead keeps no other alive", () => {
    const { fakes, end } = start(3);
    end(1);
    assert.deepEqual([fakes[1]?.earlier, fakes[1]?.later], [null, null]);
    assert.equal(fakes[0]?.later, fakes[2]);
    assert.equal(fakes[2]?.earlier, fakes[0]);
  });
});
