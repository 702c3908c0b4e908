// Nanoseconds to choose an endpoint.

import { RoundRobin } from "./round-robin.ts";

const ROUNDS = 5_000_000;
let sink = 0;

for (const [name, weights] of [
  ["3 endpoints of one weight", [1, 1, 1]],
  ["3 endpoints, weighted", [1, 2, 3]],
] as const) {
  const turns = new RoundRobin(weights.map((weight) => ({ weight, isHealthy: true })));
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 7; run++) {
    const start = performance.now();
    for (let i = 0; i < ROUNDS; i++) sink += turns.select().weight;
    best = Math.min(best, ((performance.now() - start) / ROUNDS) * 1e6);
  }
  console.log(`${name.padEnd(48)} ${best.toFixed(1).padStart(7)} ns`);
}
if (sink === 0) throw new Error("nothing was chosen");
