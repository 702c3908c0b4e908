// How many lines of code of their own a gateway's users run in it, and whether that is within the budget. Counts lines that hold code:
// not blank ones, and not those that are comment alone. It reads no JavaScript: a comment that begins behind code counts as code.

import { resolve } from "node:path";
import type { Finding, IssuePath } from "./issue.ts";
import { children, get } from "./written.ts";

/** A file of the configuration: the gateway's own one first, then its teams'. */
export interface CodePart {
  /** As written. */
  readonly value: unknown;
  /** What relative paths in it start from. */
  readonly folder: string;
}

/** The text of a file, or in words why there is none. */
export type ReadCode = (file: string) => { readonly text: string } | { readonly reason: string };

export interface CodeCount {
  readonly lines: number;
  /** Each with the index of the part that it stands in. */
  readonly findings: readonly { readonly part: number; readonly finding: Finding }[];
}

/** A file that several routes name counts once. */
export function countCustomCode(parts: readonly CodePart[], read: ReadCode): CodeCount {
  const findings: { part: number; finding: Finding }[] = [];
  const counted = new Map<string, number>();
  const names = new Map<string, string>();
  for (const [part, { value, folder }] of parts.entries()) {
    for (const [path, name] of listPlugins(value)) {
      const file = resolve(folder, name);
      if (counted.has(file)) continue;
      const held = read(file);
      counted.set(file, "text" in held ? countLines(held.text) : 0);
      names.set(file, name);
      if ("text" in held) continue;
      const message = `the plugin \`${name}\` can't be read: ${held.reason}`;
      const hint = "paths are relative to the file that they stand in";
      findings.push({ part, finding: { code: "SP_CONFIG_REFERENCED_FILE", path, at: "value", message, hint } });
    }
  }
  const lines = [...counted.values()].reduce((sum, count) => sum + count, 0);
  const most = get(parts[0]?.value, "gateway", "customCode", "maxLines");
  if (typeof most === "number" && lines > most) {
    const [largest = ["", 0]] = [...counted].sort(([, a], [, b]) => b - a);
    const message = `the gateway's own code has ${toCount(lines)}; the most is ${most} (\`gateway.customCode.maxLines\`)`;
    const hint = `the largest is \`${names.get(largest[0]) ?? ""}\` with ${toCount(largest[1])}; move logic to a service, or raise the budget on purpose`;
    const path = ["gateway", "customCode", "maxLines"];
    findings.push({ part: 0, finding: { code: "SP_CONFIG_CODE_BUDGET", path, at: "value", message, hint } });
  }
  return { lines, findings };
}

/** Lines with code on them. */
export function countLines(text: string): number {
  let count = 0;
  let isComment = false;
  for (const line of text.split(/\r\n|[\n\r\u2028\u2029]/)) {
    let rest = line.trim();
    // A line may close a comment and open the next.
    while (rest !== "") {
      if (!isComment && !rest.startsWith("/*")) break;
      const end = rest.indexOf("*/", isComment ? 0 : 2);
      isComment = end === -1;
      rest = isComment ? "" : rest.slice(end + 2).trim();
    }
    if (rest !== "" && !rest.startsWith("//")) count++;
  }
  return count;
}

function listPlugins(root: unknown): [path: IssuePath, name: string][] {
  return children(root, [], "routes").flatMap(([path, route]) =>
    children(route, path, "plugins").flatMap(([at, name]): [IssuePath, string][] =>
      typeof name === "string" && name !== "" ? [[at, name]] : [],
    ),
  );
}

function toCount(lines: number): string {
  return lines === 1 ? "1 line" : `${lines} lines`;
}
