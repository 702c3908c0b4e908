// What the schema costs for 10,000 routes of which nothing is wrong, as each load pays it: at most 150 ms once warm, on either runtime.
// Run with the runtime to measure.

import { configurationSchema } from "./schema.ts";

const ROUTES = 10_000;
const RUNS = 15;

const routes = Array.from({ length: ROUTES }, (_, i) => ({
  name: `route-${i}`,
  match: { hosts: [`h${i % 50}.example.com`], path: `/api/p${i}/:id/*`, methods: ["GET", "POST"], headers: { "X-Version": "2" } },
  public: true,
  upstream: `u${i % 100}`,
  timeout: "5s",
  rewrite: { stripPrefix: "/api" },
  headers: {
    request: { set: { "X-Edge": "1", "X-Id": "${param:id}" }, remove: ["X-Debug"] },
    response: { set: { "Cache-Control": "no-store" } },
  },
  cors: { origins: ["https://shop.example.com"], credentials: true },
  bounds: { body: "1MiB" },
}));
const value = {
  version: 1,
  listeners: [{ name: "http", address: "127.0.0.1:8080" }],
  upstreams: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`u${i}`, { endpoints: [`http://10.0.0.${i}`] }])),
  routes,
};

const times: number[] = [];
for (let run = 0; run < RUNS; run++) {
  const started = performance.now();
  const parsed = configurationSchema.safeParse(value);
  times.push(performance.now() - started);
  if (!parsed.success) throw new Error(parsed.error.message);
}
const [first = 0] = times;
times.sort((a, b) => a - b);
process.stdout.write(
  `${ROUTES} routes: first ${first.toFixed(0)} ms, best ${(times[0] ?? 0).toFixed(0)} ms, median ${(times[RUNS >> 1] ?? 0).toFixed(0)} ms\n`,
);
