export { type FleetMode, type FleetReport, type FleetRow, formatFleetReport } from "./fleet-report.ts";
export { plotFleetReport } from "./plot-fleet.ts";
export { type FleetOptions, simulateFleet } from "./simulate-fleet.ts";
