// How long the loop of a worker stands still while it takes up a configuration of 10,000 routes: the longest gap between two turns.
// Run: node scripts/run-ts.mjs src/gateway/reload.bench.ts

import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import { MemoryLineSink } from "../telemetry/index.ts";
import { MemoryNetwork } from "../transport/index.ts";
import { createGateway } from "./index.ts";

const ROUTES = 10_000;
const ROUNDS = 10;

function toText(round: number): string {
  const routes = Array.from({ length: ROUTES }, (_, i) => {
    const host = `h${i % 50}.example.com`;
    return `  - { name: r${i}, match: { hosts: [${host}], path: /api/v${round}/${i % 97}/res${i}/:id, methods: [GET] }, public: true, upstream: u${i % 100} }`;
  });
  const upstreams = Array.from({ length: 100 }, (_, i) => `  u${i}: { endpoints: [http://127.0.0.1:${3000 + i}] }`);
  return `version: 1\nlisteners: [{ name: http, address: 127.0.0.1:8080 }]\nupstreams:\n${upstreams.join("\n")}\nroutes:\n${routes.join("\n")}\n`;
}

function load(round: number) {
  const { config, issues } = parseConfig(toText(round), "gateway.yaml");
  if (config === null) throw new Error(JSON.stringify(issues[0]));
  return config;
}

const gateway = await createGateway(load(0), {
  transport: new MemoryNetwork().transport,
  clock: new FakeClock(),
  logSink: new MemoryLineSink(),
});

for (let round = 1; round <= ROUNDS; round++) {
  const config = load(round);
  await new Promise((resolve) => setTimeout(resolve, 200));
  let longest = 0;
  let last = performance.now();
  let watching = true;
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setImmediate(turn);
  };
  setImmediate(turn);
  const begun = performance.now();
  const prepared = await gateway.prepare(config, `round-${round}`);
  const preparedMs = performance.now() - begun;
  const committing = performance.now();
  prepared.commit();
  const committedMs = performance.now() - committing;
  await new Promise((resolve) => setTimeout(resolve, 50));
  watching = false;
  console.log(
    `round ${round}: prepared in ${preparedMs.toFixed(0)} ms, commit ${committedMs.toFixed(2)} ms, longest gap ${longest.toFixed(1)} ms`,
  );
}
await gateway.stop(0);
