// Templates in values and paths: whether they can be read, and whether the route's path has the parameters that they ask for.

import type { PathTemplate } from "./config.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { toPathText, toShown } from "./issue.ts";
import { selectNearest } from "./nearest.ts";
import { parsePathPattern } from "./patterns.ts";
import { Refusal } from "./refusal.ts";
import { parsePathTemplate, parseRedirectTarget } from "./route-values.ts";
import { listParams, parseTemplate } from "./templates.ts";
import { asMap, children, get, isWell, type Place, parsed, toChoice } from "./written.ts";

// What stands for another value is put in before templates are compiled, and is none itself.
const REFERENCE = /(?<!\$)\$\{(?:env|file):/;

/** `route` may also be `defaults`, whose values no parameters can be had for: routes differ. */
export function checkValueTemplates(route: unknown, path: IssuePath, isDefault: boolean, findings: Finding[]): void {
  const pattern = get(route, "match", "path");
  const known = isWell(pattern, parsePathPattern) ? listPatternParams(pattern) : undefined;
  for (const [at, value] of listValues(route, path)) {
    if (typeof value !== "string" || !value.includes("${") || REFERENCE.test(value)) continue;
    const template = parseTemplate(value);
    if (template instanceof Refusal) {
      const message = `\`${toPathText(at)}\` must be ${template.expected}; got ${toShown(value)}`;
      findings.push({ code: template.code, path: at, at: "value", message, hint: template.hint });
      continue;
    }
    for (const param of listParams(template)) {
      if (isDefault) {
        const message = `a default can't ask for \`\${param:${param}}\`: it holds for routes with other paths as well`;
        const hint = "write it on the route; `${request:path}` is the whole path";
        findings.push({ code: "SP_CONFIG_UNKNOWN_PARAMETER", path: at, at: "value", message, hint });
      } else if (known !== undefined && typeof pattern === "string") {
        checkParam(param, `\${param:${param}}`, pattern, known, at, findings);
      }
    }
  }
}

/** `rewrite.path` and `redirect.to`. */
export function checkPathTemplates(route: unknown, path: IssuePath, findings: Finding[]): void {
  const pattern = get(route, "match", "path");
  if (!isWell(pattern, parsePathPattern)) return;
  const known = listPatternParams(pattern);
  const templates: readonly (readonly [IssuePath, PathTemplate | undefined])[] = [
    [[...path, "rewrite", "path"], parsed(get(route, "rewrite", "path"), parsePathTemplate)],
    [[...path, "redirect", "to"], parsed(get(route, "redirect", "to"), parseRedirectTarget)?.path],
  ];
  for (const [at, template] of templates) {
    for (const param of listParams(template ?? [])) checkParam(param, param === "*" ? "*" : `:${param}`, pattern, known, at, findings);
  }
}

function checkParam(param: string, shown: string, pattern: string, known: readonly string[], at: IssuePath, findings: Finding[]): void {
  if (known.includes(param)) return;
  const isTail = param === "*";
  const message = isTail
    ? `\`${shown}\` stands for the tail of the path, and the route's path \`${pattern}\` does not end in \`/*\``
    : `\`${shown}\` is no parameter of the route's path \`${pattern}\``;
  const names = known.map((name) => (name === "*" ? "*" : shown.startsWith("$") ? `\${param:${name}}` : `:${name}`));
  const nearest = isTail ? undefined : selectNearest(param, known);
  const fallback = names.length === 0 ? "that path has no parameters" : `it has ${toChoice(names, "and")}`;
  const hint = nearest === undefined ? fallback : `did you mean \`${shown.replace(param, nearest)}\`?`;
  findings.push({ code: "SP_CONFIG_UNKNOWN_PARAMETER", path: at, at: "value", message, hint });
}

function listPatternParams(pattern: string): string[] {
  return pattern.split("/").flatMap((segment) => (segment === "*" ? ["*"] : segment.startsWith(":") ? [segment.slice(1)] : []));
}

function listValues(route: unknown, path: IssuePath): Place[] {
  const headers = get(route, "headers");
  const inHeaders =
    headers === undefined
      ? []
      : ["request", "response"].flatMap((direction) => {
          const edits = get(headers, direction);
          return ["set", "add"].flatMap((verb) => children(edits, [...path, "headers", direction], verb));
        });
  const query = get(route, "rewrite", "query");
  const all = query === undefined ? inHeaders : [...inHeaders, ...children(query, [...path, "rewrite", "query"], "set")];
  return all.flatMap((place): Place[] => (Array.isArray(place[1]) ? toItems(place) : asMap(place[1]) === undefined ? [place] : []));
}

function toItems([path, value]: Place): Place[] {
  return Array.isArray(value) ? value.map((item, index): Place => [[...path, index], item]) : [];
}
