// What a configuration means once every default has been filled in: the form that all other rooms read.
// Not the form that users write (schema.ts), and nothing here is still text with a unit.

import type { Secret } from "../base/index.ts";
import type { RouteCondition } from "../router/index.ts";
import type {
  AuthorizeConfig,
  DatabaseConfig,
  IdentityConfig,
  InternalKeysConfig,
  InternalTokenConfig,
  RouteAuth,
} from "./identity-config.ts";
import type { CountersConfig, LimitUse, Priority, RateLimitConfig, SheddingConfig } from "./limit-config.ts";

/** Where a socket listens or connects: TCP, or a unix socket by its absolute or file-relative path. */
export type AddressConfig = { readonly host: string; readonly port: number } | { readonly path: string };

export interface GatewayConfig {
  readonly version: 1;
  readonly gateway: GatewaySection;
  /** Null: `admin: off`, or no admin section. */
  readonly admin: AdminConfig | null;
  /** Null: no certificate is asked of an authority. */
  readonly acme: AcmeConfig | null;
  /** Null: nothing needs one. */
  readonly database: DatabaseConfig | null;
  /** Null: no upstream gets a token. */
  readonly internalKeys: InternalKeysConfig | null;
  readonly identities: readonly IdentityConfig[];
  /** Null: no limit is shared. */
  readonly counters: CountersConfig | null;
  readonly rateLimits: readonly RateLimitConfig[];
  readonly listeners: readonly ListenerConfig[];
  readonly upstreams: readonly UpstreamConfig[];
  readonly routes: readonly RouteConfig[];
  readonly telemetry: { readonly accessLog: AccessLogConfig | null };
}

export interface GatewaySection {
  readonly name: string;
  readonly kind: "edge" | "domain" | "bff";
  /** Processes that serve; `auto` is one a core. */
  readonly workers: number | "auto";
  /** How long requests in flight and tunnels may take to end when the gateway stops or a worker is replaced. */
  readonly drainMs: number;
  /** Whether a change of any file that was read is a reload. */
  readonly watch: boolean;
  /** By which the gateway seals what it will read again, the newest first; empty: a key of its own, kept in the database. */
  readonly sealKeys: readonly Secret[];
  /** Removed from every client request in every folded spelling, with all that identities map. */
  readonly identityHeaders: readonly string[];
  /** Absolute; null when nothing is kept on disk. */
  readonly stateDir: string | null;
  /** Null: as many requests at once as come. */
  readonly loadShedding: SheddingConfig | null;
}

export interface AccessLogConfig {
  readonly to: "stdout" | { readonly path: string };
  readonly format: "json";
}

export interface AdminConfig {
  readonly address: AddressConfig;
  /** What stands behind `Authorization: Bearer`; null asks for none, which only loopback, a unix socket or client certificates allow. */
  readonly token: Secret | null;
  /** Names besides the address itself that requests may carry in Host. */
  readonly hosts: readonly string[];
  readonly tls: ListenerTlsConfig | null;
}

export interface AcmeConfig {
  readonly directory: string;
  readonly email: string | null;
  readonly challenge: "http-01" | "tls-alpn-01";
  /** PEM of who signed the directory's own certificate; null: the authorities that the runtime ships. */
  readonly ca: string | null;
  /** External account binding (RFC 8555 7.3.4). */
  readonly externalAccount: { readonly keyId: string; readonly hmacKey: Secret } | null;
  readonly renewBeforeMs: number;
}

export interface ListenerTlsConfig {
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** The first is the default. */
  readonly certificates: readonly CertificateConfig[];
}

export interface CertificateConfig {
  /** Null until an authority has issued it. */
  readonly pair: CertificatePair | null;
  /** Names that an authority is asked for; null for one from files. */
  readonly acme: { readonly names: readonly string[] } | null;
  readonly clientAuth: ClientAuthConfig | null;
}

/** Contents of PEM files, with the absolute paths they came from, for messages. */
export interface CertificatePair {
  readonly cert: string;
  readonly certFile: string;
  readonly key: Secret;
  readonly keyFile: string;
}

export interface ClientAuthConfig {
  readonly mode: "optional" | "required";
  readonly ca: string;
  readonly caFile: string;
  /** PEM lists; empty when none is given. */
  readonly crl: readonly string[];
}

/** By its name in ALPN. */
export type ListenerProtocol = "h2" | "http/1.1";

export interface ListenerConfig {
  readonly name: string;
  readonly address: AddressConfig;
  /** The preferred first. */
  readonly protocols: readonly ListenerProtocol[];
  readonly tls: ListenerTlsConfig | null;
  /** CIDR blocks whose connections must begin with a PROXY header; null: none does. */
  readonly proxyProtocol: { readonly from: readonly string[] } | null;
  /** Other processes may bind the same address too. */
  readonly reusePort: boolean;
  /** Addresses or CIDR blocks, as written. */
  readonly trustedProxies: readonly string[];
  readonly bounds: BoundsConfig;
  /** Whether `/.well-known/jwks.json` has the public keys of internal tokens here. */
  readonly publishKeys: boolean;
  /** Before routing. */
  readonly rateLimits: readonly LimitUse[];
}

