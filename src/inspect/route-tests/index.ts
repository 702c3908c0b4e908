export type { RouteTestFailure } from "./compare.ts";
export { type RouteTestHost, type RouteTestReport, type RouteTestResult, runRouteTests } from "./run-route-tests.ts";
