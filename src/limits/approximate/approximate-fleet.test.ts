// Several gateways that share a limit: what they admit together.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { FakeClock } from "../../base/index.ts";
import { makeMeter } from "../counters.contract.ts";
import { Ask, Take } from "../counters.ts";
import { DistantSyncPort, SkewedClock } from "../fleet/simulated-store.ts";
import { makeRandom } from "../fleet/traffic.ts";
import { ApproximateCounters, type ApproximateRule, MemorySyncStore } from "./index.ts";

const owner = { onDecided: () => assert.fail("decided at once") };

interface FleetPlan {
  readonly rule: ApproximateRule;
  readonly nodes: number;
  readonly skewMs?: number;
  readonly latencyMs?: number;
  /** Seconds in which the store is away. */
  readonly away?: readonly [from: number, to: number];
  readonly seed?: number;
}

/** Units by ms, offered and admitted. */
interface Outcome {
  readonly offered: number[];
  readonly admitted: number[];
  readonly calls: number;
}

/** `ratesAt`: requests a second that come to each gateway at a second. */
async function run(plan: FleetPlan, seconds: number, ratesAt: (second: number) => readonly number[]): Promise<Outcome> {
  const { rule, nodes, skewMs = 200, latencyMs = 2, away = [-1, -1], seed = 1 } = plan;
  const random = makeRandom(seed);
  const clock = new FakeClock();
  const isAway = () => clock.now() >= away[0] * 1000 && clock.now() < away[1] * 1000;
  const store = new MemorySyncStore(() => clock.wall());
  const way = { clock, latencyMs, timeoutMs: 50, isAway };
  const gateways = Array.from({ length: nodes }, (_, node) => {
    const port = new DistantSyncPort(store, `gateway-${node}`, way);
    return new ApproximateCounters({ port, clock: new SkewedClock(clock, (random() * 2 - 1) * skewMs), random });
  });
  const meter = makeMeter(rule, { onStoreFailure: "local" });
  const outcome = { offered: [] as number[], admitted: [] as number[] };
  const due = gateways.map(() => random());
  for (let ms = 0; ms < seconds * 1000; ms++) {
    clock.advance(1);
    for (let turn = 0; turn < 4; turn++) await null;
    let [offered, admitted] = [0, 0];
    const rates = ratesAt(ms / 1000);
    gateways.forEach((gateway, node) => {
      for (due[node]! += (rates[node] ?? 0) / 1000; due[node]! >= 1; due[node]!--) {
        const ask = new Ask(meter, "k", 1);
        gateway.take(new Take([ask], owner));
        offered++;
        if (ask.isAdmitted) admitted++;
      }
    });
    outcome.offered.push(offered);
    outcome.admitted.push(admitted);
  }
  for (const gateway of gateways) gateway.close();
  assert.equal(clock.pendingCalls <= 2 * nodes, true, "only syncs under way are left");
  return { ...outcome, calls: gateways.reduce((sum, { calls }) => sum + calls, 0) };
}

function sumOf(units: readonly number[], fromMs: number, toMs: number): number {
  let sum = 0;
  for (let ms = Math.max(0, fromMs); ms < toMs && ms < units.length; ms++) sum += units[ms]!;
  return sum;
}

/** The most in any stretch of a length. */
function mostOf(units: readonly number[], lengthMs: number): number {
  let [most, sum] = [0, 0];
  units.forEach((each, ms) => {
    sum += each - (ms >= lengthMs ? units[ms - lengthMs]! : 0);
    most = Math.max(most, sum);
  });
  return most;
}