/** Null is `off`. */
export interface BoundsConfig {
  readonly lineBytes: number;
  readonly headBytes: number;
  readonly fieldCount: number;
  readonly bodyBytes: number | null;
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number | null;
  readonly minBodyBytesPerSecond: number | null;
  readonly connectionsPerIp: number | null;
  /** Open at once on one HTTP/2 connection. */
  readonly streams: number;
}

export interface UpstreamConfig {
  readonly name: string;
  readonly endpoints: readonly EndpointConfig[];
  readonly protocol: "http/1.1" | "h2";
  readonly balance: "roundRobin";
  /** Null: no token. */
  readonly internalToken: InternalTokenConfig | null;
  /** Null: cleartext. All endpoints are `https:`, or none. */
  readonly tls: UpstreamTlsConfig | null;
  /** Each connection begins with a PROXY header for one client, and serves that client alone. */
  readonly proxyProtocol: "v1" | "v2" | null;
  readonly timeouts: UpstreamTimeouts;
  readonly health: UpstreamHealthConfig;
  /** Null: as many requests at once as the pool takes. */
  readonly loadShedding: SheddingConfig | null;
  /** `streams` of one connection, where the protocol has any. */
  readonly pool: { readonly connections: number; readonly streams: number; readonly pending: number };
}

export interface UpstreamTlsConfig {
  /** PEM; null: the authorities that the runtime ships. */
  readonly ca: string | null;
  readonly caFile: string | null;
  readonly crl: readonly string[];
  /** The name that certificates must carry; null: each endpoint's own host. */
  readonly serverName: string | null;
  readonly identity: CertificatePair | null;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
}

export interface EndpointConfig {
  readonly address: AddressConfig;
  /** What stands in Host when the client's is not kept: `host`, `host:port`, or `localhost` for a unix socket. */
  readonly authority: string;
  readonly weight: number;
}

/** Null: endpoints are not asked. */
export interface UpstreamHealthConfig {
  readonly active: ActiveHealthConfig | null;
}

