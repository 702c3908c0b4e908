// A fleet of gateways on one clock that nobody waits for, with the counters that gateways have. Every scenario gets the same requests, and what it
// admits is compared with one counter that sees all of them at once.

import { FakeClock } from "../../base/index.ts";
import { ApproximateCounters, isApproximateRule, MemorySyncStore } from "../approximate/index.ts";
import { Ask, type Counters, Take } from "../counters.ts";
import { LocalCounters } from "../local/index.ts";
import type { LimitRule, Meter, OnStoreFailure } from "../rule.ts";
import type { FleetMode, FleetReport, FleetRow } from "./fleet-report.ts";
import { DistantSyncPort, ExactWay, SkewedClock, type StoreWay } from "./simulated-store.ts";
import { makeRandom, makeTraffic, type Traffic } from "./traffic.ts";

export interface FleetOptions {
  /** Default 1. */
  readonly seed?: number;
  /** Default 50. */
  readonly nodes?: number;
  /** Of all gateways together. Default 100,000. */
  readonly requestsPerSecond?: number;
  /** Simulated; a whole number of periods. Default 10. */
  readonly seconds?: number;
  /** A whole number of periods, which are 5 s. Default 5. */
  readonly warmUpSeconds?: number;
  /** Default 10,000. */
  readonly keys?: number;
  /** Default 1. */
  readonly skew?: number;
  /** Clocks of gateways are off by up to this, either way. Default 250. */
  readonly clockSkewMs?: number;
  /** One way. Default 1. */
  readonly latencyMs?: number;
  readonly outage?: { readonly fromSeconds: number; readonly toSeconds: number };
  /** Default: each algorithm with 10,000 units in five seconds. No concurrency, as requests of a simulation take no time. */
  readonly rules?: readonly LimitRule[];
  readonly onProgress?: (done: number, scenarios: number) => void;
}

interface Scenario {
  readonly rule: LimitRule;
  readonly mode: FleetMode;
  readonly outage: OnStoreFailure | null;
}

type World = Omit<Required<FleetOptions>, "onProgress"> & { readonly traffic: Traffic; readonly keyNames: readonly string[] };

/** Units by period and key. */
type Counts = readonly Uint32Array[];

const PERIOD_MS = 5000;
const TIMEOUT_MS = 50;
const RULES: readonly LimitRule[] = [
  { kind: "fixedWindow", limit: 10_000, windowMs: PERIOD_MS },
  { kind: "slidingWindow", limit: 10_000, windowMs: PERIOD_MS },
  { kind: "slidingLog", limit: 10_000, windowMs: PERIOD_MS },
  { kind: "tokenBucket", ratePerMs: 2, burst: 2000 },
  { kind: "leakyBucket", ratePerMs: 2, maxDelayMs: 1000 },
];
const FAILURES: readonly OnStoreFailure[] = ["open", "closed", "local"];
const owner = { onDecided: () => undefined };

export async function simulateFleet(options: FleetOptions = {}): Promise<FleetReport> {
  const world = makeWorld(options);
  const scenarios = world.rules.flatMap(listScenarios);
  const rows: FleetRow[] = [];
  let ideal: Counts = [];
  for (const scenario of scenarios) {
    if (scenario.rule !== scenarios[rows.length - 1]?.rule) ideal = countIdeal(world, scenario.rule);
    rows.push(await runScenario(world, scenario, ideal));
    options.onProgress?.(rows.length, scenarios.length);
  }
  const { traffic, keyNames, rules, ...told } = world;
  return { ...told, rows };
}

