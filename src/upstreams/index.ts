export * as UPSTREAM from "./faults.ts";
export { HealthChecks, type HealthQuestion, type HealthSettings, type OnHealth } from "./health/index.ts";
export type { ConnectMultiplexed } from "./multiplexed-endpoint.ts";
export { MultiplexedPool } from "./multiplexed-pool.ts";
export { Pool } from "./pool.ts";
export { RoundRobin } from "./round-robin.ts";
export type { EndpointTarget, MultiplexedPoolSettings, PoolCounts, PoolEndpoint, PoolSettings, UpstreamPool } from "./settings.ts";
export { labelOf } from "./settings.ts";
