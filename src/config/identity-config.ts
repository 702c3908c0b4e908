// What a configuration says about who calls, once every default has been filled in: identities, what routes ask of callers, where keys
// are kept, what upstreams are told. Beside config.ts, which has the rest.

import type { Secret } from "../base/index.ts";

/** Names of claims, or of what a credential says instead. A dotted name that no claim has as it is leads into claims that are maps. */
export type ClaimName = string;

/** From which claims a principal's own parts come. */
export interface PrincipalMapping {
  /** The first of these that is there; none is a bad credential. */
  readonly id: readonly ClaimName[];
  readonly tenant: ClaimName;
  readonly roles: ClaimName;
  readonly scopes: ClaimName;
}

/** Fields to upstreams: each with the claim that it carries. */
export type ClaimHeaders = readonly (readonly [name: string, claim: ClaimName])[];

interface CommonIdentity {
  readonly name: string;
  /** Null: the defaults, which are X-User-Id, X-User-Roles and X-Tenant-Id with the principal's own parts. */
  readonly headers: ClaimHeaders | null;
  readonly principal: PrincipalMapping;
}

export const JWT_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] as const;
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

export type JwksSource =
  | { readonly kind: "url"; readonly url: string }
  /** `<issuer>/.well-known/openid-configuration` says where the keys are. */
  | { readonly kind: "discovery" }
  /** Read when the configuration was loaded. */
  | { readonly kind: "file"; readonly file: string; readonly text: string };

/** Where a bearer token stands. */
export type TokenPlace =
  | { readonly kind: "bearer" }
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "cookie"; readonly name: string };

export interface JwtIdentity extends CommonIdentity {
  readonly kind: "jwt";
  readonly issuer: string;
  /** One of them must be among the token's. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly JwtAlgorithm[];
  readonly jwks: { readonly source: JwksSource; readonly cacheForMs: number; readonly graceMs: number; readonly ca: string | null };
  readonly from: TokenPlace;
  readonly clockSkewMs: number;
  readonly requireExpiry: boolean;
  /** Claims that must be there. */
  readonly required: readonly ClaimName[];
  /** What `typ` may say, lower case, without `application/`; null takes any but a token of another kind (`dpop+jwt`, `logout+jwt` …). */
  readonly types: readonly string[] | null;
  /** Verified tokens that a worker remembers. */
  readonly cachedTokens: number;
}

export interface IntrospectionIdentity extends CommonIdentity {
  readonly kind: "introspection";
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** How the gateway says who it is: RFC 6749 2.3.1. */
  readonly clientAuth: "basic" | "post";
  /** Null: any. */
  readonly issuer: string | null;
  /** Empty: any. */
  readonly audiences: readonly string[];
  readonly cacheForMs: number;
  readonly negativeCacheForMs: number;
  readonly timeoutMs: number;
  readonly cachedTokens: number;
  readonly ca: string | null;
}

export interface ApiKeyIdentity extends CommonIdentity {
  readonly kind: "apiKey";
  readonly from:
    | { readonly kind: "header"; readonly name: string }
    | { readonly kind: "query"; readonly name: string }
    | { readonly kind: "cookie"; readonly name: string };
  /** How long keys that are known are believed while the store can't be asked; 0: not at all. */
  readonly trustWithoutStoreMs: number;
  readonly cachedKeys: number;
}

export interface MtlsIdentity extends CommonIdentity {
  readonly kind: "mtls";
  /** Patterns with `*` of which the principal's id must match one; empty: any certificate that the listener verified. */
  readonly ids: readonly string[];
}

export interface SessionIdentity extends CommonIdentity {
  readonly kind: "session";
  readonly issuer: string;
  readonly clientId: string;
  /** Null: a public client. */
  readonly clientSecret: Secret | null;
  readonly scopes: readonly string[];
  readonly cookie: string;
  readonly store: "cookie" | "database";
  /** Where the identity's own pages stand: `<path>/login`, `/callback`, `/logout`. */
  readonly path: string;
  /** Without a request for so long it ends. */
  readonly idleMs: number;
  readonly lifetimeMs: number;
  /** Hosts besides the request's own to which a login may return, and whose pages may send requests that change something. */
  readonly hosts: readonly string[];
  /** Where a logout leads: a path or URL. */
  readonly afterLogout: string;
  /** Whether a navigation without a session is sent to the login. */
  readonly redirects: boolean;
  readonly ca: string | null;
}

