// Edits of header fields that contradict each other, or touch what the gateway or another key writes.

import type { Finding, IssuePath } from "./issue.ts";
import type { JudgedName, JudgedNames } from "./judged-names.ts";
import { asMap, get, has, keysOf } from "./written.ts";

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

interface Edit {
  readonly verb: "remove" | "set" | "add";
  readonly name: string;
  /** The last part of its path: a key, or an index of the list to remove. */
  readonly at: string | number;
}

/** `holder` is a route or `defaults`. */
export function checkHeaderEdits(holder: unknown, path: IssuePath, names: JudgedNames, findings: Finding[]): void {
  const headers = get(holder, "headers");
  if (headers === undefined) return;
  for (const direction of ["request", "response"] as const) {
    const edits = listEdits(get(headers, direction));
    if (edits.length > 0) checkDirection(edits, [...path, "headers", direction], direction === "request", names, findings);
  }
  checkOwned(holder, path, findings);
}

function checkDirection(edits: readonly Edit[], path: IssuePath, isRequest: boolean, names: JudgedNames, findings: Finding[]): void {
  const seen = new Map<string, Edit>();
  for (const edit of edits) {
    const judged = names.of(edit.name);
    if (!judged.isFree) continue;
    if (isRequest && edit.verb !== "remove" && judged.identity !== undefined) findings.push(toRefusal(edit, judged, path));
    // Of requests every spelling goes that a service may take for the name; of responses only the very name.
    const key = isRequest ? judged.folded : judged.lower;
    const before = seen.get(key);
    if (before === undefined) seen.set(key, edit);
    // `set` and then `add` makes two lines of one field, which is what it says.
    else if (before.verb !== "set" || edit.verb !== "add") findings.push(toConflict(before, edit, path));
  }
}

function toRefusal(edit: Edit, judged: JudgedName, path: IssuePath): Finding {
  const as = judged.identity === edit.name ? "" : ` (\`${judged.identity}\`)`;
  const message = `\`${edit.name}\` is an identity header${as}: only the gateway writes it`;
  const hint = "choose another name; `gateway.identityHeaders` and the `headers` of identities have the list";
  return { code: "SP_CONFIG_HEADER_REFUSED", path: [...path, edit.verb, edit.at], at: "key", message, hint };
}

function toConflict(before: Edit, { verb, name, at }: Edit, path: IssuePath): Finding {
  const isOneName = before.name.toLowerCase() === name.toLowerCase();
  const where = before.verb === verb ? `stands twice in \`${verb}\`` : `stands in \`${before.verb}\` and in \`${verb}\``;
  const message = isOneName ? `\`${name}\` ${where}` : `\`${name}\` ${where}: services take it for the same name as \`${before.name}\``;
  const otherHint = before.verb === "remove" ? "`set` replaces what was there" : "`add` takes a list: a line for each";
  const hint = before.verb === verb ? "keep one of them" : otherHint;
  return { code: "SP_CONFIG_HEADER_CONFLICT", path: [...path, verb, at], at: "key", message, hint };
}

/** Fields of responses that `cors` and `securityHeaders` write. */
function checkOwned(holder: unknown, path: IssuePath, findings: Finding[]): void {
  const security = asMap(get(holder, "securityHeaders"));
  const hasCors = asMap(get(holder, "cors")) !== undefined;
  const edits = get(holder, "headers", "response");
  if (edits === undefined || (security === undefined && !hasCors)) return;
  for (const { verb, name, at } of listEdits(edits)) {
    const lower = name.toLowerCase();
    const key = security === undefined ? undefined : SECURITY_FIELDS.find(([own, field]) => field === lower && has(security, own))?.[0];
    const owner = key !== undefined ? `securityHeaders.${key}` : hasCors && lower.startsWith("access-control-") ? "cors" : undefined;
    if (owner === undefined) continue;
    const message = `\`${name}\` stands in \`headers.response.${verb}\`, and \`${owner}\` writes it as well`;
    const hint = owner === "cors" ? "`cors` alone speaks of other origins: say it there" : "keep one of the two";
    findings.push({ code: "SP_CONFIG_HEADER_CONFLICT", path: [...path, "headers", "response", verb, at], at: "key", message, hint });
  }
}

/** In the order in which they are applied. */
function listEdits(edits: unknown): Edit[] {
  const listed: Edit[] = [];
  if (edits === undefined) return listed;
  const removed = get(edits, "remove");
  if (Array.isArray(removed)) {
    for (const [at, name] of removed.entries()) if (typeof name === "string") listed.push({ verb: "remove", name, at });
  }
  for (const verb of ["set", "add"] as const) for (const name of keysOf(get(edits, verb))) listed.push({ verb, name, at: name });
  return listed;
}
