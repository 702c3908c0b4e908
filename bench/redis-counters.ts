// What exact counters in Redis cost this side, as requests use them: µs of CPU a decision by how many are in flight, and how long a decision
// takes at a steady 5,000 a second. docs/guides/shared-counters.md has what it printed.
//
//   node bench/redis-counters.ts
//
// Runs itself on both runtimes, on core 0, against a redis-server on core 1.

import { execFile, spawn } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import { Secret, systemClock } from "../src/base/index.ts";
import { Ask, type Meter, Take, type TakeOwner } from "../src/limits/index.ts";
import { openRedisLink, RedisCounters } from "../src/limits/redis/index.ts";
import { findRuntime } from "./contestants/runtimes.ts";

const PORT = 16_392;
const WARM_UP_MS = 300;
/** The least of so many slices counts: whatever else the machine does only adds. */
const SLICES = 8;
const SLICE_MS = 200;
const IN_FLIGHT = [1, 16, 64];
const STEADY_PER_MS = 5;
const STEADY_MS = 500;
const KEYS = 10_000;

const METERS: readonly (readonly [string, readonly Meter["rule"][]])[] = [
  ["sliding window", [{ kind: "slidingWindow", limit: 1e9, windowMs: 60_000 }]],
  ["token bucket", [{ kind: "tokenBucket", ratePerMs: 1000, burst: 1e9 }]],
  [
    "three limits a request",
    [
      { kind: "slidingWindow", limit: 1e9, windowMs: 60_000 },
      { kind: "tokenBucket", ratePerMs: 1000, burst: 1e9 },
      { kind: "fixedWindow", limit: 1e9, windowMs: 3_600_000 },
    ],
  ],
];

function makeMeter(rule: Meter["rule"]): Meter {
  return { limit: rule.kind, tier: "", id: `${rule.kind}:8f3a51`, rule, onStoreFailure: "closed", isDryRun: false };
}

/** Asks again as soon as it is told. */
class Loop implements TakeOwner {
  decided = 0;
  isOver = false;
  readonly #counters: RedisCounters;
  readonly #meters: readonly Meter[];
  readonly #keys: readonly string[];
  #next = 0;

  constructor(counters: RedisCounters, meters: readonly Meter[], keys: readonly string[]) {
    this.#counters = counters;
    this.#meters = meters;
    this.#keys = keys;
  }

  ask(): void {
    const key = this.#keys[this.#next++ % this.#keys.length]!;
    this.#counters.take(
      new Take(
        this.#meters.map((meter) => new Ask(meter, key, 1)),
        this,
      ),
    );
  }

  onDecided(take: Take): void {
    if (!take.isAdmitted) throw new Error("Redis did not decide");
    this.decided++;
    if (!this.isOver) this.ask();
  }
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function measureCpu(counters: RedisCounters, meters: readonly Meter[], keys: readonly string[], inFlight: number): Promise<number> {
  const loop = new Loop(counters, meters, keys);
  for (let i = 0; i < inFlight; i++) loop.ask();
  await wait(WARM_UP_MS);
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < SLICES; i++) {
    const [before, from] = [process.cpuUsage(), loop.decided];
    await wait(SLICE_MS);
    const { user, system } = process.cpuUsage(before);
    if (loop.decided > from) least = Math.min(least, (user + system) / (loop.decided - from));
  }
  loop.isOver = true;
  await wait(50);
  return least;
}

/** How long each of a steady stream takes, sorted. */
async function measureLatency(counters: RedisCounters, meters: readonly Meter[], keys: readonly string[]): Promise<number[]> {
  const tookMs: number[] = [];
  const startMs = performance.now();
  let asked = 0;
  while (performance.now() - startMs < STEADY_MS) {
    const due = (performance.now() - startMs) * STEADY_PER_MS;
    for (; asked < due; asked++) {
      const askedMs = performance.now();
      const asks = meters.map((meter) => new Ask(meter, keys[asked % keys.length]!, 1));
      counters.take(new Take(asks, { onDecided: () => void tookMs.push(performance.now() - askedMs) }));
    }
    await wait(1);
  }
  await wait(100);
  return tookMs.sort((a, b) => a - b);
}

async function runHere(): Promise<void> {
  const place = { kind: "single", url: new Secret(`redis://127.0.0.1:${PORT}`) } as const;
  const config = { place, ca: null, timeoutMs: 1000, prefix: "sallyport:" };
  const link = openRedisLink(config, { clock: systemClock, watcher: { onStore: () => {} } });
  await link.started;
  // Nothing is decided without the server here.
  const local = { take: () => true, charge() {}, release() {}, close() {} };
  const counters = new RedisCounters({ link, isCluster: false, prefix: config.prefix, local, clock: systemClock });
  const runtime = process.versions.bun === undefined ? "Node" : "Bun";
  const keys = Array.from({ length: KEYS }, (_, index) => `user-${index}`);
  for (const [name, rules] of METERS) {
    const meters = rules.map(makeMeter);
    const figures: string[] = [];
    for (const inFlight of IN_FLIGHT) figures.push((await measureCpu(counters, meters, keys, inFlight)).toFixed(2));
    let took = await measureLatency(counters, meters, keys);
    for (let i = 1; i < SLICES; i++) {
      const again = await measureLatency(counters, meters, keys);
      if (again[again.length >> 1]! < took[took.length >> 1]!) took = again;
    }
    const at = (share: number) => took[Math.floor(took.length * share)]!.toFixed(2);
    console.log(`${runtime.padEnd(5)} ${name.padEnd(24)} ${figures.join(" / ").padEnd(22)} p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  }
  counters.close();
  link.close();
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { here: { type: "boolean", default: false } } });
  if (values.here) return runHere();
  const server = spawn("taskset", ["-c", "1", "redis-server", "--port", String(PORT), "--bind", "127.0.0.1", "--save", ""], {
    stdio: "ignore",
  });
  try {
    await wait(500);
    console.log("µs of CPU a decision with 1 / 16 / 64 in flight; at 5,000 a second how long one takes");
    for (const name of ["bun", "node"] as const) {
      const program = findRuntime(name);
      if (program instanceof Error) throw program;
      const { stdout } = await promisify(execFile)("taskset", ["-c", "0", program, import.meta.filename, "--here"], { timeout: 120_000 });
      process.stdout.write(stdout);
    }
  } finally {
    server.kill();
  }
}

await main();
