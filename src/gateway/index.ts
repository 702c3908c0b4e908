export { BlueprintError, proveBlueprint } from "./blueprint.ts";
export { createGateway, type Gateway, type GatewayHost } from "./gateway.ts";
export { computeGeneration } from "./generation.ts";
