// From what was written of identities to what it means: defaults by kind, contents of files in the place of their paths, secrets as such.
// Nothing can be wrong any more here.

import { Secret } from "../base/index.ts";
import {
  type ApiKeyIdentity,
  type BasicIdentity,
  type ClaimName,
  type ExternalIdentity,
  type HmacIdentity,
  type IdentityConfig,
  type InternalIdentity,
  type IntrospectionIdentity,
  JWT_ALGORITHMS,
  type JwtIdentity,
  type MtlsIdentity,
  type PrincipalMapping,
  type SessionIdentity,
} from "./identity-config.ts";
import { type FileSource, readPem, readText } from "./resolve-tls.ts";
import type { Configuration } from "./schema.ts";

type Written = Configuration["identities"][string];
type Of<Kind extends string> = Extract<Written, Record<Kind, unknown>>[Kind & keyof Extract<Written, Record<Kind, unknown>>];
type Jwks = Of<"jwt">["jwks"];
type Common = Of<"mtls">;

export function resolveIdentities(written: Configuration["identities"], source: FileSource): IdentityConfig[] {
  return Object.entries(written).map(([name, identity]) => resolveIdentity(name, identity, source));
}

function resolveIdentity(name: string, written: Written, source: FileSource): IdentityConfig {
  if ("jwt" in written) return resolveJwt(name, written.jwt, source);
  if ("introspection" in written) return resolveIntrospection(name, written.introspection, source);
  if ("apiKey" in written) return resolveApiKey(name, written.apiKey);
  if ("mtls" in written) return resolveMtls(name, written.mtls);
  if ("session" in written) return resolveSession(name, written.session, source);
  if ("basic" in written) return resolveBasic(name, written.basic);
  if ("hmac" in written) return resolveHmac(name, written.hmac, source);
  if ("external" in written) return resolveExternal(name, written.external, source);
  return resolveInternal(name, written.internal, source);
}

// ── what every kind says ─────────────────────────────────────────────────────────────────────────────────────────────

interface CommonParts {
  readonly name: string;
  readonly headers: readonly (readonly [name: string, claim: ClaimName])[] | null;
  readonly principal: PrincipalMapping;
}

/** `ids` are the claims of the kind that name a caller. */
function resolveCommon(name: string, { headers, principal = {} }: Common, ids: readonly ClaimName[], isMapped: boolean): CommonParts {
  const mapped = (header: string) => {
    if (!isMapped) return undefined;
    return Object.entries(headers ?? {}).find(([written]) => written.toLowerCase() === header)?.[1];
  };
  const id = principal.id ?? mapped("x-user-id");
  return {
    name,
    headers: headers === undefined ? null : Object.entries(headers),
    principal: {
      id: id === undefined ? ids : [id].flat(),
      tenant: principal.tenant ?? mapped("x-tenant-id") ?? "tenant",
      roles: principal.roles ?? mapped("x-user-roles") ?? "roles",
      scopes: principal.scopes ?? (isMapped ? "scope" : "scopes"),
    },
  };
}

function toTexts(written: string | readonly string[] | undefined): readonly string[] {
  if (written === undefined) return [];
  return typeof written === "string" ? [written] : written;
}

function readCa(ca: string | undefined, source: FileSource): string | null {
  return ca === undefined ? null : readPem(ca, source).text;
}

function resolveJwks(written: Jwks, source: FileSource): JwtIdentity["jwks"] {
  const { url, file, cacheFor, gracePeriod, ca } = written;
  const rest = { cacheForMs: cacheFor, graceMs: gracePeriod, ca: readCa(ca, source) };
  if (url !== undefined) return { source: { kind: "url", url }, ...rest };
  return { source: file === undefined ? { kind: "discovery" } : { kind: "file", ...readText(file, source) }, ...rest };
}

// ── each kind ────────────────────────────────────────────────────────────────────────────────────────────────────────

function resolveJwt(name: string, written: Of<"jwt">, source: FileSource): JwtIdentity {
  const { token } = written;
  return {
    kind: "jwt",
    ...resolveCommon(name, written, ["sub"], true),
    issuer: written.issuer,
    audiences: toTexts(written.audience),
    algorithms: written.algorithms ?? JWT_ALGORITHMS,
    jwks: resolveJwks(written.jwks, source),
    from:
      token === undefined
        ? { kind: "bearer" }
        : "header" in token
          ? { kind: "header", name: token.header }
          : { kind: "cookie", name: token.cookie },
    clockSkewMs: written.clockSkew,
    requireExpiry: written.expiry === "required",
    required: written.requiredClaims,
    types: written.types?.map((type) => type.toLowerCase()) ?? null,
    cachedTokens: written.cache.tokens,
  };
}

