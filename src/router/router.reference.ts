// The rule of index.ts as plainly as it can be written: every route that matches, sorted by specificity. For tests to compare
// the router with; it shares no code with it and cares for no speed.

export interface ReferenceRoute {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly methods: readonly string[];
}

export interface ReferenceAnswer {
  /** The names that tie for the first place; empty when none matches. */
  readonly winners: readonly string[];
  /** The value of Allow where only the method is wrong, else empty. */
  readonly allow: string;
}

interface Candidate {
  readonly name: string;
  /** Compared from the left; higher wins. */
  readonly rank: readonly number[];
}

export function matchByReference(routes: readonly ReferenceRoute[], host: string, path: string, method: string): ReferenceAnswer {
  const candidates: Candidate[] = [];
  const allowed = new Set<string>();
  for (const route of routes) {
    const hostRank = rankHost(route.hosts, host);
    const pathRank = rankPath(route.paths[0] ?? "", path);
    if (hostRank === null || pathRank === null) continue;
    for (const name of route.methods) allowed.add(name);
    const methodRank = rankMethod(route.methods, method);
    if (methodRank !== null) candidates.push({ name: route.name, rank: [hostRank, ...pathRank, methodRank] });
  }
  candidates.sort((a, b) => compareRanks(b.rank, a.rank));
  const best = candidates[0];
  if (best !== undefined) {
    return { winners: candidates.filter((other) => compareRanks(best.rank, other.rank) === 0).map(({ name }) => name), allow: "" };
  }
  if (allowed.has("GET")) allowed.add("HEAD");
  return { winners: [], allow: [...allowed].sort().join(", ") };
}

/** The rank of the best of the patterns that match; null when none does. */
function rankHost(patterns: readonly string[], host: string): number | null {
  if (patterns.length === 0) return 0;
  let best: number | null = null;
  for (const pattern of patterns.map((text) => text.toLowerCase())) {
    const isWildcard = pattern.startsWith("*.");
    const matches = isWildcard ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1 : host === pattern;
    if (!matches) continue;
    const rank = isWildcard ? pattern.length : 1000;
    if (best === null || rank > best) best = rank;
  }
  return best;
}

const STATIC = 3;
const PARAM = 2;
const TAIL = 1;

/** One rank a segment of the pattern, then 4 for an end that is no tail. */
function rankPath(pattern: string, path: string): number[] | null {
  const wanted = pattern.split("/").slice(1);
  const given = path.split("/").slice(1);
  const rank: number[] = [];
  for (const [index, segment] of wanted.entries()) {
    if (segment === "*") return [...rank, TAIL];
    const actual = given[index];
    if (actual === undefined) return null;
    if (segment.startsWith(":") && actual !== "") rank.push(PARAM);
    else if (segment === actual) rank.push(STATIC);
    else return null;
  }
  return wanted.length === given.length ? [...rank, 4] : null;
}

function rankMethod(methods: readonly string[], method: string): number | null {
  if (methods.length === 0) return 0;
  if (methods.includes(method)) return 2;
  return method === "HEAD" && methods.includes("GET") ? 1 : null;
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
