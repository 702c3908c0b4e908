// What a limit in this process costs: `node src/limits/local/local-counters.bench.ts`, `bun src/limits/local/local-counters.bench.ts`. With `memory`
// behind it: bytes of a million keys, and the longest take while they came.

import { systemClock } from "../../base/index.ts";
import { Ask, Take } from "../counters.ts";
import type { LimitRule, Meter } from "../rule.ts";
import { LocalCounters } from "./index.ts";

const MANY = 1_000_000;
const FEW = 1000;
const RULES: readonly LimitRule[] = [
  { kind: "fixedWindow", limit: 1e6, windowMs: 60_000 },
  { kind: "slidingWindow", limit: 1e6, windowMs: 60_000 },
  { kind: "slidingLog", limit: 100, windowMs: 60_000 },
  { kind: "tokenBucket", ratePerMs: 1000, burst: 1e6 },
  { kind: "leakyBucket", ratePerMs: 1000, maxDelayMs: 1000 },
  { kind: "concurrency", limit: 1e6 },
];
const owner = { onDecided: () => undefined };
const keyOf = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;

let meters = 0;
function makeMeter(rule: LimitRule): Meter {
  const limit = `limit-${++meters}`;
  return { limit, tier: "", id: `${limit}-0123456789abcdef`, rule, onStoreFailure: null, isDryRun: false };
}

/** The least of many short runs: other work on the machine only adds. */
function measure(name: string, rounds: number, operation: (round: number) => void): void {
  const runs = 50;
  const each = rounds / runs;
  for (let i = 0; i < rounds / 4; i++) operation(i);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const startMs = performance.now();
    for (let i = run * each; i < (run + 1) * each; i++) operation(i);
    best = Math.min(best, ((performance.now() - startMs) * 1e6) / each);
  }
  console.log(`${name.padEnd(60)} ${best.toFixed(1).padStart(8)} ns/op`);
}

/** As in service: each request has its asks made, and its key cut out of other text. */
function measureSpeed(): void {
  const counters = new LocalCounters({ clock: systemClock, seed: 123456789012345 });
  const all = RULES.map(makeMeter);
  const keys = Array.from({ length: FEW }, (_, n) => keyOf(n * 997));
  let admitted = 0;
  const takeOne = (meter: Meter, key: string) => {
    const ask = new Ask(meter, key, 1);
    counters.take(new Take([ask], owner));
    if (ask.isAdmitted) admitted++;
    if (ask.lease !== null) counters.release(ask);
  };
  measure("making a take of one ask", 5e5, (i) => {
    const take = new Take([new Ask(all[i % all.length]!, keys[i % FEW]!, 1)], owner);
    if (take.asks.length === 1) admitted++;
  });
  // All kinds first, so that no call site sees one alone.
  for (let i = 0; i < 1e5; i++) takeOne(all[i % all.length]!, keys[i % FEW]!);
  for (const meter of all) measure(`${meter.rule.kind}, ${FEW} keys`, 5e5, (i) => takeOne(meter, keys[i % FEW]!));
  measure("three limits in one take", 4e5, (i) => {
    const key = keys[i % FEW]!;
    const take = new Take([new Ask(all[0]!, "", 1), new Ask(all[1]!, key, 1), new Ask(all[3]!, key, 1)], owner);
    counters.take(take);
    if (take.isAdmitted) admitted++;
  });
  const none = makeMeter({ kind: "fixedWindow", limit: 0, windowMs: 60_000 });
  measure("three limits in one take, the last one refuses", 4e5, (i) => {
    const key = keys[i % FEW]!;
    const take = new Take([new Ask(all[0]!, "", 1), new Ask(all[1]!, key, 1), new Ask(none, key, 1)], owner);
    counters.take(take);
    if (take.isAdmitted) admitted++;
  });
  measureCold();
  console.log(`(${admitted} were admitted)`);
}

/** Keys that are in no cache: a million of them, in no order. */
function measureCold(): void {
  let state = 1;
  let length = 0;
  const anyKey = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return keyOf(state % MANY);
  };
  measure("making one of a million keys", 3e5, () => {
    length += anyKey().length;
  });
  for (const rule of RULES) {
    if (rule.kind === "concurrency") continue;
    const counters = new LocalCounters({ clock: systemClock, seed: 123456789012345 });
    const meter = makeMeter(rule);
    for (let n = 0; n < MANY; n++) counters.take(new Take([new Ask(meter, keyOf(n), 1)], owner));
    measure(`making one of a million keys, ${rule.kind}`, 3e5, () => void counters.take(new Take([new Ask(meter, anyKey(), 1)], owner)));
  }
  if (length === 0) throw new Error("no key was made");
}

/**
 * The same keys in the same order, several times: what a take costs at its place in the sequence is the least of them, since growing comes at the
 * same places each time, and others' work on the machine does not.
 */
function measureMemory(): void {
  const count = 1.2 * MANY;
  for (const rule of RULES) {
    // Windows that don't end, and buckets that don't fill, meanwhile.
    const slow: LimitRule = rule.kind === "tokenBucket" || rule.kind === "leakyBucket" ? { ...rule, ratePerMs: 1e-6 } : rule;
    const meter = makeMeter("windowMs" in slow ? { ...slow, windowMs: 86_400_000 } : slow);
    const least = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
    let told = "";
    for (let run = 0; run < 4; run++) {
      const counters = new LocalCounters({ clock: systemClock, seed: 123456789012345 });
      for (let n = 0; n < count; n++) {
        const take = new Take([new Ask(meter, keyOf(n), 1)], owner);
        const startMs = performance.now();
        counters.take(take);
        least[n] = Math.min(least[n]!, performance.now() - startMs);
        if (n === MANY - 1) told = `${counters.keys} keys, ${(counters.bytes / counters.keys).toFixed(1)} bytes each`;
      }
      if (run === 3) told += `; with a fifth more keys than there should be ${counters.keys} keys, ${counters.bytes} bytes`;
    }
    const worst = [...least.sort().subarray(-3)].map((ms) => ms.toFixed(3));
    console.log(`${meter.rule.kind}: ${told}; the longest takes: ${worst.join(", ")} ms`);
  }
}

if (process.argv[2] === "memory") measureMemory();
else measureSpeed();
