// What tells upstreams who calls is taken from every client's request before anybody reads it. A credential in a field of such a name would
// never be seen: nobody could get in with it, and where one is optional a bad one would pass as none.

import { foldName } from "../http/index.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { DEFAULT_IDENTITY_HEADERS } from "./schema.ts";
import { children, get, has, keysOf, texts } from "./written.ts";

/** Fields that always hold credentials. */
const GENERAL = new Set(["authorization", "cookie", "proxy-authorization"]);

export function checkShownFields(root: unknown, findings: Finding[]): void {
  const written = texts(get(root, "gateway", "identityHeaders"));
  for (const [index, name] of (written ?? []).entries()) {
    if (GENERAL.has(foldName(name))) findings.push(refused(name, ["gateway", "identityHeaders", index]));
  }
  for (const [path, upstream] of children(root, [], "upstreams")) {
    const name = get(upstream, "internalToken", "header");
    // In Authorization it takes the place of the client's own.
    if (typeof name !== "string" || name.toLowerCase() === "authorization" || !GENERAL.has(foldName(name))) continue;
    findings.push(refused(name, [...path, "internalToken", "header"]));
  }
  const identities = children(root, [], "identities").flatMap(([at, identity]) =>
    keysOf(identity).map((kind) => [[...at, kind], kind, get(identity, kind)] as const),
  );
  const mapped = fold(identities.flatMap(([, , kind]) => (has(kind, "headers") ? keysOf(get(kind, "headers")) : DEFAULT_IDENTITY_HEADERS)));
  const all = new Set([...mapped, ...fold(written ?? DEFAULT_IDENTITY_HEADERS)]);
  for (const [path, kind, identity] of identities) {
    for (const [name, at] of listShown(kind, identity, path)) {
      // Where it is an internal token's, `identityHeaders` yields; of general fields it is said elsewhere that nothing may be mapped to them.
      if (!GENERAL.has(foldName(name)) && (kind === "internal" ? mapped : all).has(foldName(name))) findings.push(refused(name, at));
    }
  }
}

function listShown(kind: string, identity: unknown, path: IssuePath): readonly (readonly [name: string, at: IssuePath])[] {
  if (kind === "external")
    return (texts(get(identity, "sendHeaders")) ?? []).map((name, index) => [name, [...path, "sendHeaders", index]] as const);
  const [holder, at] = kind === "jwt" ? [get(identity, "token"), [...path, "token", "header"]] : [identity, [...path, "header"]];
  const name = kind === "jwt" || kind === "apiKey" || kind === "internal" ? get(holder, "header") : undefined;
  return typeof name === "string" ? [[name, at]] : [];
}

function fold(names: readonly string[]): Set<string> {
  return new Set(names.map(foldName));
}

function refused(name: string, path: IssuePath): Finding {
  const message = `\`${name}\` can't hold a credential and tell upstreams who calls: what tells that is removed from every client's request`;
  return { code: "SP_CONFIG_HEADER_REFUSED", path, at: "value", message, hint: "choose another name for one of the two" };
}
