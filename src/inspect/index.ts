export { describeAction, describeRoute, type RouteRow } from "./describe-route.ts";
export { type ConfigDiff, diffConfigs, type Effect, type EffectKind, type MovedRequests } from "./diff/index.ts";
export { type ExplainedStep, Explainer, type ExplainOptions, type Explanation, explainRequest } from "./explain/index.ts";
export {
  type AccessLog,
  type LimitSimulation,
  type LimitSimulationOptions,
  type SimulatedDoubt,
  type SimulatedLimit,
  type SimulatedShares,
  simulateLimits,
} from "./limit-simulation/index.ts";
export {
  type RouteTestFailure,
  type RouteTestHost,
  type RouteTestReport,
  type RouteTestResult,
  runRouteTests,
} from "./route-tests/index.ts";
