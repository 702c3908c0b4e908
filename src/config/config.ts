// What a configuration means once every default has been filled in: the form that all other rooms read.
// Not the form that users write (schema.ts), and nothing here is still text with a unit.

/** Where a socket listens or connects: TCP, or a unix socket by its absolute or file-relative path. */
export type AddressConfig = { readonly host: string; readonly port: number } | { readonly path: string };

export interface GatewayConfig {
  readonly version: 1;
  readonly gateway: GatewaySection;
  /** Null: `admin: off`, or no admin section. */
  readonly admin: { readonly address: AddressConfig } | null;
  readonly listeners: readonly ListenerConfig[];
  readonly upstreams: readonly UpstreamConfig[];
  readonly routes: readonly RouteConfig[];
  readonly telemetry: { readonly accessLog: AccessLogConfig | null };
}

export interface GatewaySection {
  readonly name: string;
  readonly kind: "edge" | "domain" | "bff";
  readonly workers: 1;
  /** Removed from every client request in every folded spelling. */
  readonly identityHeaders: readonly string[];
}

export interface AccessLogConfig {
  readonly to: "stdout" | { readonly path: string };
  readonly format: "json";
}

export interface ListenerConfig {
  readonly name: string;
  readonly address: AddressConfig;
  /** Addresses or CIDR blocks, as written. */
  readonly trustedProxies: readonly string[];
  readonly bounds: BoundsConfig;
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
}

export interface UpstreamConfig {
  readonly name: string;
  readonly endpoints: readonly EndpointConfig[];
  readonly balance: "roundRobin";
  readonly timeouts: UpstreamTimeouts;
  readonly pool: { readonly connections: number; readonly pending: number };
}

export interface EndpointConfig {
  readonly address: AddressConfig;
  /** What stands in Host when the client's is not kept: `host`, `host:port`, or `localhost` for a unix socket. */
  readonly authority: string;
  readonly weight: number;
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
  readonly match: MatchConfig;
  readonly public: true;
  /** The name of an upstream that exists. */
  readonly upstream: string;
  readonly rewrite: RewriteConfig;
  readonly headers: { readonly request: HeaderEdits; readonly response: HeaderEdits };
  /** Time until the response head. Null is `off`. */
  readonly timeoutMs: number | null;
  /** Undefined: the listener's bound holds. Null is `off`. */
  readonly bodyBytes: number | null | undefined;
  readonly paths: PathsConfig;
}

export interface MatchConfig {
  /** Lower case, `api.example.com` or `*.example.com`. Empty: any host. */
  readonly hosts: readonly string[];
  /** `/exact`, `/x/*`, `/x/:param/y`. */
  readonly path: string;
  /** Upper case. Empty: any method. */
  readonly methods: readonly string[];
}

export interface RewriteConfig {
  /** No trailing slash. Always a prefix of the route's path. */
  readonly stripPrefix: string | null;
  /** No trailing slash. Put in front after stripping. */
  readonly addPrefix: string | null;
}

/** Applied in this order: remove, set, add. Names keep the user's spelling. */
export interface HeaderEdits {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

export interface PathsConfig {
  readonly encodedSlash: "reject" | "keep";
  readonly backslash: "reject";
  readonly duplicateSlashes: "keep" | "merge" | "reject";
  readonly dotSegments: "resolve" | "reject";
}
