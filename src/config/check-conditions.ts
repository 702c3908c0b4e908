// Conditions on header fields and query parameters: fields that no request has any more when it is routed, values that none can have.

import { parseFieldValue } from "./header-text.ts";
import { type Finding, type IssuePath, toPathText, toShown } from "./issue.ts";
import type { JudgedNames } from "./judged-names.ts";
import { Refusal } from "./refusal.ts";
import { asMap, checkEntries, contradiction, get, toExact } from "./written.ts";

// What policies/forwarding takes from clients before routing, folded.
const FORWARDING = new Set([
  "forwarded",
  "proxy",
  "true-client-ip",
  "x-client-ip",
  "x-original-url",
  "x-real-ip",
  "x-request-id",
  "x-rewrite-url",
]);

/** `apiField` is the header by which the route's api tells its version, in lower case. */
export function checkConditions(
  match: unknown,
  path: IssuePath,
  names: JudgedNames,
  apiField: string | undefined,
  findings: Finding[],
): void {
  const headers = asMap(get(match, "headers"));
  if (headers !== undefined) checkHeaderConditions(headers, [...path, "headers"], names, apiField, findings);
  const query = asMap(get(match, "query"));
  if (query === undefined) return;
  for (const [name, wanted] of Object.entries(query))
    checkEntries(get(wanted, "oneOf"), [...path, "query", name, "oneOf"], findings, toExact);
}

function checkHeaderConditions(
  headers: Readonly<Record<string, unknown>>,
  path: IssuePath,
  names: JudgedNames,
  apiField: string | undefined,
  findings: Finding[],
): void {
  const seen = new Map<string, string>();
  for (const [name, wanted] of Object.entries(headers)) {
    const at = [...path, name];
    const { lower } = names.of(name);
    const first = seen.get(lower);
    if (first !== undefined) {
      const message = `the header \`${name}\` stands twice: it is \`${first}\` as well, since names have no case`;
      const hint = "several values are written `{ oneOf: [a, b] }`";
      findings.push({ code: "SP_CONFIG_DUPLICATE_KEY", path: at, at: "key", message, hint });
    }
    seen.set(lower, name);
    checkConditionName(name, at, "key", names, findings);
    if (lower === apiField) {
      const message = `the route's api asks for \`${name}\` already: a version is told by it`;
      findings.push(contradiction(at, "key", message, "say which versions the route serves in `api.versions`"));
    }
    checkValue(wanted, at, findings);
    if (asMap(wanted) === undefined) continue;
    checkValue(get(wanted, "is"), [...at, "is"], findings);
    const values = get(wanted, "oneOf");
    checkEntries(values, [...at, "oneOf"], findings, toExact);
    if (Array.isArray(values)) for (const [index, value] of values.entries()) checkValue(value, [...at, "oneOf", index], findings);
  }
}

/** A field by which requests are told apart must still be there when they are; `place` says where `at` has the name, `what` begins the sentence. */
export function checkConditionName(
  name: string,
  at: IssuePath,
  place: "key" | "value",
  names: JudgedNames,
  findings: Finding[],
  what = "no route can be chosen by",
): void {
  const { isFree, folded, identity } = names.of(name);
  if (!isFree || (identity === undefined && !FORWARDING.has(folded) && !folded.startsWith("x-forwarded-"))) return;
  const why =
    identity === undefined
      ? "the gateway removes it from clients' requests and writes its own"
      : `it is an identity header (\`${identity}\`), which the gateway removes from every client's request`;
  const message = `${what} \`${name}\`: ${why} before a route is chosen`;
  findings.push({ code: "SP_CONFIG_HEADER_REFUSED", path: at, at: place, message, hint: "ask for another header" });
}

function checkValue(value: unknown, path: IssuePath, findings: Finding[]): void {
  const refusal = typeof value === "string" ? parseFieldValue(value) : undefined;
  if (!(refusal instanceof Refusal)) return;
  const message = `\`${toPathText(path)}\` must be ${refusal.expected}; got ${toShown(value)}`;
  findings.push({ code: refusal.code, path, at: "value", message, hint: refusal.hint });
}
