// The shapes of parts that this version refuses as not built yet, so that a configuration in TypeScript can be written with them and
// names among them are checked already. Types alone: nothing here is loaded.

type Duration = string;
type Size = string;

/** A header of the request to the upstream by claim: `{ X-User-Id: sub }`. */
type ClaimHeaders = Readonly<Record<string, string>>;

export type IdentityDefinition =
  | {
      jwt: {
        issuer: string;
        audience: string | readonly string[];
        jwks: { url: string; cacheFor?: Duration; gracePeriod?: Duration } | { discovery: true } | { file: string };
        headers?: ClaimHeaders;
      };
    }
  | { introspection: { url: string; clientId: string; clientSecret: string; cacheFor?: Duration; headers?: ClaimHeaders } }
  | { apiKey: { header: string } | { query: string } | { cookie: string } }
  | { mtls: { headers?: ClaimHeaders } }
  | { session: { issuer: string; clientId: string; clientSecret: string; scopes?: readonly string[]; cookie?: string } };

/** By what a limit counts. Those that need to know who calls: PrincipalKey. */
export type LimitKey = "global" | "ip" | "route" | PrincipalKey | { header: string };
export type PrincipalKey = "user" | "tenant" | "apiKey";

export interface RateLimitDefinition {
  key: LimitKey | readonly LimitKey[];
  tokenBucket?: { rate: string; burst: number };
  slidingWindow?: { limit: number; window: Duration };
  fixedWindow?: { limit: number; window: Duration };
  quota?: { limit: number; per: "day" | "month" };
  store?: "local" | "redis" | "database";
  mode?: "exact" | "approximate";
  onStoreFailure?: "open" | "closed" | "local";
}

export type AuthDefinition<Identity extends string> = readonly Identity[] | { anyOf: readonly Identity[]; optional?: boolean };

export interface AuthorizeDefinition {
  scopes?: readonly string[];
  roles?: readonly string[];
  claims?: Readonly<Record<string, string>>;
}

export interface RetryDefinition {
  attempts: number;
  when?: readonly (string | number)[];
  backoff?: { base: Duration; max: Duration };
  perTry?: Duration;
  budget?: string;
}

export interface HedgeDefinition {
  after: string;
  budget?: string;
}

export interface SplitDefinition<Upstream extends string> {
  upstream: Upstream;
  weight: number;
}

export interface ListenerTls {
  minVersion?: "1.2" | "1.3";
  certificates: readonly { cert: string; key: string; clientAuth?: { ca: string; mode: "optional" | "required" } }[];
}

export interface UpstreamLater {
  tls?: { ca?: string; cert?: string; key?: string };
  internalToken?: { audience: string; ttl?: Duration };
  breaker?: {
    consecutiveFailures?: number;
    errorRate?: string;
    window?: Duration;
    minimumRequests?: number;
    cooldown?: Duration;
  };
  health?: {
    active?: { path: string; interval?: Duration };
    passive?: { consecutive5xx?: number; ejectFor?: Duration; maxEjected?: string };
  };
}

export interface CountersDefinition {
  redis:
    | { url: string; timeout?: Duration }
    | { cluster: readonly string[]; timeout?: Duration }
    | { sentinel: readonly string[]; timeout?: Duration };
}

export type DatabaseDefinition = { sqlite: { path: string } } | { postgres: { url: string } };

export interface TracingDefinition {
  otlp: { url: string };
  sample?: string;
  propagate?: readonly ("w3c" | "b3")[];
  maxBytes?: Size;
}