describe("approximate counters of four gateways, 10,000 a minute", () => {
  const fixed = { kind: "fixedWindow", limit: 10_000, windowMs: 60_000 } as const;
  for (const times of [0.9, 1.2, 2, 10]) {
    for (const [split, shares] of [
      ["evenly", [1, 1, 1, 1]],
      ["unevenly", [8, 4, 2, 1]],
    ] as const) {
      it(`admit what the limit says within one in a hundred: ${times} times as much is offered, ${split}`, async () => {
        const all = shares.reduce((sum, share) => sum + share, 0);
        const rates = shares.map((share) => (times * 10_000 * share) / 60 / all);
        const { admitted } = await run({ rule: fixed, nodes: 4 }, 120, () => rates);
        for (const window of [0, 1]) {
          const units = sumOf(admitted, window * 60_000, (window + 1) * 60_000);
          if (times < 1) assert.ok(Math.abs(units - 9000) <= 5, `${units}`);
          else assert.ok(units >= 9900 && units <= 10_100, `${units}`);
        }
      });
    }
  }

  it("hold a sliding window and a bucket over any minute", async () => {
    const rates = [100, 100, 50, 50];
    const sliding = await run({ rule: { ...fixed, kind: "slidingWindow" }, nodes: 4 }, 120, () => rates);
    assert.ok(mostOf(sliding.admitted, 60_000) <= 10_100);
    assert.ok(sumOf(sliding.admitted, 60_000, 120_000) >= 9800);
    const bucket = await run({ rule: { kind: "tokenBucket", burst: 1000, ratePerMs: 10 / 60 }, nodes: 4 }, 70, () => rates);
    const units = sumOf(bucket.admitted, 10_000, 70_000);
    assert.ok(units >= 9900 && units <= 10_100, `${units}`);
  });

  it("call the store once for a hundred requests at most where many come, and hold all the same", async () => {
    const { offered, admitted, calls } = await run({ rule: fixed, nodes: 4 }, 30, () => [500, 500, 500, 500]);
    assert.ok(calls <= sumOf(offered, 0, 30_000) / 100, `${calls}`);
    const units = sumOf(admitted, 0, 30_000);
    assert.ok(units >= 9900 && units <= 10_100, `${units}`);
  });

  it("count what they admitted alone while the store was away, once it is back", async () => {
    const rates = [50, 50, 50, 50];
    const { admitted } = await run({ rule: fixed, nodes: 4, away: [20, 40] }, 120, () => rates);
    // 200 a second: 8000 when it is back, of which half were admitted meanwhile.
    const units = sumOf(admitted, 0, 60_000);
    assert.ok(units >= 9900 && units <= 10_100, `${units}`);
    assert.ok(sumOf(admitted, 60_000, 120_000) <= 10_100);
  });

  it("admit no more than the limit each where a burst begins on all of them at once", async () => {
    const rule = { ...fixed, limit: 100 };
    const { admitted } = await run({ rule, nodes: 4 }, 10, (second) => (second < 3 ? [0, 0, 0, 0] : [5000, 5000, 5000, 5000]));
    const units = sumOf(admitted, 0, 10_000);
    assert.ok(units >= 100 && units <= 400, `${units}`);
    assert.equal(sumOf(admitted, 3250, 10_000), 0);
  });
});

describe("approximate counters", () => {
  it("admit beyond the limit at most what is offered within two syncs, however it comes", async () => {
    const windowMs = 10_000;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.array(
          fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 900 })), {
            minLength: 5,
            maxLength: 5,
          }),
          { minLength: 12, maxLength: 12 },
        ),
        async (nodes, limit, latencyMs, seed, rates) => {
          const rule = { kind: "fixedWindow", limit, windowMs } as const;
          // Nothing comes before the store's clock is known.
          const at = (second: number) => (second < 0.5 ? [] : rates[Math.floor(second / 2)]!);
          const { offered, admitted } = await run({ rule, nodes, latencyMs, seed, skewMs: 3000 }, 24, at);
          const lagMs = 2 * 1100 + 6 * latencyMs;
          for (let from = 0; from < 24_000; from += windowMs) {
            const units = sumOf(admitted, from, from + windowMs);
            const most = limit + mostOf(offered.slice(from, from + windowMs), lagMs);
            assert.ok(units <= most, `${units} in a window of ${limit}, at most ${most}`);
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});
