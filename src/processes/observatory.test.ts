import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import type { GatewayActivity } from "../gateway/index.ts";
import { Observatory } from "./observatory.ts";
import type { WorkerHandle } from "./worker-handle.ts";

const CONFIG = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams:
  web: { endpoints: [http://10.0.0.1:3001] }
  calls: { protocol: h2, endpoints: [http://10.0.0.5:50051, http://10.0.0.6:50051], health: { active: { grpc: {} } } }
routes:
  - { name: web, match: { path: /* }, public: true, upstream: web }
  - { name: calls, match: { path: /a.B/* }, public: true, upstream: calls }
`;

test("upstreams are told with what all workers have of them, and an endpoint as well when some worker finds it so", async () => {
  const { config } = parseConfig(CONFIG, "gateway.yaml");
  assert.ok(config !== null);
  const observatory = new Observatory(new FakeClock(), "1.2.3");
  const workers = [0, 1].map((slot) => ({ slot, farewell: null }) as WorkerHandle);
  for (const worker of workers) observatory.open(worker);
  const unhealthy = [["10.0.0.5:50051", "10.0.0.6:50051"], ["10.0.0.6:50051"]];
  const fleet = {
    snapshots: async () =>
      workers.map((worker, at) => {
        const calls = { name: "calls", open: 2, idle: 1, pending: at, streams: 40, unhealthy: unhealthy[at] ?? [] };
        const activity: GatewayActivity = { connections: 1, generations: [], upstreams: [calls], storesAway: [] };
        return { worker, snapshot: { metrics: null, activity } };
      }),
  };
  assert.deepEqual(await observatory.listUpstreams(fleet, config), [
    {
      ...{ name: "web", protocol: "http/1.1", open: 0, idle: 0, pending: 0, streams: 0 },
      endpoints: [{ address: "10.0.0.1:3001", weight: 1, healthy: null }],
    },
    {
      ...{ name: "calls", protocol: "h2", open: 4, idle: 2, pending: 1, streams: 80 },
      endpoints: [
        { address: "10.0.0.5:50051", weight: 1, healthy: true },
        { address: "10.0.0.6:50051", weight: 1, healthy: false },
      ],
    },
  ]);
  observatory.stop();
});
