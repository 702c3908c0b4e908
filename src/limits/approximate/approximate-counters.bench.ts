// What an approximate limit costs in process, beside a local one: `node src/limits/approximate/approximate-counters.bench.ts`, or with bun. With
// `memory` behind it: bytes of a million keys.

import { systemClock } from "../../base/index.ts";
import { Ask, type Counters, Take } from "../counters.ts";
import { LocalCounters } from "../local/index.ts";
import type { LimitRule, Meter } from "../rule.ts";
import { ApproximateCounters, MemorySyncPort, MemorySyncStore } from "./index.ts";

const FEW = 1000;
const MANY = 1_000_000;
const RULES: readonly LimitRule[] = [
  { kind: "fixedWindow", limit: 1e6, windowMs: 60_000 },
  { kind: "slidingWindow", limit: 1e6, windowMs: 60_000 },
  { kind: "tokenBucket", ratePerMs: 1000, burst: 1e6 },
];
const owner = { onDecided: () => undefined };
const keyOf = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;

function makeMeter(rule: LimitRule): Meter {
  return { limit: rule.kind, tier: "", id: `${rule.kind}-0123456789abcdef`, rule, onStoreFailure: "local", isDryRun: false };
}

const ROUNDS = 20_000;
const RUNS = 60;

/** Both in turns, so that a busy machine is busy for both, and turns of the loop in between, as in service, so that syncs happen. Best of each, in ns. */
async function measureBoth(
  first: (round: number) => void,
  second: (round: number) => void,
  between: () => void,
): Promise<[number, number]> {
  const best: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let run = 0; run < RUNS; run++) {
    between();
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const [index, operation] of [first, second].entries()) {
      const startMs = performance.now();
      for (let i = 0; i < ROUNDS; i++) operation(i);
      best[index] = Math.min(best[index]!, ((performance.now() - startMs) * 1e6) / ROUNDS);
    }
  }
  return best;
}

function makeFleet(): [ApproximateCounters, ApproximateCounters] {
  const store = new MemorySyncStore(() => systemClock.wall());
  const make = (name: string) => new ApproximateCounters({ port: new MemorySyncPort(store, name), clock: systemClock, syncEveryMs: 200 });
  return [make("this"), make("other")];
}

async function measureSpeed(): Promise<void> {
  const local = new LocalCounters({ clock: systemClock, seed: 123456789012345 });
  // Another gateway is asked for the same keys, so that there is something to believe of others.
  const [approximate, other] = makeFleet();
  const meters = RULES.map(makeMeter);
  const keys = Array.from({ length: FEW }, (_, n) => keyOf(n * 997));
  const takeOne = (counters: Counters, meter: Meter, key: string) => void counters.take(new Take([new Ask(meter, key, 1)], owner));
  for (let i = 0; i < 2e5; i++) for (const counters of [local, approximate]) takeOne(counters, meters[i % 3]!, keys[i % FEW]!);
  for (const meter of meters) {
    // The key is cut out of other text each time, as from a request.
    const keyAt = (i: number) => `${keys[i % FEW]!}-`.slice(0, -1);
    const [here, there] = await measureBoth(
      (i) => takeOne(local, meter, keyAt(i)),
      (i) => takeOne(approximate, meter, keyAt(i)),
      () => {
        for (const key of keys) takeOne(other, meter, key);
      },
    );
    const more = (there - here).toFixed(1);
    console.log(`${meter.rule.kind}, ${FEW} keys: local ${here.toFixed(1)} ns, approximate ${there.toFixed(1)} ns, ${more} ns more`);
  }
  approximate.close();
  other.close();
}

function measureMemory(): void {
  const [approximate, other] = makeFleet();
  other.close();
  const meter = makeMeter({ kind: "slidingWindow", limit: 100, windowMs: 3_600_000 });
  const used = () => {
    collectGarbage();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + Math.max(external, arrayBuffers);
  };
  const before = used();
  for (let n = 0; n < MANY; n++) approximate.take(new Take([new Ask(meter, keyOf(n), 1)], owner));
  console.log(
    `${approximate.keys} keys, ${((used() - before) / approximate.keys).toFixed(0)} bytes each, of which the key's own text is some 40`,
  );
  approximate.close();
}

function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

if (process.argv[2] === "memory") measureMemory();
else await measureSpeed();
