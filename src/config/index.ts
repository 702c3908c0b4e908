export type {
  AccessLogConfig,
  AcmeConfig,
  ActionConfig,
  ActiveHealthConfig,
  AddressConfig,
  AdminConfig,
  BoundsConfig,
  CertificateConfig,
  CertificatePair,
  ClientAuthConfig,
  CorsConfig,
  EndpointConfig,
  ErrorsConfig,
  GatewayConfig,
  GatewaySection,
  HeaderEdits,
  LifecycleConfig,
  ListenerConfig,
  ListenerProtocol,
  ListenerTlsConfig,
  MaintenanceConfig,
  MatchConfig,
  PathsConfig,
  PathTemplate,
  QueryEdits,
  RedirectConfig,
  RequestFact,
  RespondConfig,
  RewriteConfig,
  RouteBoundsConfig,
  RouteConfig,
  SecurityHeadersConfig,
  UpstreamConfig,
  UpstreamTimeouts,
  UpstreamTlsConfig,
  ValueTemplate,
  WebSocketConfig,
} from "./config.ts";
export { type ConfigHost, type LastGoodTexts, systemConfigHost, type TlsJudge } from "./config-host.ts";
export { defineGateway, type GatewayDefinition, type RouteDefinition } from "./define.ts";
export { countIssues, type FormatOptions, formatIssues } from "./format-issues.ts";
export {
  type ApiKeyIdentity,
  type AuthorizeConfig,
  type AuthorizeRule,
  type BasicIdentity,
  type BasicUser,
  type CedarConfig,
  type ClaimCondition,
  type ClaimHeaders,
  type ClaimName,
  type DatabaseConfig,
  type ExternalIdentity,
  type HmacIdentity,
  type HmacKey,
  type IdentityConfig,
  type InternalIdentity,
  type InternalKeysConfig,
  type InternalTokenConfig,
  type IntrospectionIdentity,
  JWT_ALGORITHMS,
  type JwksSource,
  type JwtAlgorithm,
  type JwtIdentity,
  type MtlsIdentity,
  type OpaConfig,
  type PrincipalMapping,
  type RouteAuth,
  type SessionIdentity,
  type TimeWindow,
  type TokenPlace,
} from "./identity-config.ts";
export type { Invariant } from "./invariant-schema.ts";
export { ISSUE_CODES, type Issue, type IssueCode, type OutsideCode, type OutsideFinding } from "./issue.ts";
export { configurationJsonSchema, describeConfiguration, describeTeam, type SchemaNode, teamJsonSchema } from "./json-schema.ts";
export {
  type CountersConfig,
  type LimitCost,
  type LimitExemptions,
  type LimitKeyPart,
  type LimitTiers,
  type LimitUse,
  PRIORITIES,
  type Priority,
  type RateLimitConfig,
  type SheddingConfig,
} from "./limit-config.ts";
export { type LoadedConfig, loadConfig, parseConfig, resolveInput } from "./load.ts";
export { checkPasswordHash, type PasswordHash, parsePasswordHash } from "./password-hash.ts";
export { parseDuration } from "./quantities.ts";
export { Refusal } from "./refusal.ts";
export { parseRouteTests, type RouteTest, type RouteTestReply, type RouteTestsFile, routeTestsJsonSchema } from "./route-test-schema.ts";
export type { ConfigurationInput, TeamInput } from "./schema.ts";
export { checkSignatureKey, readSignatureKey } from "./signature-key.ts";
export { saveLastGood, type TeamState } from "./teams.ts";
export { parseTemplate } from "./templates.ts";