export interface BasicUser {
  readonly name: string;
  /** A PHC string: `$scrypt$…` or `$argon2id$…`. */
  readonly password: Secret;
  readonly tenant: string | null;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

export interface BasicIdentity extends CommonIdentity {
  readonly kind: "basic";
  readonly realm: string;
  readonly users: readonly BasicUser[];
}

export interface HmacKey {
  /** `keyid` of the signature. */
  readonly id: string;
  readonly algorithm: "hmac-sha256" | "ed25519" | "ecdsa-p256-sha256" | "rsa-pss-sha512";
  /** The shared secret, or PEM of the public key. */
  readonly key: Secret;
  readonly owner: string;
  readonly tenant: string | null;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

/** HTTP message signatures (RFC 9421). */
export interface HmacIdentity extends CommonIdentity {
  readonly kind: "hmac";
  readonly keys: readonly HmacKey[];
  /** What a signature must cover, besides `created`. */
  readonly components: readonly string[];
  readonly maxAgeMs: number;
  /** Whether one with a nonce that was seen is refused, and a nonce demanded. */
  readonly requireNonce: boolean;
}

export interface ExternalIdentity extends CommonIdentity {
  readonly kind: "external";
  readonly url: string;
  readonly timeoutMs: number;
  /** Fields of the request that the service is shown; one of them at least must be there. */
  readonly sendHeaders: readonly string[];
  /** 0: each request is asked about. */
  readonly cacheForMs: number;
  readonly cachedAnswers: number;
  /** Fields of its answer that become claims, beside the members of a JSON body. */
  readonly claimHeaders: readonly string[];
  readonly ca: string | null;
}

/** A token by which another gateway of ours says who called it. */
export interface InternalIdentity extends CommonIdentity {
  readonly kind: "internal";
  readonly trust: readonly {
    readonly issuer: string;
    readonly jwks: { readonly source: JwksSource; readonly cacheForMs: number; readonly graceMs: number; readonly ca: string | null };
  }[];
  readonly audiences: readonly string[];
  /** The field that the token stands in. */
  readonly header: string;
}

export type IdentityConfig =
  | JwtIdentity
  | IntrospectionIdentity
  | ApiKeyIdentity
  | MtlsIdentity
  | SessionIdentity
  | BasicIdentity
  | HmacIdentity
  | ExternalIdentity
  | InternalIdentity;

// ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface RouteAuth {
  /** In the order in which they are asked. */
  readonly identities: readonly string[];
  /** Who shows no credential is let through as nobody. */
  readonly optional: boolean;
}

/** A condition on a claim: a value of these, or of a list one of them. Null: it must be there. */
export interface ClaimCondition {
  readonly claim: ClaimName;
  readonly oneOf: readonly (string | number | boolean)[] | null;
}

/** All that a rule says must hold. */
export interface AuthorizeRule {
  /** All of them. */
  readonly scopes: readonly string[];
  /** One of them; empty asks for none. */
  readonly roles: readonly string[];
  readonly claims: readonly ClaimCondition[];
  /** CIDR blocks of the client's address; empty: any. */
  readonly from: readonly string[];
  /** Empty: at any time. */
  readonly times: readonly TimeWindow[];
  /** One of these rules must hold; empty asks for none. */
  readonly anyOf: readonly AuthorizeRule[];
  readonly allOf: readonly AuthorizeRule[];
  readonly not: AuthorizeRule | null;
}

export interface TimeWindow {
  /** 0 is Sunday; empty: every day. */
  readonly days: readonly number[];
  /** Minutes of the day. An end at or before the start is on the next day. */
  readonly startMinute: number;
  readonly endMinute: number;
  /** An IANA name. */
  readonly zone: string;
}

export interface CedarConfig {
  /** Texts of the policy files, in their order, with where they came from. */
  readonly policies: readonly { readonly file: string; readonly text: string }[];
  /** JSON; null for none. */
  readonly entities: string | null;
  readonly schema: string | null;
  /** `Action::"…"`: a template of the request's facts (parseTemplate reads it); null: the method. */
  readonly action: string | null;
}

export interface OpaConfig {
  /** Of a decision: `http://127.0.0.1:8181/v1/data/gateway/allow`. */
  readonly url: string;
  readonly timeoutMs: number;
  readonly cacheForMs: number;
  readonly cachedAnswers: number;
  /** Fields of the request that the policy is shown. */
  readonly sendHeaders: readonly string[];
  readonly ca: string | null;
}

export interface AuthorizeConfig {
  readonly rule: AuthorizeRule;
  readonly cedar: CedarConfig | null;
  readonly opa: OpaConfig | null;
}

// ── the gateway ──────────────────────────────────────────────────────────────────────────────────────────────────────

export type DatabaseConfig =
  /** Absolute. */
  { readonly kind: "sqlite"; readonly path: string } | { readonly kind: "postgres"; readonly url: Secret; readonly ca: string | null };

/** How internal tokens are signed. */
export interface InternalKeysConfig {
  /** `iss` of the tokens. */
  readonly issuer: string;
  readonly algorithm: "EdDSA" | "ES256";
  readonly rotateEveryMs: number;
  /** How long a key is published before it signs, and after. */
  readonly overlapMs: number;
}

export interface InternalTokenConfig {
  readonly audience: string;
  readonly ttlMs: number;
  readonly header: string;
  /** Whether each token carries the request's deadline: then each request has one of its own. */
  readonly deadline: boolean;
}
