export type { Challenges } from "./acme-challenges.ts";
export { BlueprintError, proveBlueprint, routingPathsOf } from "./blueprint.ts";
export { deferStores } from "./deferred-stores.ts";
export {
  type AddressNews,
  createGateway,
  type Gateway,
  type GatewayActivity,
  type GatewayHost,
  type PreparedGeneration,
} from "./gateway.ts";
export { declareTeams } from "./gauges.ts";
export { computeGeneration } from "./generation-id.ts";
export { createMeters, type LimitMeters } from "./limit-meters.ts";
export { declareCounters } from "./limit-metrics.ts";
export { placeOf } from "./listener-place.ts";
export { loadingHost } from "./loading-host.ts";
export { PoolSet } from "./pool-set.ts";
