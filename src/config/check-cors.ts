// What browsers make of `cors` and `securityHeaders`: combinations that they refuse or read as nothing.

import type { Finding, IssuePath } from "./issue.ts";
import { parseDuration } from "./quantities.ts";
import { parseOrigin } from "./route-values.ts";
import { checkEntries, children, contradiction, duplicateEntry, get, parsed, texts, toExact } from "./written.ts";

// hstspreload.org: a year, of all subdomains.
const PRELOAD_MS = 365 * 86_400_000;

/** `holder` is a route or `defaults`. */
export function checkCors(holder: unknown, path: IssuePath, findings: Finding[]): void {
  const cors = get(holder, "cors");
  if (cors === undefined) return;
  const at = [...path, "cors"];
  const hasCredentials = get(cors, "credentials") === true;
  const origins = children(cors, at, "origins");
  if (hasCredentials && origins.some(([, origin]) => origin === "*")) {
    const message = "`credentials: true` can't stand beside the origin `*`: browsers refuse such answers (Fetch standard)";
    findings.push(contradiction([...at, "credentials"], "key", message, "name the origins: `origins: [https://shop.example.com]`"));
  }
  checkOrigins(origins, findings);
  checkEntries(get(cors, "methods"), [...at, "methods"], findings, toExact);
  for (const key of ["headers", "exposeHeaders"]) {
    const names = get(cors, key);
    checkEntries(names, [...at, key], findings);
    const star = texts(names)?.indexOf("*") ?? -1;
    if (!hasCredentials || star === -1) continue;
    const message = `with \`credentials: true\` the \`*\` in \`${key}\` is a header of that name (Fetch standard)`;
    const hint = key === "headers" ? "leave `headers` out: then what is asked for is allowed" : "name the headers";
    findings.push(contradiction([...at, key, star], "value", message, hint));
  }
}

function checkOrigins(places: readonly (readonly [path: IssuePath, value: unknown])[], findings: Finding[]): void {
  if (places.length < 2) return;
  const origins = places.map(([at, value]) => [at, parsed(value, parseOrigin)] as const);
  const all = new Set(origins.map(([, origin]) => origin));
  const seen = new Set<string>();
  for (const [at, origin] of origins) {
    if (origin === undefined) continue;
    const wider = listWider(origin).find((other) => all.has(other));
    if (seen.has(origin)) findings.push(duplicateEntry(at, origin));
    else if (wider !== undefined) {
      const message = `\`${origin}\` is one of \`${wider}\` already`;
      findings.push({ code: "SP_CONFIG_DUPLICATE_ENTRY", path: at, at: "value", message, hint: "take one of the two out" });
    }
    seen.add(origin);
  }
}

/** Every entry that would take the origin as well. */
function listWider(origin: string): string[] {
  if (origin === "*") return [];
  const [scheme = "", host = ""] = origin.split("://");
  const labels = host.replace(/^\*\./, "").split(".");
  return ["*", ...labels.slice(1).map((_, index) => `${scheme}://*.${labels.slice(index + 1).join(".")}`)];
}

/** `holder` is a route or `defaults`. */
export function checkSecurityHeaders(holder: unknown, path: IssuePath, findings: Finding[]): void {
  const hsts = get(holder, "securityHeaders", "hsts");
  if (get(hsts, "preload") !== true) return;
  const age = parsed(get(hsts, "maxAge"), (text) => parseDuration(text, { example: "365d", off: false, max: "3650d" }));
  const lacks =
    get(hsts, "includeSubDomains") !== true
      ? "`includeSubDomains: true`"
      : age !== undefined && age < PRELOAD_MS
        ? "a `maxAge` of a year"
        : undefined;
  if (lacks === undefined) return;
  const message = `\`preload\` needs ${lacks}: no browser takes the host into its list without`;
  const hint = "write `hsts: { maxAge: 365d, includeSubDomains: true, preload: true }`, or leave `preload` out";
  findings.push(contradiction([...path, "securityHeaders", "hsts", "preload"], "key", message, hint));
}
