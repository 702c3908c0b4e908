export {
  type ConfigurationInput,
  defineGateway,
  formatIssues,
  type GatewayConfig,
  type GatewayDefinition,
  type Issue,
  type LoadedConfig,
  loadConfig,
  parseConfig,
  type RouteDefinition,
  resolveInput,
  type TeamInput,
} from "./config/index.ts";
export { createGateway, type Gateway, type GatewayHost } from "./gateway/index.ts";