function makeWorld(options: FleetOptions): World {
  const { seed = 1, nodes = 50, requestsPerSecond = 100_000, seconds = 10, keys = 10_000, skew = 1 } = options;
  const { warmUpSeconds = PERIOD_MS / 1000, clockSkewMs = 250, latencyMs = 1 } = options;
  const { rules = RULES, outage = { fromSeconds: seconds * 0.6, toSeconds: seconds * 0.8 } } = options;
  const traffic = makeTraffic({ seed, nodes, requestsPerSecond, seconds, keys, skew });
  const keyNames = Array.from({ length: keys }, (_, n) => `key-${n}`);
  return {
    seed,
    nodes,
    requestsPerSecond,
    seconds,
    warmUpSeconds,
    keys,
    skew,
    clockSkewMs,
    latencyMs,
    outage,
    rules,
    traffic,
    keyNames,
  };
}

function listScenarios(rule: LimitRule): Scenario[] {
  const alone = (["local", "split"] as const).map((mode): Scenario => ({ rule, mode, outage: null }));
  // What an outage does to an exact limit differs little from one rule to the next.
  if (!isApproximateRule(rule)) return [...alone, { rule, mode: "exact", outage: null }];
  const shared = (["exact", "approximate"] as const).flatMap((mode) =>
    [null, ...FAILURES].map((outage): Scenario => ({ rule, mode, outage })),
  );
  return [...alone, ...shared];
}

function makeMeter(rule: LimitRule, onStoreFailure: OnStoreFailure): Meter {
  return { limit: "simulated", tier: "", id: "simulated", rule, onStoreFailure, isDryRun: false };
}

function countIdeal(world: World, rule: LimitRule): Counts {
  const clock = new FakeClock();
  const counters = new LocalCounters({ clock, seed: world.seed });
  const meter = makeMeter(rule, "local");
  const counts = makeCounts(world);
  let sent = 0;
  forEachMs(world, clock, (upTo, period) => {
    for (; sent < upTo; sent++) {
      const key = world.traffic.keys[sent]!;
      const ask = new Ask(meter, world.keyNames[key]!, 1);
      counters.take(new Take([ask], owner));
      if (ask.isAdmitted) counts[period]![key]!++;
    }
  });
  counters.close();
  return counts;
}

async function runScenario(world: World, scenario: Scenario, ideal: Counts): Promise<FleetRow> {
  const { rule, mode, outage } = scenario;
  const clock = new FakeClock();
  const startMs = clock.now();
  const away = { fromMs: startMs + world.outage.fromSeconds * 1000, toMs: startMs + world.outage.toSeconds * 1000 };
  const isAway = () => outage !== null && clock.now() >= away.fromMs && clock.now() < away.toMs;
  const way: StoreWay = { clock, latencyMs: world.latencyMs, timeoutMs: TIMEOUT_MS, isAway };
  const { gateways, calls } = makeGateways(world, mode, way);
  const meter = makeMeter(mode === "split" ? partOf(rule, world.nodes) : rule, outage ?? "local");
  const counts = makeCounts(world);
  let sent = 0;
  const send = (upTo: number, period: number) => {
    for (; sent < upTo; sent++) {
      const key = world.traffic.keys[sent]!;
      const ask = new Ask(meter, world.keyNames[key]!, 1);
      gateways[world.traffic.nodes[sent]!]!.take(new Take([ask], owner));
      if (ask.isAdmitted) counts[period]![key]!++;
    }
  };
  for (let ms = 1; ms <= world.seconds * 1000; ms++) {
    clock.advance(1);
    // What the store says arrives in a few turns.
    if (mode === "approximate") for (let turn = 0; turn < 4; turn++) await null;
    send(upToAt(world, ms), periodAt(ms));
  }
  for (const gateway of gateways) gateway.close();
  return { algorithm: rule.kind, mode, outage, ...compare(world, counts, ideal), callsPerRequest: calls() / sent };
}

interface Gateways {
  readonly gateways: readonly Counters[];
  calls(): number;
}

