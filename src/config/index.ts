export type {
  AccessLogConfig,
  AddressConfig,
  BoundsConfig,
  EndpointConfig,
  GatewayConfig,
  GatewaySection,
  HeaderEdits,
  ListenerConfig,
  MatchConfig,
  PathsConfig,
  RewriteConfig,
  RouteConfig,
  UpstreamConfig,
  UpstreamTimeouts,
} from "./config.ts";
export { type FormatOptions, formatIssues } from "./format-issues.ts";
export { ISSUE_CODES, type Issue, type IssueCode } from "./issue.ts";
export { type LoadedConfig, loadConfig, parseConfig } from "./load.ts";
export type { ConfigurationInput } from "./schema.ts";
