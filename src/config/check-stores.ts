// What needs a database has one, keys that seal are long enough, and a listener asks for the certificates that an identity looks at.

import type { CheckContext } from "./check-context.ts";
import { checkSecret } from "./check-identities.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { parseDuration } from "./quantities.ts";
import { checkEntries, children, contradiction, get, has, parsed, toExact } from "./written.ts";

const LEAST_BYTES = 32;

interface Need {
  readonly path: IssuePath;
  readonly what: string;
  /** What is kept is sealed, or sealed things are read again. */
  readonly isSealed: boolean;
  /** Whether `gateway.sealKeys` would do in the place of a database. */
  readonly isKeyAlone: boolean;
}

/** Of `root`, the gateway's own file or a team's. */
export function checkStores(root: unknown, gateway: unknown, findings: Finding[]): void {
  const hasSealKeys = has(get(gateway, "gateway"), "sealKeys");
  const hasDatabase = has(gateway, "database");
  for (const { path, what, isSealed, isKeyAlone } of listNeeds(root)) {
    if (isKeyAlone && hasSealKeys) continue;
    if (!hasDatabase && !has(get(gateway, "gateway"), "stateDir")) {
      const message = `${what} in a database, and there is none`;
      const other = isKeyAlone ? ", or `gateway: { sealKeys: […] }`" : "";
      const hint = `add \`gateway: { stateDir: ./state }\` for a file there, or \`database: { postgres: … }\` for several gateways${other}`;
      findings.push({ code: "SP_CONFIG_DATABASE", path, at: "key", message, hint });
    } else if (isSealed && !hasSealKeys && has(get(gateway, "database"), "postgres")) {
      const message = `${what} in a database on another machine, and nothing there is sealed`;
      const hint = 'add `gateway: { sealKeys: ["${env:SEAL_KEY}"] }`; `openssl rand -hex 32` makes a key';
      findings.push({ code: "SP_CONFIG_DATABASE", path, at: "key", message, hint });
    }
  }
}

function listNeeds(root: unknown): Need[] {
  const needs: Need[] = [];
  for (const [path, identity] of children(root, [], "identities")) {
    if (has(identity, "apiKey")) {
      needs.push({ path: [...path, "apiKey"], what: "API keys are kept", isSealed: false, isKeyAlone: false });
    }
    if (!has(identity, "session")) continue;
    const isStored = get(identity, "session", "store") === "database";
    const what = isStored ? "sessions are kept" : "the key that seals sessions is kept";
    needs.push({ path: [...path, "session"], what, isSealed: true, isKeyAlone: !isStored });
  }
  for (const [path, limit] of children(root, [], "rateLimits")) {
    if (has(limit, "quota")) needs.push({ path: [...path, "quota"], what: "quotas are kept", isSealed: false, isKeyAlone: false });
  }
  for (const [path, upstream] of children(root, [], "upstreams")) {
    if (!has(upstream, "internalToken")) continue;
    needs.push({ path: [...path, "internalToken"], what: "the keys of internal tokens are kept", isSealed: true, isKeyAlone: false });
  }
  return needs;
}

/** Of the gateway's own file. */
export function checkKeeping(root: unknown, context: CheckContext, findings: Finding[]): void {
  const keys = get(root, "gateway", "sealKeys");
  const path = ["gateway", "sealKeys"];
  if (Array.isArray(keys)) {
    checkEntries(keys, path, findings, toExact);
    for (const [index, key] of keys.entries()) {
      if (!checkSecret(keys, path, index, context, findings)) continue;
      const bytes = countBytes(String(key));
      if (bytes !== null && bytes >= LEAST_BYTES) continue;
      const wrong = bytes === null ? "it is neither hexadecimal nor base64" : `it has ${bytes} bytes, where ${LEAST_BYTES} are the least`;
      const message = `the key that seals is no use: ${wrong}`;
      const hint = "`openssl rand -hex 32` makes one";
      findings.push({ code: "SP_CONFIG_CREDENTIAL", path: [...path, index], at: "value", message, hint });
    }
  }
  if (has(root, "database")) checkSecret(get(root, "database", "postgres"), ["database", "postgres"], "url", context, findings);
  checkCertificates(root, findings);
  const keysPath = ["internalKeys", has(get(root, "internalKeys"), "overlap") ? "overlap" : "rotateEvery"];
  const [rotateMs, overlapMs] = [toMs(root, "rotateEvery", "24h"), toMs(root, "overlap", "1h")];
  if (rotateMs === undefined || overlapMs === undefined || overlapMs < rotateMs) return;
  const message = "`overlap` must be shorter than `rotateEvery`: a key would be followed before it signs";
  findings.push(contradiction(keysPath, "key", message, "`rotateEvery` is `24h` and `overlap` is `1h` where they are left out"));
}

function toMs(root: unknown, key: string, standard: string): number | undefined {
  return parsed(get(root, "internalKeys", key) ?? standard, (text) => parseDuration(text, { example: standard, off: false, max: "3650d" }));
}

function checkCertificates(root: unknown, findings: Finding[]): void {
  const asks = children(root, [], "listeners").some(([, listener]) =>
    children(get(listener, "tls"), [], "certificates").some(([, certificate]) => has(certificate, "clientAuth")),
  );
  if (asks) return;
  for (const [path, identity] of children(root, [], "identities")) {
    if (!has(identity, "mtls")) continue;
    const message = "no listener asks clients for certificates, so that none is ever shown";
    const hint = "add `clientAuth: { ca: PATH, mode: optional }` to a certificate of a listener";
    findings.push(contradiction([...path, "mtls"], "key", message, hint));
  }
}

/** Null: of neither form. */
function countBytes(text: string): number | null {
  if (/^(?:[0-9a-fA-F]{2})+$/.test(text)) return text.length / 2;
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return null;
  return Buffer.from(text, "base64").length;
}
