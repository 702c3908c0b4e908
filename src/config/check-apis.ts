// APIs in versions: that routes and `apis` speak of the same ones, that a version can stand where it is told, and that dates agree.

import { checkConditionName } from "./check-conditions.ts";
import type { Finding, IssuePath } from "./issue.ts";
import type { JudgedNames } from "./judged-names.ts";
import { isHostName, parseHostPattern, parseName, parsePathPrefix } from "./patterns.ts";
import { parseDate } from "./route-values.ts";
import { checkEntries, children, contradiction, get, has, isWell, keysOf, parsed, texts, toExact, unknownReference } from "./written.ts";

/** The APIs by themselves; `apis` is the value of that key. */
export function checkApis(apis: unknown, names: JudgedNames, nowMs: number, findings: Finding[]): void {
  for (const [path, api] of children({ apis }, [], "apis")) {
    const versions = keysOf(get(api, "versions"));
    const standard = get(api, "default");
    if (typeof standard === "string" && !versions.includes(standard)) {
      findings.push(unknownReference([...path, "default"], `version of \`${path.at(-1)}\``, standard, versions));
    }
    const field = get(api, "versionBy", "header");
    if (typeof field === "string") checkConditionName(field, [...path, "versionBy", "header"], "value", names, findings);
    const prefix = get(api, "versionBy", "hostPrefix");
    for (const [at, dates] of children(api, path, "versions")) {
      checkDates(dates, at, nowMs, findings);
      const version = String(at.at(-1));
      if (typeof prefix !== "string" || !isWell(version, parseName) || isHostName(`${prefix}${version}.x`)) continue;
      const message = `the version \`${version}\` is told by the host, and \`${prefix}${version}\` can't begin one: hosts are lower case, without \`_\` at a border`;
      findings.push({ code: "SP_CONFIG_BAD_NAME", path: at, at: "key", message, hint: `call it \`${version.toLowerCase()}\`?` });
    }
  }
}

/** What a route says of its API; `teamHosts` are those that it takes when it names none. */
export function checkRouteApi(route: unknown, path: IssuePath, apis: unknown, teamHosts: unknown, findings: Finding[]): void {
  if (!has(route, "api")) return;
  const at = [...path, "api"];
  const name = get(route, "api", "name");
  const versions = get(route, "api", "versions");
  checkEntries(versions, [...at, "versions"], findings, toExact);
  if (has(route, "lifecycle")) {
    const message = "`lifecycle` can't stand beside `api`: the dates of a version are said once, in `apis`";
    findings.push(
      contradiction([...path, "lifecycle"], "key", message, 'move them there: `apis: { NAME: { versions: { "1": { sunset: … } } } }`'),
    );
  }
  if (typeof name !== "string") return;
  if (!has(apis, name)) {
    findings.push(unknownReference([...at, "name"], "api", name, keysOf(apis)));
    return;
  }
  const known = get(apis, name, "versions");
  for (const [versionPath, version] of children(get(route, "api"), at, "versions")) {
    if (typeof version !== "string") continue;
    if (!has(known, version)) findings.push(unknownReference(versionPath, `version of \`${name}\``, version, keysOf(known)));
    else if (Array.isArray(versions) && versions.length > 1 && keysOf(get(known, version)).length > 0) {
      const message = `the version \`${version}\` has dates of its own, which answers to other versions must not bear`;
      findings.push(contradiction(versionPath, "value", message, `write a route for \`versions: ["${version}"]\` alone`));
    }
  }
  const prefix = get(apis, name, "versionBy", "hostPrefix");
  if (typeof prefix === "string") checkVersionedHosts(route, path, prefix, teamHosts, findings);
}

function checkVersionedHosts(route: unknown, path: IssuePath, prefix: string, teamHosts: unknown, findings: Finding[]): void {
  const told = `the api tells its version by the host (\`${prefix}2.api.example.com\`)`;
  const isOwn = has(get(route, "match"), "hosts");
  const hosts = texts(isOwn ? get(route, "match", "hosts") : teamHosts);
  if (hosts === undefined || hosts.length === 0) {
    const message = `${told}, and the route names no host to put it in front of`;
    findings.push(contradiction([...path, "api"], "key", message, "add `hosts: [api.example.com]` to `match`"));
  }
  for (const [index, host] of (hosts ?? []).entries()) {
    if (!host.startsWith("*.") || !isWell(host, parseHostPattern)) continue;
    const message = `${told}, which can't be put in front of \`${host}\``;
    const at = isOwn ? [...path, "match", "hosts", index] : [...path, "api"];
    findings.push(contradiction(at, isOwn ? "value" : "key", message, "name the hosts one by one"));
  }
}

/** The paths of a route whose own is `pattern` once the version stands in them; that one when it stands elsewhere. */
export function toEffectivePaths(route: unknown, pattern: string, apis: unknown): readonly string[] {
  const name = get(route, "api", "name");
  const api = typeof name === "string" ? get(apis, name) : undefined;
  const prefix = get(api, "versionBy", "pathPrefix");
  if (!isWell(prefix, parsePathPrefix)) return [pattern];
  const versions = texts(get(route, "api", "versions")) ?? [];
  const paths = versions.map((version) => `${prefix}${version}${pattern === "/" ? "" : pattern}`);
  const standard = get(api, "default");
  return typeof standard === "string" && versions.includes(standard) ? [...paths, pattern] : paths;
}

/** `deprecated`, `sunset` and what follows them: of a version, or of a route. */
export function checkDates(dates: unknown, path: IssuePath, nowMs: number, findings: Finding[]): void {
  const deprecated = parsed(get(dates, "deprecated"), parseDate);
  const sunset = parsed(get(dates, "sunset"), parseDate);
  const isGone = get(dates, "afterSunset") === "gone";
  if (deprecated !== undefined && sunset !== undefined && sunset < deprecated) {
    const message = `the sunset \`${get(dates, "sunset")}\` lies before the deprecation \`${get(dates, "deprecated")}\``;
    findings.push(contradiction([...path, "sunset"], "value", message, "what ends is deprecated first (RFC 9745): exchange the dates?"));
  }
  if (isGone && !has(dates, "sunset")) {
    const message = "`afterSunset: gone` needs a `sunset`: without it nothing is ever gone";
    findings.push(contradiction([...path, "afterSunset"], "key", message, "write `sunset: 2026-12-31`"));
  }
  if (sunset === undefined || sunset > nowMs || isGone) return;
  const message = `the sunset \`${get(dates, "sunset")}\` lies in the past, and requests are answered as before`;
  const hint = "say `afterSunset: gone` to answer 410, or remove what has ended";
  findings.push({ code: "SP_CONFIG_SUNSET_PAST", path: [...path, "sunset"], at: "value", message, hint });
}
