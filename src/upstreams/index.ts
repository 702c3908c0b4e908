export * as UPSTREAM from "./faults.ts";
export { type EndpointTarget, Pool, type PoolCounts, type PoolSettings } from "./pool.ts";
export { RoundRobin } from "./round-robin.ts";
