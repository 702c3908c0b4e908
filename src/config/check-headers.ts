// Edits of header fields that contradict each other, or touch what the gateway or another key writes.

import { foldName } from "../http/index.ts";
import { parseFieldName } from "./header-text.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { Refusal } from "./refusal.ts";
import { asMap, children, get, has, keysOf } from "./written.ts";

/** By folded name: what the configuration calls it. */
export type IdentityNames = ReadonlyMap<string, string>;

const SECURITY_FIELDS: readonly (readonly [key: string, field: string])[] = [
  ["hsts", "strict-transport-security"],
  ["contentTypeOptions", "x-content-type-options"],
  ["frameOptions", "x-frame-options"],
  ["referrerPolicy", "referrer-policy"],
  ["contentSecurityPolicy", "content-security-policy"],
  ["permissionsPolicy", "permissions-policy"],
  ["crossOriginOpenerPolicy", "cross-origin-opener-policy"],
  ["crossOriginResourcePolicy", "cross-origin-resource-policy"],
  ["crossOriginEmbedderPolicy", "cross-origin-embedder-policy"],
];

/** `holder` is a route or `defaults`. */
export function checkHeaderEdits(holder: unknown, path: IssuePath, identity: IdentityNames, findings: Finding[]): void {
  const headers = get(holder, "headers");
  if (headers === undefined) return;
  for (const direction of ["request", "response"]) {
    const isRequest = direction === "request";
    const seen = new Map<string, { verb: string; name: string }>();
    for (const [verb, name, at] of listEdits(get(headers, direction), [...path, "headers", direction])) {
      if (parseFieldName(name) instanceof Refusal) continue;
      const owned = isRequest && verb !== "remove" ? identity.get(foldName(name)) : undefined;
      if (owned !== undefined) {
        const message = `\`${name}\` is an identity header (\`${owned}\`): only the gateway writes it`;
        const hint = "choose another name; `gateway.identityHeaders` has the list";
        findings.push({ code: "SP_CONFIG_HEADER_REFUSED", path: at, at: "key", message, hint });
      }
      // Of requests every spelling goes that a service may take for the name; of responses only the very name.
      const key = isRequest ? foldName(name) : name.toLowerCase();
      const before = seen.get(key);
      if (before === undefined) seen.set(key, { verb, name });
      // `set` and then `add` makes two lines of one field, which is what it says.
      else if (before.verb !== "set" || verb !== "add") findings.push(toConflict(before, verb, name, at));
    }
  }
  checkOwned(holder, path, findings);
}

function toConflict(before: { readonly verb: string; readonly name: string }, verb: string, name: string, at: IssuePath): Finding {
  const isOneName = before.name.toLowerCase() === name.toLowerCase();
  const where = before.verb === verb ? `stands twice in \`${verb}\`` : `stands in \`${before.verb}\` and in \`${verb}\``;
  const message = isOneName ? `\`${name}\` ${where}` : `\`${name}\` ${where}: services take it for the same name as \`${before.name}\``;
  const both = new Set([before.verb, verb]);
  const hint = both.has("remove")
    ? "`set` replaces what was there"
    : verb === "add"
      ? "`add` takes a list: a line for each"
      : "keep one of them";
  return { code: "SP_CONFIG_HEADER_CONFLICT", path: at, at: "key", message, hint };
}

/** Fields of responses that `cors` and `securityHeaders` write. */
function checkOwned(holder: unknown, path: IssuePath, findings: Finding[]): void {
  const security = get(holder, "securityHeaders");
  const owners = new Map(SECURITY_FIELDS.flatMap(([key, field]) => (has(security, key) ? [[field, `securityHeaders.${key}`]] : [])));
  const hasCors = asMap(get(holder, "cors")) !== undefined;
  if (owners.size === 0 && !hasCors) return;
  for (const [verb, name, at] of listEdits(get(holder, "headers", "response"), [...path, "headers", "response"])) {
    const lower = name.toLowerCase();
    const owner = owners.get(lower) ?? (hasCors && lower.startsWith("access-control-") ? "cors" : undefined);
    if (owner === undefined) continue;
    const message = `\`${name}\` stands in \`headers.response.${verb}\`, and \`${owner}\` writes it as well`;
    const hint = owner === "cors" ? "`cors` alone speaks of other origins: say it there" : "keep one of the two";
    findings.push({ code: "SP_CONFIG_HEADER_CONFLICT", path: at, at: "key", message, hint });
  }
}

function listEdits(edits: unknown, path: IssuePath): [verb: string, name: string, at: IssuePath][] {
  if (edits === undefined) return [];
  const removed = children(edits, path, "remove").flatMap(([at, name]): [string, string, IssuePath][] =>
    typeof name === "string" ? [["remove", name, at]] : [],
  );
  const written = ["set", "add"].flatMap((verb) =>
    keysOf(get(edits, verb)).map((name): [string, string, IssuePath] => [verb, name, [...path, verb, name]]),
  );
  return [...removed, ...written];
}
