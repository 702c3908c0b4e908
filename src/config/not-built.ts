// The words of the language that this version does not do yet, in one table. They are refused by name, so that nobody takes them for
// mistakes and nobody believes them to work. An entry goes when its part is built.

import type { Finding, IssuePath } from "./issue.ts";
import { PathSet } from "./path-set.ts";
import { walkTable } from "./table-walk.ts";

interface NotBuilt {
  /** As in table-walk.ts. */
  readonly at: string;
  readonly what: string;
  /** Whether this value is the part that is not built; without it, the key itself is. */
  readonly isIt?: (value: unknown) => boolean;
  readonly instead?: string;
}

export const NOT_BUILT: readonly NotBuilt[] = [
  { at: "upstreams.*.breaker", what: "circuit breaking" },
  { at: "upstreams.*.health.passive", what: "health checks by what requests are answered" },
  {
    at: "upstreams.*.balance",
    what: "this way of balancing",
    isIt: (value) => value === "leastRequest" || value === "random" || hasKey(value, "consistentHash"),
    instead: "write `balance: roundRobin`",
  },
  { at: "routes[].retry", what: "retries" },
  { at: "routes[].hedge", what: "hedged requests" },
  { at: "routes[].plugins", what: "policies of your own" },
  { at: "routes[].split", what: "splitting traffic" },
  { at: "telemetry.tracing", what: "tracing" },
];

/** A finding for each use of a part that is not built; `covered` are the places where nothing else needs saying. */
export function checkNotBuilt(value: unknown): { findings: Finding[]; covered: PathSet } {
  const findings: Finding[] = [];
  for (const entry of NOT_BUILT) walkTable(value, entry.at, (path, found) => findings.push(...toFinding(entry, path, found)));
  const covered = new PathSet();
  for (const finding of findings) covered.add(finding.path);
  return { findings, covered };
}

function toFinding(entry: NotBuilt, path: IssuePath, value: unknown): Finding[] {
  if (entry.isIt !== undefined && !entry.isIt(value)) return [];
  const message = `not built yet: ${entry.what} (\`${toWord(path, value, entry)}\`)`;
  return [{ code: "SP_CONFIG_NOT_BUILT", path, at: entry.isIt === undefined ? "key" : "value", message, hint: entry.instead }];
}

function toWord(path: IssuePath, value: unknown, entry: NotBuilt): string {
  const key = path.findLast((part) => typeof part === "string") ?? "";
  if (entry.isIt === undefined) return String(key);
  return `${key}: ${hasKey(value, "consistentHash") ? "{ consistentHash }" : String(value)}`;
}

function hasKey(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}
