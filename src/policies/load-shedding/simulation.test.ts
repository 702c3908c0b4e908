// What the guide says of overload, simulated again. Its table is compared with what comes out, within what chance makes of it: logarithms
// differ in their last digit from one runtime to another.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { PRIORITIES, type SheddingConfig } from "../../config/index.ts";
import { type Outcome, type RouteOfLoad, type Scenario, simulate, summarise } from "./queue-simulation.ts";

const GUIDE = readFileSync(new URL("../../../docs/guides/load-shedding.md", import.meta.url), "utf8");
const SHEDDING: SheddingConfig = { minimum: 20, maximum: 1000, tolerance: 2, retryAfterSeconds: 1 };
/** 50 at once, 20 ms each: 2,500 a second. */
const CAPACITY = 2500;
const ROUTE: RouteOfLoad = { name: "orders", priority: "normal", share: 1, workMs: 20 };

function run(load: number, change: Partial<Scenario> = {}): Outcome {
  const phases = [{ fromMs: 0, perSecond: load * CAPACITY, speed: 1 }];
  return simulate({ workers: 50, routes: [ROUTE], phases, untilMs: 40_000, patienceMs: 1000, shedding: SHEDDING, ...change });
}

/** The numbers of the guide's line that begins with `label`. */
function readLine(label: string): number[] {
  const line = GUIDE.split("\n").find((text) => text.startsWith(`| ${label} |`)) ?? assert.fail(`the guide has no line ${label}`);
  return line
    .split("|")
    .slice(2, -1)
    .map((cell) => Number.parseFloat(cell.replaceAll(/[^0-9.]/g, "")));
}

function assertNear(actual: readonly number[], told: readonly number[], what: string): void {
  assert.equal(actual.length, told.length, what);
  for (const [i, value] of actual.entries()) {
    const near = Math.abs(value - (told[i] ?? Number.NaN)) <= Math.max(3, 0.1 * value);
    assert.ok(near, `${what}: ${actual.map((each) => each.toFixed(1)).join(", ")}, but the guide says ${told.join(", ")}`);
  }
}

describe("a service with more requests than it can do", () => {
  for (const load of [0.9, 1.2, 2, 5]) {
    it(`at ${load} times its capacity does its work for those who are let in, as the guide says`, () => {
      const { good, late, p50Ms, p99Ms } = summarise(run(load), 20, 40);
      assertNear([good, p50Ms, p99Ms], readLine(`${load} ×, shedding`), `${load} ×`);
      assert.ok(good >= 0.96 * Math.min(load, 1) * CAPACITY, `${good} a second`);
      assert.equal(late, 0);
    });
  }

  it("without shedding works for nobody within twenty seconds, and goes on so after a minute of less", () => {
    const { good, late } = summarise(run(2, { shedding: null }), 20, 40);
    assert.deepEqual([good, Math.round(late / 100)], [0, CAPACITY / 100]);
    const phases = [
      { fromMs: 0, perSecond: 2 * CAPACITY, speed: 1 },
      { fromMs: 30_000, perSecond: 0.7 * CAPACITY, speed: 1 },
    ];
    const after = run(1, { phases, untilMs: 90_000, shedding: null });
    assert.equal(summarise(after, 60, 90).good, 0);
    assert.ok(summarise(run(1, { phases, untilMs: 40_000 }), 31, 40).good > 0.69 * CAPACITY);
  });

  it("has no more under way after six minutes of overload than in the first", () => {
    const outcome = run(2, { untilMs: 400_000 });
    const limits = (from: number, to: number) => summarise(outcome, from, to).p50Ms;
    assert.ok(limits(370, 400) < 1.2 * limits(30, 60), `${limits(30, 60)}, then ${limits(370, 400)}`);
  });

  it("is found out by several gateways at once, each by itself, without their outbidding each other", () => {
    const outcome = run(2, { senders: 4, untilMs: 120_000, shedding: { ...SHEDDING, minimum: 4 } });
    const { good, p99Ms } = summarise(outcome, 60, 120);
    assert.ok(good > 0.95 * CAPACITY, `${good} a second`);
    assert.ok(p99Ms < 200, `${p99Ms} ms`);
  });
});

describe("a service that becomes ten times slower", () => {
  const phases = [
    { fromMs: 0, perSecond: 2000, speed: 1 },
    { fromMs: 20_000, perSecond: 2000, speed: 0.1 },
    { fromMs: 50_000, perSecond: 2000, speed: 1 },
  ];
  const outcome = run(1, { phases, untilMs: 70_000 });
  const inFlightAt = (atMs: number) => outcome.trace.find((point) => point.atMs === atMs)?.inFlight ?? Number.NaN;

  it("has less than half as much under way within a second, and about what it can do at once in two", () => {
    const peak = Math.max(...outcome.trace.filter(({ atMs }) => atMs >= 20_000 && atMs < 21_000).map(({ inFlight }) => inFlight));
    assert.ok(peak < 250, `${peak}`);
    assert.ok(inFlightAt(21_000) < peak / 2, `${inFlightAt(21_000)} after ${peak}`);
    assert.ok(inFlightAt(22_000) <= 50, `${inFlightAt(22_000)}`);
  });

  it("is used as far as it goes when that has been measured", () => {
    const { good, p99Ms } = summarise(outcome, 33, 50);
    assert.ok(good > 0.8 * 250, `${good} a second`);
    assert.ok(p99Ms <= 1000);
  });

  it("has all it can do again within two seconds of being as it was", () => {
    assert.ok(summarise(outcome, 52, 70).good > 0.98 * 2000);
    assert.equal(summarise(outcome, 52, 70).shed, 0);
  });
});

describe("priorities under overload", () => {
  const routes = PRIORITIES.map((priority) => ({ name: priority, priority, share: 0.25, workMs: 20 }));
  for (const load of [1.2, 2, 5]) {
    it(`at ${load} times the capacity are served in their order, as the guide says`, () => {
      const { byPriority } = run(load, { routes });
      const served = PRIORITIES.map((priority) => (100 * byPriority[priority].good) / byPriority[priority].offered);
      assertNear(served, readLine(`${load} ×, four classes`), `${load} ×`);
      for (let i = 1; i < served.length; i++) assert.ok(served[i - 1]! >= served[i]!, served.join());
    });
  }

  it("do not keep anybody from the whole capacity where all are of the lowest", () => {
    const { good } = summarise(run(2, { routes: [{ ...ROUTE, priority: "low" }] }), 20, 40);
    assert.ok(good > 0.95 * CAPACITY, `${good} a second`);
  });
});

describe("a slow route among quick ones", () => {
  it("is let in as they are, and takes none of their capacity away", () => {
    const routes: RouteOfLoad[] = [
      { name: "quick", priority: "normal", share: 0.9, workMs: 10 },
      { name: "slow", priority: "normal", share: 0.1, workMs: 500 },
    ];
    const capacity = 50_000 / (0.9 * 10 + 0.1 * 500);
    const phases = [{ fromMs: 0, perSecond: 0.7 * capacity, speed: 1 }];
    const { byRoute, seconds } = run(1, { routes, phases, untilMs: 120_000, patienceMs: 5000 });
    for (const [name, { offered, good }] of byRoute) assert.ok(good > 0.98 * offered, `${name}: ${good} of ${offered}`);
    const lowest = Math.min(...seconds.slice(10).map(({ limit }) => limit));
    assert.ok(lowest > 1.5 * SHEDDING.minimum, `${lowest}`);
  });
});
