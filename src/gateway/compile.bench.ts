// What a configuration of 10,000 routes costs from its meaning to a gateway that serves it. Not what reading and checking it costs.

import { FakeClock, Secret, TimerWheel } from "../base/index.ts";
import { type GatewayConfig, parseConfig, type RouteConfig } from "../config/index.ts";
import { MetricRegistry } from "../telemetry/index.ts";
import { MemoryNetwork } from "../transport/index.ts";
import { proveAuthParts } from "./auth-parts.ts";
import { compileBlueprint } from "./blueprint.ts";
import { computeGeneration } from "./generation-id.ts";
import { proveLimitParts } from "./limit-parts.ts";
import { GatewayMetrics } from "./metrics.ts";
import { PoolSet } from "./pool-set.ts";

const ROUTES = 10_000;
const RUNS = 7;

const TEXT = `version: 1
defaults:
  headers: { response: { remove: [Server, X-Powered-By] } }
listeners:
  - { name: one, address: 127.0.0.1:8080 }
  - { name: two, address: 127.0.0.1:8081 }
upstreams:
  a: { endpoints: [http://127.0.0.1:3001] }
routes:
  - name: model
    match: { hosts: [api.example.com], path: /model/:id, methods: [GET, POST] }
    public: true
    upstream: a
    headers: { request: { set: { X-Edge: "1" } } }
    cors: { origins: [https://shop.example.com], credentials: true }
    securityHeaders: { contentTypeOptions: nosniff, frameOptions: deny }
    errors: { upstream: problem }
`;

function createConfig(): GatewayConfig {
  const { config } = parseConfig(TEXT, "bench.yaml");
  const model = config?.routes[0];
  if (config === null || model === undefined) throw new Error("the bench's own configuration is refused");
  const routes = Array.from({ length: ROUTES }, (_, index): RouteConfig => {
    const plain = index % 2 === 0 ? {} : { cors: null, securityHeaders: null };
    const match = { ...model.match, paths: [`/team-${index % 100}/service-${index}/:id`] };
    const set = [...model.headers.request.set, ["X-Key", [new Secret("bench")]] as const];
    return { ...model, ...plain, name: `route-${index}`, match, headers: { ...model.headers, request: { ...model.headers.request, set } } };
  });
  return { ...config, routes };
}

/** The first and the best of some runs that warm nothing on purpose: a gateway compiles a configuration when it has just started. */
function measure(what: string, run: () => void): void {
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const startedMs = performance.now();
    run();
    times.push(performance.now() - startedMs);
  }
  const first = times[0] ?? 0;
  times.sort((a, b) => a - b);
  process.stdout.write(`${what.padEnd(40)} first ${first.toFixed(1).padStart(7)} ms   best ${(times[0] ?? 0).toFixed(1).padStart(7)} ms\n`);
}

const config = createConfig();
const network = new MemoryNetwork({ schedule: null });
measure("blueprint, two listeners", () => {
  const pools = new PoolSet(network.transport, new TimerWheel(new FakeClock(0)));
  compileBlueprint(config, {
    pool: (upstream) => pools.take(upstream),
    auth: proveAuthParts(config),
    limits: proveLimitParts(config),
    tracer: null,
    provenAs: null,
    challenges: null,
    covers: () => null,
  });
});
measure("generation id alone", () => void computeGeneration(config));
measure("metrics of the routes", () => {
  const metrics = new GatewayMetrics(new MetricRegistry());
  for (const route of config.routes) metrics.declareRoute(route.name);
});
