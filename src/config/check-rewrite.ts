// Changes to the address: a prefix that every path of the route has, a whole new path or pieces of the old one, query edits that
// don't undo each other.

import type { Finding, IssuePath } from "./issue.ts";
import { isPrefixOfPattern, parsePathPrefix } from "./patterns.ts";
import { checkEntries, contradiction, get, has, isWell, keysOf, texts, toExact } from "./written.ts";

/** `effectivePaths` are the route's paths once an API version stands in them; none when its own can't be read. */
export function checkRewrite(route: unknown, path: IssuePath, effectivePaths: readonly string[], findings: Finding[]): void {
  const rewrite = get(route, "rewrite");
  if (rewrite === undefined) return;
  const at = [...path, "rewrite"];
  const prefix = get(rewrite, "stripPrefix");
  const pattern = get(route, "match", "path");
  if (typeof prefix === "string") {
    const other = effectivePaths.find((effective) => !isPrefixOfPattern(prefix, effective));
    if (other !== undefined && isWell(prefix, parsePathPrefix)) {
      const message = `the route's path \`${other}\` does not begin with the prefix \`${prefix}\` that is to be stripped`;
      const isDefault = other === pattern && effectivePaths.length > 1;
      const why = isDefault ? `the api's default version is served at \`${other}\` as well, where there is no version to strip` : undefined;
      const hint = toPrefixHint(prefix, other) ?? why ?? `is the path \`${prefix}${other}\`? otherwise leave \`stripPrefix\` out`;
      findings.push({ code: "SP_CONFIG_REWRITE_MISMATCH", path: [...at, "stripPrefix"], at: "value", message, hint });
    }
  }
  for (const key of ["stripPrefix", "addPrefix"]) {
    if (!has(rewrite, "path") || !has(rewrite, key)) continue;
    const message = `\`path\` is the whole path anew, so that \`${key}\` has nothing to change`;
    findings.push(contradiction([...at, key], "key", message, `keep one of \`path\` and \`${key}\``));
  }
  checkQuery(get(rewrite, "query"), [...at, "query"], findings);
}

/** A prefix that stands at the border of a segment, where one of the two was cut inside of one. */
function toPrefixHint(prefix: string, pattern: string): string | undefined {
  if (!pattern.startsWith(prefix)) return undefined;
  const whole = pattern.slice(0, `${pattern}/`.indexOf("/", prefix.length));
  return /[:*]/.test(whole) ? undefined : `a prefix ends where a segment ends: \`${whole}\`?`;
}

function checkQuery(query: unknown, path: IssuePath, findings: Finding[]): void {
  if (query === undefined) return;
  checkEntries(get(query, "keepOnly"), [...path, "keepOnly"], findings, toExact);
  checkEntries(get(query, "remove"), [...path, "remove"], findings, toExact);
  const set = new Set(keysOf(get(query, "set")));
  const kept = new Set(texts(get(query, "keepOnly")));
  for (const [index, name] of (texts(get(query, "remove")) ?? []).entries()) {
    const other = set.has(name) ? "set" : kept.has(name) ? "keepOnly" : undefined;
    if (other === undefined) continue;
    const message = `the parameter \`${name}\` stands in \`remove\` and in \`${other}\``;
    const hint = other === "set" ? "`set` replaces what was there" : "`keepOnly` removes every other parameter by itself";
    findings.push(contradiction([...path, "remove", index], "value", message, hint));
  }
}
