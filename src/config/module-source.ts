// A configuration that is a value and no text: of a TypeScript file, or handed over by a program. It becomes the plain data that YAML
// would give; whatever else it holds is told.

import { type Finding, ISSUE_CODES, type Issue, type IssuePath, toPathText } from "./issue.ts";
import type { PartSource } from "./load-part.ts";

// The deepest path of the language is 8 long.
const MAX_DEPTH = 64;

/** Keys whose value is undefined are left out. `file` is where the value comes from. */
export function toValueSource(value: unknown, file: string): { readonly source: PartSource; readonly issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const locate = ({ code, path: at, message: said, hint }: Finding): Issue => {
    const path = toPathText(at);
    // A value has no lines, so that the path is all that says where.
    const message = path === "" || said.includes(path) ? said : `\`${path}\`: ${said}`;
    const issue = { code, severity: ISSUE_CODES[code].severity, path, file, line: 1, column: 1, message };
    return hint === undefined ? issue : { ...issue, hint };
  };
  const refuse = (path: IssuePath, what: string) => {
    const at = path.length === 0 ? "the configuration" : `\`${toPathText(path)}\``;
    const message = `a configuration is plain data, and ${at} is ${what}`;
    issues.push(locate({ code: "SP_CONFIG_MODULE", path, at: "value", message }));
    return null;
  };
  const plain = toPlain(value, [], new Set(), refuse);
  return { source: { file, value: issues.length > 0 ? undefined : plain, locate }, issues };
}

function toPlain(value: unknown, path: IssuePath, open: Set<object>, refuse: (path: IssuePath, what: string) => null): unknown {
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number" || value === null) return value;
  if (typeof value !== "object") return refuse(path, value === undefined ? "undefined" : `a ${typeof value}`);
  if (open.has(value)) return refuse(path, "inside itself");
  if (path.length > MAX_DEPTH) return refuse(path, "nested too deeply");
  if (!Array.isArray(value) && !isPlainMap(value)) return refuse(path, "an object of a class");
  open.add(value);
  try {
    if (Array.isArray(value)) return Array.from(value, (item, index) => toPlain(item, [...path, index], open, refuse));
    const map: Record<string, unknown> = Object.create(null);
    for (const [key, held] of Object.entries(value)) {
      if (held !== undefined) map[key] = toPlain(held, [...path, key], open, refuse);
    }
    return map;
  } catch (error) {
    // A getter of the user's.
    return refuse(path, `not to be read: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    open.delete(value);
  }
}

function isPlainMap(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of another realm, as test runners make them, `Object` is another one.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
