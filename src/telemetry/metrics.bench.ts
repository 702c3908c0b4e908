// Cost of counting. `node src/telemetry/metrics.bench.ts`, `bun src/telemetry/metrics.bench.ts`.

import { MetricRegistry } from "./metrics.ts";

function measure(name: string, rounds: number, operation: (round: number) => void): void {
  for (let i = 0; i < rounds / 5; i++) operation(i);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const startMs = performance.now();
    for (let i = 0; i < rounds; i++) operation(i);
    best = Math.min(best, ((performance.now() - startMs) * 1e6) / rounds);
  }
  console.log(`${name.padEnd(48)} ${best.toFixed(1).padStart(10)} ns/op`);
}

const registry = new MetricRegistry();
const requests = registry.counter({ name: "requests_total", help: "", labels: ["route"] });
const durations = registry.histogram({ name: "duration_seconds", help: "", labels: ["route"] });
const counters = Array.from({ length: 64 }, (_, i) => requests.child(`route-${i}`));
const histograms = Array.from({ length: 64 }, (_, i) => durations.child(`route-${i}`));
const values = Array.from({ length: 1024 }, (_, i) => 0.0004 * 1.008 ** i);
let exposed = 0;

measure("counter.add", 5e6, (i) => counters[i & 63]?.add(1));
measure("histogram.observe, 0.4 ms to 1.4 s", 5e6, (i) => histograms[i & 63]?.observe(values[i & 1023] ?? 0));
measure("histogram.observe, all under 2.5 ms", 5e6, (i) => histograms[i & 63]?.observe(values[i & 127] ?? 0));
measure("child of known label values", 5e5, (i) => requests.child(`route-${i & 63}`).add(1));
measure("expose 64 counters and 64 histograms", 50, () => {
  exposed += registry.expose().length;
});
console.log(`(${exposed} characters, ${counters[0]?.value}, ${histograms[0]?.sum})`);
