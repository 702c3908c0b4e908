export { type AdminAnswer, type AdminTarget, AdminUnreachable, askAdmin } from "./admin-client.ts";
export { type AdminHost, type AdminServer, createAdminServer } from "./admin-server.ts";
export { ControlMetrics } from "./control-metrics.ts";
export type {
  CertificateStatus,
  ControlPlane,
  GatewayStatus,
  LastReload,
  PublicKeys,
  ReloadOutcome,
  UpstreamStatus,
  WorkerStatus,
} from "./control-plane.ts";
export { describeConfig, type RunningFacts } from "./describe-config.ts";
export { ENDPOINTS, type Endpoint } from "./endpoints.ts";
export * as CONTROL from "./faults.ts";
export { describeApi } from "./openapi.ts";
