// What the checks cost for 10,000 routes of which nothing is wrong, as `sallyport check` and every reload pay it: at most 100 ms on Bun.
// Run with the runtime to measure.

import { checkMeaning } from "./check-meaning.ts";
import { checkReferences } from "./checks.ts";
import { parseConfig } from "./index.ts";
import { invariant } from "./invariant-schema.ts";

const ROUTES = 10_000;
const RUNS = 15;

const routes = Array.from({ length: ROUTES }, (_, i) => ({
  name: `route-${i}`,
  match: { hosts: [`h${i % 50}.example.com`], path: `/api/p${i}/:id/*`, methods: ["GET", "POST"], headers: { "X-Version": "2" } },
  public: true,
  upstream: `u${i % 100}`,
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
const invariants = [
  { name: "admin", where: { paths: ["/admin/*"] }, require: { hosts: ["admin.example.com"] } },
  { name: "bounded", where: { methods: ["POST"] }, require: { has: ["bounds", "timeout"] } },
  { name: "hosts", require: { anyOf: [{ hosts: ["*.example.com"] }, { has: ["redirect"] }] } },
].map((written) => invariant.parse(written));
const { config, issues } = parseConfig(JSON.stringify(value), "bench.json");
if (config === null) throw new Error(issues[0]?.message);

const times: number[] = [];
for (let run = 0; run < RUNS; run++) {
  const started = performance.now();
  const said = checkReferences(value, { nowMs: 0 }).length + checkMeaning([{ value, routes: config.routes }], invariants).length;
  times.push(performance.now() - started);
  if (said !== 1) throw new Error(`${said} findings`);
}
const [first = 0] = times;
times.sort((a, b) => a - b);
process.stdout.write(
  `${ROUTES} routes: first ${first.toFixed(0)} ms, best ${(times[0] ?? 0).toFixed(0)} ms, median ${(times[RUNS >> 1] ?? 0).toFixed(0)} ms\n`,
);
