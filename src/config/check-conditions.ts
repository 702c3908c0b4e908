// Conditions on header fields and query parameters: fields that no request has any more when it is routed, values that none can have.

import { foldName } from "../http/index.ts";
import type { IdentityNames } from "./check-headers.ts";
import { parseConditionField, parseFieldValue } from "./header-text.ts";
import { type Finding, type IssuePath, toPathText, toShown } from "./issue.ts";
import { Refusal } from "./refusal.ts";
import { asMap, checkEntries, children, contradiction, get, has, toExact } from "./written.ts";

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
  identity: IdentityNames,
  apiField: string | undefined,
  findings: Finding[],
): void {
  const headers = asMap(get(match, "headers"));
  const seen = new Map<string, string>();
  for (const [name, wanted] of Object.entries(headers ?? {})) {
    const at = [...path, "headers", name];
    const lower = name.toLowerCase();
    const first = seen.get(lower);
    if (first !== undefined) {
      const message = `the header \`${name}\` stands twice: it is \`${first}\` as well, since names have no case`;
      findings.push({
        code: "SP_CONFIG_DUPLICATE_KEY",
        path: at,
        at: "key",
        message,
        hint: "several values are written `{ oneOf: [a, b] }`",
      });
    }
    seen.set(lower, name);
    checkConditionName(name, at, identity, findings);
    if (lower === apiField) {
      const message = `the route's api asks for \`${name}\` already: a version is told by it`;
      findings.push(contradiction(at, "key", message, "say which versions the route serves in `api.versions`"));
    }
    checkValues(wanted, at, true, findings);
  }
  for (const [name, wanted] of Object.entries(asMap(get(match, "query")) ?? {}))
    checkValues(wanted, [...path, "query", name], false, findings);
}

/** A field by which requests are told apart must still be there when they are. */
export function checkConditionName(
  name: string,
  at: IssuePath,
  identity: IdentityNames,
  findings: Finding[],
  place: "key" | "value" = "key",
): void {
  if (parseConditionField(name) instanceof Refusal) return;
  const folded = foldName(name);
  const owned = identity.get(folded);
  const isForwarding = FORWARDING.has(folded) || folded.startsWith("x-forwarded-");
  if (owned === undefined && !isForwarding) return;
  const why =
    owned === undefined
      ? "the gateway removes it from clients' requests and writes its own"
      : `it is an identity header (\`${owned}\`), which the gateway removes from every client's request`;
  const message = `no route can be chosen by \`${name}\`: ${why} before a route is chosen`;
  findings.push({ code: "SP_CONFIG_HEADER_REFUSED", path: at, at: place, message, hint: "ask for another header" });
}

function checkValues(wanted: unknown, path: IssuePath, isHeader: boolean, findings: Finding[]): void {
  const values: [IssuePath, unknown][] = [[path, wanted]];
  if (has(wanted, "is")) values.push([[...path, "is"], get(wanted, "is")]);
  values.push(...children(wanted, path, "oneOf").map(([at, value]): [IssuePath, unknown] => [[...at], value]));
  checkEntries(get(wanted, "oneOf"), [...path, "oneOf"], findings, toExact);
  if (!isHeader) return;
  for (const [at, value] of values) {
    const refusal = typeof value === "string" ? parseFieldValue(value) : undefined;
    if (!(refusal instanceof Refusal)) continue;
    const message = `\`${toPathText(at)}\` must be ${refusal.expected}; got ${toShown(value)}`;
    findings.push({ code: refusal.code, path: at, at: "value", message, hint: refusal.hint });
  }
}
