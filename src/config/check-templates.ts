// Templates in values and paths: whether they can be read, and whether the route's path has the parameters that they ask for.

import { selectNearest } from "../base/index.ts";
import type { PathTemplate } from "./config.ts";
import { type Finding, type IssuePath, toPathText, toShown } from "./issue.ts";
import { Refusal } from "./refusal.ts";
import { parsePathTemplate, parseRedirectTarget } from "./route-values.ts";
import { listParams, parseTemplate } from "./templates.ts";
import { asMap, get, parsed, toChoice } from "./written.ts";

// What stands for another value is put in before templates are compiled, and is none itself.
const REFERENCE = /(?<!\$)\$\{(?:env|file):/;

/** Where a template stands: `pattern` is the route's path, undefined when it can't be read, null for `defaults`, whose routes differ. */
type Pattern = string | undefined | null;

export function checkValueTemplates(holder: unknown, path: IssuePath, pattern: Pattern, findings: Finding[]): void {
  const headers = asMap(get(holder, "headers"));
  if (headers !== undefined) {
    for (const direction of ["request", "response"]) {
      for (const verb of ["set", "add"]) {
        const values = asMap(get(headers, direction, verb));
        if (values !== undefined) checkValues(values, () => [...path, "headers", direction, verb], pattern, findings);
      }
    }
  }
  const values = asMap(get(holder, "rewrite", "query", "set"));
  if (values !== undefined) checkValues(values, () => [...path, "rewrite", "query", "set"], pattern, findings);
}

function checkValues(values: Readonly<Record<string, unknown>>, toPath: () => IssuePath, pattern: Pattern, findings: Finding[]): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "string") checkTemplate(value, () => [...toPath(), name], pattern, findings);
    else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        if (typeof item === "string") checkTemplate(item, () => [...toPath(), name, index], pattern, findings);
      }
    }
  }
}

function checkTemplate(text: string, toPath: () => IssuePath, pattern: Pattern, findings: Finding[]): void {
  if (!text.includes("${") || REFERENCE.test(text)) return;
  const path = toPath();
  const template = parseTemplate(text);
  if (template instanceof Refusal) {
    const message = `\`${toPathText(path)}\` must be ${template.expected}; got ${toShown(text)}`;
    findings.push({ code: template.code, path, at: "value", message, hint: template.hint });
    return;
  }
  for (const param of listParams(template)) {
    if (typeof pattern === "string") checkParam(param, inValue, pattern, path, findings);
    if (pattern !== null) continue;
    const message = `a default can't ask for \`${inValue(param)}\`: it holds for routes with other paths as well`;
    const hint = "write it on the route; `${request:path}` is the whole path";
    findings.push({ code: "SP_CONFIG_UNKNOWN_PARAMETER", path, at: "value", message, hint });
  }
}

/** `rewrite.path` and `redirect.to`. */
export function checkPathTemplates(route: unknown, path: IssuePath, pattern: string, findings: Finding[]): void {
  const places: readonly (readonly [keys: readonly string[], template: PathTemplate | undefined])[] = [
    [["rewrite", "path"], parsed(get(route, "rewrite", "path"), parsePathTemplate)],
    [["redirect", "to"], parsed(get(route, "redirect", "to"), parseRedirectTarget)?.path],
  ];
  for (const [keys, template] of places) {
    if (template === undefined) continue;
    for (const param of listParams(template)) checkParam(param, inPath, pattern, [...path, ...keys], findings);
  }
}

/** `spell` writes a parameter as it is written there. */
function checkParam(param: string, spell: (name: string) => string, pattern: string, path: IssuePath, findings: Finding[]): void {
  const known = listPatternParams(pattern);
  if (known.includes(param)) return;
  const isTail = param === "*";
  const message = isTail
    ? `\`${spell(param)}\` stands for the tail of the path, and the route's path \`${pattern}\` does not end in \`/*\``
    : `\`${spell(param)}\` is no parameter of the route's path \`${pattern}\``;
  const nearest = isTail ? undefined : selectNearest(param, known);
  const all = known.length === 0 ? "that path has no parameters" : `it has ${toChoice(known.map(spell), "and")}`;
  const hint = nearest === undefined ? all : `did you mean \`${spell(nearest)}\`?`;
  findings.push({ code: "SP_CONFIG_UNKNOWN_PARAMETER", path, at: "value", message, hint });
}

function inValue(param: string): string {
  return `\${param:${param}}`;
}

function inPath(param: string): string {
  return param === "*" ? "*" : `:${param}`;
}

function listPatternParams(pattern: string): string[] {
  return pattern.split("/").flatMap((segment) => (segment === "*" ? ["*"] : segment.startsWith(":") ? [segment.slice(1)] : []));
}
