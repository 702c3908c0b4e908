// Bounds of routes beside those of listeners: one that every listener undercuts never applies.

import type { Finding, IssuePath } from "./issue.ts";
import { parseSize } from "./quantities.ts";
import { children, get, has, parsed } from "./written.ts";

type Bound = "line" | "head" | "fields";
export type Bounds = Readonly<Record<Bound, number>>;
const BOUNDS: readonly Bound[] = ["line", "head", "fields"];

/** The widest of each bound that some listener has; `standard` where one says nothing. Undefined when one can't be read. */
export function toWidestBounds(root: unknown, standard: Bounds): Bounds | undefined {
  const widest = { line: 0, head: 0, fields: 0 };
  for (const [, listener] of children(root, [], "listeners")) {
    for (const bound of BOUNDS) {
      const own = has(get(listener, "bounds"), bound) ? toBound(get(listener, "bounds", bound)) : standard[bound];
      if (own === undefined) return undefined;
      widest[bound] = Math.max(widest[bound], own);
    }
  }
  return widest.line === 0 ? undefined : widest;
}

/** `holder` is a route or `defaults`. */
export function checkBounds(holder: unknown, path: IssuePath, widest: Bounds, findings: Finding[]): void {
  const bounds = get(holder, "bounds");
  if (bounds === undefined) return;
  for (const bound of BOUNDS) {
    const own = toBound(get(bounds, bound));
    if (own === undefined || own <= widest[bound]) continue;
    const message = `\`bounds.${bound}\` is ${toText(bound, own)}, and no listener takes more than ${toText(bound, widest[bound])}`;
    const hint = `raise \`listeners[].bounds.${bound}\`, or leave it out here`;
    findings.push({ code: "SP_CONFIG_BOUND_IDLE", path: [...path, "bounds", bound], at: "value", message, hint });
  }
}

export function toBound(written: unknown): number | undefined {
  if (typeof written === "number") return written;
  return parsed(written, (text) => parseSize(text, { example: "8KiB", off: false, max: "1MiB" }));
}

function toText(bound: Bound, size: number): string {
  if (bound === "fields") return String(size);
  return size % 1024 === 0 ? `${size / 1024}KiB` : `${size}B`;
}