function makeGateways(world: World, mode: FleetMode, way: StoreWay): Gateways {
  const random = makeRandom(world.seed + 1);
  const clocks = Array.from({ length: world.nodes }, () => new SkewedClock(way.clock, (random() * 2 - 1) * world.clockSkewMs));
  const { seed } = world;
  if (mode === "approximate") {
    const store = new MemorySyncStore(() => way.clock.wall());
    const gateways = clocks.map(
      (clock, node) => new ApproximateCounters({ port: new DistantSyncPort(store, `gateway-${node}`, way), clock, random }),
    );
    return { gateways, calls: () => gateways.reduce((sum, { calls }) => sum + calls, 0) };
  }
  if (mode === "exact") {
    const store = new LocalCounters({ clock: way.clock, seed });
    const gateways = clocks.map((clock) => new ExactWay(store, new LocalCounters({ clock, seed }), way));
    return { gateways, calls: () => gateways.reduce((sum, { calls }) => sum + calls, 0) };
  }
  return { gateways: clocks.map((clock) => new LocalCounters({ clock, seed })), calls: () => 0 };
}

/** A gateway's part of a limit that is cut into equal ones. */
function partOf(rule: LimitRule, nodes: number): LimitRule {
  switch (rule.kind) {
    case "tokenBucket":
      return { ...rule, ratePerMs: rule.ratePerMs / nodes, burst: Math.max(1, Math.floor(rule.burst / nodes)) };
    case "leakyBucket":
      return { ...rule, ratePerMs: rule.ratePerMs / nodes };
    default:
      return { ...rule, limit: Math.max(1, Math.floor(rule.limit / nodes)) };
  }
}

function makeCounts(world: World): Uint32Array[] {
  return Array.from({ length: periodAt(world.seconds * 1000) + 1 }, () => new Uint32Array(world.keys));
}

function forEachMs(world: World, clock: FakeClock, send: (upTo: number, period: number) => void): void {
  for (let ms = 1; ms <= world.seconds * 1000; ms++) {
    clock.advance(1);
    send(upToAt(world, ms), periodAt(ms));
  }
}

/** How many requests have come by then. */
function upToAt(world: World, ms: number): number {
  return Math.floor((world.traffic.keys.length * ms) / (world.seconds * 1000));
}

function periodAt(ms: number): number {
  return Math.floor(ms / PERIOD_MS);
}

type Comparison = Pick<
  FleetRow,
  "requests" | "admitted" | "idealAdmitted" | "overPercent" | "underPercent" | "worstOverPercent" | "wronglyRefusedPercent"
>;

function compare(world: World, counts: Counts, ideal: Counts): Comparison {
  const asked = makeCounts(world);
  for (let sent = 0, ms = 1; ms <= world.seconds * 1000; ms++)
    for (; sent < upToAt(world, ms); sent++) asked[periodAt(ms)]![world.traffic.keys[sent]!]!++;
  const sums = { requests: 0, admitted: 0, idealAdmitted: 0, limited: 0, over: 0, under: 0, worst: 0, innocent: 0, wronged: 0 };
  for (let period = periodAt(world.warmUpSeconds * 1000); period < periodAt(world.seconds * 1000); period++) {
    for (let key = 0; key < world.keys; key++) {
      const [wanted, got, should] = [asked[period]![key]!, counts[period]![key]!, ideal[period]![key]!];
      sums.requests += wanted;
      sums.admitted += got;
      sums.idealAdmitted += should;
      if (should === wanted) {
        sums.innocent += wanted;
        sums.wronged += wanted - got;
        continue;
      }
      sums.limited += should;
      sums.over += Math.max(0, got - should);
      sums.under += Math.max(0, should - got);
      if (should > 0) sums.worst = Math.max(sums.worst, got / should - 1);
    }
  }
  const { requests, admitted, idealAdmitted } = sums;
  return {
    requests,
    admitted,
    idealAdmitted,
    overPercent: percent(sums.over, sums.limited),
    underPercent: percent(sums.under, sums.limited),
    worstOverPercent: 100 * sums.worst,
    wronglyRefusedPercent: percent(sums.wronged, sums.innocent),
  };
}

function percent(units: number, of: number): number {
  return of === 0 ? 0 : (100 * units) / of;
}
