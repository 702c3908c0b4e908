// Finds the places that a table speaks of by paths such as `routes[].errors.read` or `upstreams.*.tls` in a configuration as written.

import type { IssuePath } from "./issue.ts";
import { asMap } from "./written.ts";

/** Calls `found` for each place that is written; `[]` stands for any index, `*` for any key. */
export function walkTable(root: unknown, at: string, found: (path: IssuePath, value: unknown) => void): void {
  visit(root, at.replaceAll("[]", ".[]").split("."), 0, [], found);
}

function visit(
  value: unknown,
  steps: readonly string[],
  depth: number,
  path: IssuePath,
  found: (path: IssuePath, value: unknown) => void,
): void {
  const step = steps[depth];
  if (step === undefined) {
    found(path, value);
  } else if (step === "[]") {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item, steps, depth + 1, [...path, index], found);
  } else {
    const map = asMap(value);
    if (map === undefined) return;
    const keys = step === "*" ? Object.keys(map) : Object.hasOwn(map, step) ? [step] : [];
    for (const key of keys) visit(map[key], steps, depth + 1, [...path, key], found);
  }
}
