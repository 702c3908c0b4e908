// What a configuration as a whole needs because somebody in it does: a database, keys for internal tokens, and the headers that no client
// may send. Teams may need the second and third, so this runs once they are together.

import { resolve } from "node:path";
import { Secret } from "../base/index.ts";
import { foldName } from "../http/index.ts";
import type { GatewayConfig, UpstreamConfig } from "./config.ts";
import type { DatabaseConfig, IdentityConfig, InternalTokenConfig } from "./identity-config.ts";
import { type FileSource, readPem } from "./resolve-tls.ts";
import type { Configuration } from "./schema.ts";

const DEFAULT_FILE = "sallyport.db";
/** Where an identity maps nothing. */
export const DEFAULT_CLAIM_HEADERS = ["X-User-Id", "X-User-Roles", "X-Tenant-Id"];

export function resolveDatabase(written: Configuration["database"], source: FileSource): DatabaseConfig | null {
  if (written === undefined) return null;
  if ("sqlite" in written) return { kind: "sqlite", path: resolve(source.folder, written.sqlite.path) };
  const { url, ca } = written.postgres;
  return { kind: "postgres", url: new Secret(url), ca: ca === undefined ? null : readPem(ca, source).text };
}

type WrittenToken = Configuration["upstreams"][string]["internalToken"];

export function resolveInternalToken(written: WrittenToken): InternalTokenConfig | null {
  if (written === undefined) return null;
  const { audience, ttl, header, deadline } = written;
  return { audience, ttlMs: ttl, header, deadline };
}

/** `config` has its teams' parts, and all that is written. */
export function completeConfiguration(config: GatewayConfig, written: Configuration): GatewayConfig {
  const { gateway, identities, upstreams } = config;
  const hasTokens = upstreams.some(({ internalToken }) => internalToken !== null);
  const hasQuotas = config.rateLimits.some(({ store }) => store === "database");
  const needsDatabase = hasTokens || hasQuotas || identities.some((identity) => isStored(identity, gateway.sealKeys.length > 0));
  const isKept = config.database === null && needsDatabase && gateway.stateDir !== null;
  const { issuer, algorithm, rotateEvery, overlap } = written.internalKeys;
  return {
    ...config,
    gateway: { ...gateway, identityHeaders: listIdentityHeaders(gateway.identityHeaders, identities, upstreams) },
    database: isKept ? { kind: "sqlite", path: resolve(gateway.stateDir ?? "", DEFAULT_FILE) } : config.database,
    internalKeys: hasTokens
      ? { issuer: issuer ?? `sallyport:${gateway.name}`, algorithm, rotateEveryMs: rotateEvery, overlapMs: overlap }
      : null,
  };
}

function isStored(identity: IdentityConfig, hasSealKeys: boolean): boolean {
  return identity.kind === "apiKey" || (identity.kind === "session" && (identity.store === "database" || !hasSealKeys));
}

/**
 * What clients themselves show must arrive: it goes once it was read. So the field of a token of ours that is one of theirs as well, such as
 * `Authorization`, is not among these; the token takes its place.
 */
function listIdentityHeaders(
  written: readonly string[],
  identities: readonly IdentityConfig[],
  upstreams: readonly UpstreamConfig[],
): readonly string[] {
  const internal = new Set(identities.flatMap((identity) => (identity.kind === "internal" ? [foldName(identity.header)] : [])));
  const shown = new Set(["authorization", ...identities.flatMap(listShown).map(foldName)]);
  const mapped = identities.flatMap(({ headers }) => headers?.map(([name]) => name) ?? DEFAULT_CLAIM_HEADERS);
  const tokens = upstreams.flatMap(({ internalToken }) => internalToken?.header ?? []);
  const all = new Map<string, string>();
  const add = (names: readonly string[], but: ReadonlySet<string>) => {
    for (const name of names) if (!but.has(foldName(name)) && !all.has(foldName(name))) all.set(foldName(name), name);
  };
  add(written, internal);
  add(mapped, new Set());
  add(tokens, shown);
  return [...all.values()];
}

/** The fields that an identity reads its credential from. */
function listShown(identity: IdentityConfig): readonly string[] {
  if (identity.kind === "internal") return [identity.header];
  if (identity.kind === "external") return identity.sendHeaders;
  return (identity.kind === "jwt" || identity.kind === "apiKey") && identity.from.kind === "header" ? [identity.from.name] : [];
}