function resolveIntrospection(name: string, written: Of<"introspection">, source: FileSource): IntrospectionIdentity {
  return {
    kind: "introspection",
    ...resolveCommon(name, written, ["sub", "username", "client_id"], true),
    url: written.url,
    clientId: written.clientId,
    clientSecret: new Secret(written.clientSecret),
    clientAuth: written.clientAuth,
    issuer: written.issuer ?? null,
    audiences: toTexts(written.audience),
    cacheForMs: written.cacheFor ?? 0,
    negativeCacheForMs: written.negativeCacheFor ?? 0,
    timeoutMs: written.timeout,
    cachedTokens: written.cache.tokens,
    ca: readCa(written.ca, source),
  };
}

function resolveApiKey(name: string, written: Of<"apiKey">): ApiKeyIdentity {
  const { header, query, cookie } = written;
  return {
    kind: "apiKey",
    ...resolveCommon(name, written, ["owner"], false),
    // check-identities.ts has refused one that says none of them.
    from:
      header !== undefined
        ? { kind: "header", name: header }
        : query !== undefined
          ? { kind: "query", name: query }
          : { kind: "cookie", name: cookie ?? "" },
    trustWithoutStoreMs: written.trustWithoutStore ?? 0,
    cachedKeys: written.cache.keys,
  };
}

function resolveMtls(name: string, written: Of<"mtls">): MtlsIdentity {
  return { kind: "mtls", ...resolveCommon(name, written, ["spiffe", "subject"], false), ids: written.ids ?? [] };
}

function resolveSession(name: string, written: Of<"session">, source: FileSource): SessionIdentity {
  return {
    kind: "session",
    ...resolveCommon(name, written, ["sub"], true),
    issuer: written.issuer,
    clientId: written.clientId,
    clientSecret: written.clientSecret === undefined ? null : new Secret(written.clientSecret),
    scopes: written.scopes,
    cookie: written.cookie ?? `__Host-${name}`,
    store: written.store,
    path: written.path ?? `/.sallyport/${name}`,
    idleMs: written.idleTimeout,
    lifetimeMs: written.lifetime,
    hosts: written.hosts,
    afterLogout: written.afterLogout,
    redirects: written.login === "redirect",
    ca: readCa(written.ca, source),
  };
}

function resolveBasic(name: string, written: Of<"basic">): BasicIdentity {
  const users = Object.entries(written.users).map(([user, { password, tenant, roles, scopes }]) => {
    return { name: user, password: new Secret(password), tenant: tenant ?? null, roles, scopes };
  });
  return { kind: "basic", ...resolveCommon(name, written, ["name"], false), realm: written.realm ?? name, users };
}

function resolveHmac(name: string, written: Of<"hmac">, source: FileSource): HmacIdentity {
  const keys = Object.entries(written.keys).map(([id, { algorithm, secret, publicKey, owner, tenant, roles, scopes }]) => {
    const text = secret ?? (publicKey === undefined ? "" : readPem(publicKey, source).text);
    return { id, algorithm, key: new Secret(text), owner: owner ?? id, tenant: tenant ?? null, roles, scopes };
  });
  return {
    kind: "hmac",
    ...resolveCommon(name, written, ["owner"], false),
    keys,
    components: written.components,
    maxAgeMs: written.maxAge,
    requireNonce: written.nonce === "required",
  };
}

function resolveExternal(name: string, written: Of<"external">, source: FileSource): ExternalIdentity {
  return {
    kind: "external",
    ...resolveCommon(name, written, ["sub", "id"], true),
    url: written.url,
    timeoutMs: written.timeout,
    sendHeaders: written.sendHeaders,
    cacheForMs: written.cacheFor ?? 0,
    cachedAnswers: written.cache.answers,
    claimHeaders: written.claimHeaders,
    ca: readCa(written.ca, source),
  };
}

function resolveInternal(name: string, written: Of<"internal">, source: FileSource): InternalIdentity {
  return {
    kind: "internal",
    ...resolveCommon(name, written, ["sub"], true),
    trust: written.trust.map(({ issuer, jwks }) => ({ issuer, jwks: resolveJwks(jwks, source) })),
    audiences: toTexts(written.audience),
    header: written.header,
  };
}
