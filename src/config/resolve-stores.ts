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
  const needsDatabase = hasTokens || identities.some((identity) => isStored(identity, gateway.sealKeys.length > 0));
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

/** A token that a client itself shows must arrive: it goes once it was read. */
function listIdentityHeaders(
  written: readonly string[],
  identities: readonly IdentityConfig[],
  upstreams: readonly UpstreamConfig[],
): readonly string[] {
  const read = new Set(identities.flatMap((identity) => (identity.kind === "internal" ? [foldName(identity.header)] : [])));
  const mapped = identities.flatMap(({ headers }) => headers?.map(([name]) => name) ?? DEFAULT_CLAIM_HEADERS);
  const tokens = upstreams.flatMap(({ internalToken }) => internalToken?.header ?? []);
  const all = new Map<string, string>();
  for (const name of [...written, ...mapped, ...tokens]) {
    const folded = foldName(name);
    if (!read.has(folded) && !all.has(folded)) all.set(folded, name);
  }
  return [...all.values()];
}
