export type { LimitSimulation, SimulatedDoubt, SimulatedLimit, SimulatedShares } from "./report.ts";
export { type AccessLog, type LimitSimulationOptions, simulateLimits } from "./simulate-limits.ts";