export interface ActiveHealthConfig {
  /** Over gRPC a service, "" for the whole server. */
  readonly ask: { readonly kind: "http"; readonly path: string } | { readonly kind: "grpc"; readonly service: string };
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

/** Null is `off`. */
export interface UpstreamTimeouts {
  readonly connectMs: number;
  readonly firstByteMs: number | null;
  readonly betweenBytesMs: number | null;
  readonly idleMs: number;
}

export interface RouteConfig {
  readonly name: string;
  /** The team whose file the route stands in; null for the root's. */
  readonly team: string | null;
  readonly match: MatchConfig;
  /** Null: everybody may use it, `public: true`. */
  readonly auth: RouteAuth | null;
  /** Null: any principal may. */
  readonly authorize: AuthorizeConfig | null;
  /** Whether the upstream sees the credentials that the gateway judged. */
  readonly forwardCredential: boolean;
  readonly action: ActionConfig;
  readonly rateLimits: readonly LimitUse[];
  readonly priority: Priority;
  /** Set: the route is closed, whatever its action. */
  readonly maintenance: MaintenanceConfig | null;
  /** Dates of the API version that the route belongs to, or its own. */
  readonly lifecycle: LifecycleConfig | null;
  readonly rewrite: RewriteConfig;
  readonly headers: { readonly request: HeaderEdits; readonly response: HeaderEdits };
  /** Whether fields by which a client asks for another method (X-HTTP-Method-Override and its kin) reach the upstream. */
  readonly methodOverride: "remove" | "keep";
  readonly cors: CorsConfig | null;
  readonly securityHeaders: SecurityHeadersConfig | null;
  /** Null: a request to open one is refused. */
  readonly webSocket: WebSocketConfig | null;
  readonly errors: ErrorsConfig;
  /** gRPC-Web calls go on as gRPC. */
  readonly grpcWeb: boolean;
  /** Time until the response head. Null is `off`. */
  readonly timeoutMs: number | null;
  readonly bounds: RouteBoundsConfig;
  readonly paths: PathsConfig;
}

/** What answers a request of the route. */
export type ActionConfig =
  /** `upstream` is the name of one that exists. */
  | { readonly kind: "upstream"; readonly upstream: string }
  | { readonly kind: "redirect"; readonly redirect: RedirectConfig }
  | { readonly kind: "respond"; readonly respond: RespondConfig };

export interface MatchConfig {
  /** Lower case, `api.example.com` or `*.example.com`. Empty: any host. */
  readonly hosts: readonly string[];
  /** `/exact`, `/x/*`, `/x/:param/y`; never empty. More than one where an API version stands in the path. */
  readonly paths: readonly string[];
  /** Upper case. Empty: any method. */
  readonly methods: readonly string[];
  /** All must hold; one a subject at most. */
  readonly conditions: readonly RouteCondition[];
}

/** Null is `as it was`. */
export interface RedirectConfig {
  readonly status: 301 | 302 | 303 | 307 | 308;
  readonly scheme: "http" | "https" | null;
  /** Host and port. */
  readonly authority: string | null;
  readonly path: PathTemplate | null;
  readonly query: "keep" | "drop";
}

export interface RespondConfig {
  readonly status: number;
  readonly contentType: string;
  /** Empty for none. */
  readonly body: Uint8Array;
}

export interface MaintenanceConfig {
  readonly retryAfterSeconds: number | null;
  /** Addresses or CIDR blocks, as written: who is let through all the same. */
  readonly allowFrom: readonly string[];
  readonly message: string | null;
}

export interface LifecycleConfig {
  /** Milliseconds since the epoch, UTC. */
  readonly deprecatedMs: number | null;
  readonly sunsetMs: number | null;
  /** A page that tells what to do. */
  readonly link: string | null;
  /** What becomes of requests after the sunset: answered as before, or 410. */
  readonly afterSunset: "serve" | "gone";
}

export interface RewriteConfig {
  /** No trailing slash. Always a prefix of the route's paths. */
  readonly stripPrefix: string | null;
  /** No trailing slash. Put in front after stripping. */
  readonly addPrefix: string | null;
  /** The whole path anew; then there is neither stripPrefix nor addPrefix. */
  readonly path: PathTemplate | null;
  readonly query: QueryEdits;
  /** Host for the upstream: the client's, the endpoint's, or this one (host or host:port). */
  readonly host: { readonly kind: "keep" } | { readonly kind: "endpoint" } | { readonly kind: "name"; readonly authority: string };
}

/** Applied in this order: keep only, remove, set. Names are compared once percent-decoded. */
export interface QueryEdits {
  /** Null keeps every parameter. */
  readonly keepOnly: readonly string[] | null;
  readonly remove: readonly string[];
  readonly set: readonly (readonly [name: string, value: ValueTemplate])[];
}

/** A path made of literal text and of what the route's path took; `*` is the tail. Begins with `/`. */
export type PathTemplate = readonly (string | { readonly param: string })[];

export const REQUEST_FACTS = ["id", "method", "scheme", "host", "path", "client"] as const;
export type RequestFact = (typeof REQUEST_FACTS)[number];

/** A value made of literal text, secrets, path parameters (`${param:id}`, `${param:*}`) and facts (`${request:id}`). */
export type ValueTemplate = readonly (string | Secret | { readonly param: string } | { readonly request: RequestFact })[];

/** Applied in this order: remove, set, add. Names keep the user's spelling. */
export interface HeaderEdits {
  readonly set: readonly (readonly [name: string, value: ValueTemplate])[];
  readonly add: readonly (readonly [name: string, value: ValueTemplate])[];
  readonly remove: readonly string[];
}

export interface CorsConfig {
  /** Serialised origins (`https://shop.example.com`) or `https://*.example.com`; `*` for all. */
  readonly origins: readonly string[] | "*";
  /** What preflights are told; empty: the methods of the route, or what was asked for when it takes any. */
  readonly methods: readonly string[];
  /** `*`: what was asked for. */
  readonly headers: readonly string[] | "*";
  readonly exposeHeaders: readonly string[];
  readonly credentials: boolean;
  readonly maxAgeSeconds: number | null;
  readonly privateNetwork: boolean;
}

export interface SecurityHeadersConfig {
  /** The value of Strict-Transport-Security, for answers over TLS alone (RFC 6797 7.2). */
  readonly hsts: string | null;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** What a WebSocket may do. Null is `off`. */
export interface WebSocketConfig {
  /** Undefined: the listener's bound holds. */
  readonly idleMs: number | null | undefined;
  /** Of one message from the client. */
  readonly messageBytes: number | null;
  /** From the client. */
  readonly messagesPerSecond: number | null;
}

export interface ErrorsConfig {
  /** What becomes of an upstream's own 4xx and 5xx: passed on, or put into the gateway's shape with its status. */
  readonly upstream: "keep" | "problem";
  /** JSON pointers (RFC 6901) into an upstream's error, for the shape's members. Null: its body is not read. */
  readonly read: { readonly title: string | null; readonly detail: string | null; readonly code: string | null } | null;
  /** Of upstream responses: from, to. */
  readonly status: readonly (readonly [from: number, to: number])[];
  /** Put before the code to make the problem's `type`; null is `about:blank`. */
  readonly typeBase: string | null;
}

/** Undefined: the listener's bound holds. Null is `off`. Only `body` may be wider than the listener's. */
export interface RouteBoundsConfig {
  readonly lineBytes: number | undefined;
  readonly headBytes: number | undefined;
  readonly fieldCount: number | undefined;
  readonly bodyBytes: number | null | undefined;
}

export interface PathsConfig {
  readonly encodedSlash: "reject" | "keep";
  readonly backslash: "reject";
  readonly duplicateSlashes: "keep" | "merge" | "reject";
  readonly dotSegments: "resolve" | "reject";
}
