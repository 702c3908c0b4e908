// The rule of index.ts as plainly as it can be written: every route that matches, sorted by specificity. For tests to compare
// the router with; it shares no code with it and cares for no speed.

export interface ReferenceCondition {
  readonly on: "header" | "query" | "mediaType";
  readonly name: string;
  readonly absent: boolean;
  readonly values: readonly string[] | null;
}

export interface ReferenceRoute {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly methods: readonly string[];
  readonly conditions: readonly ReferenceCondition[];
}

export interface ReferenceRequest {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded, in order. */
  readonly query: readonly (readonly [name: string, value: string])[];
}

export interface ReferenceAnswer {
  /** The names that tie for the first place; empty when none matches. */
  readonly winners: readonly string[];
  /** The value of Allow where only the method is wrong, else empty. */
  readonly allow: string;
  /** Only conditions fail. */
  readonly isVariant: boolean;
}

interface Candidate {
  readonly name: string;
  /** Compared from the left; higher wins. */
  readonly rank: readonly number[];
}

export function matchByReference(routes: readonly ReferenceRoute[], request: ReferenceRequest): ReferenceAnswer {
  const { host, path, method } = request;
  const candidates: Candidate[] = [];
  const allowed = new Set<string>();
  let isVariant = false;
  for (const route of routes) {
    const hostRank = rankHost(route.hosts, host);
    for (const pattern of route.paths) {
      const pathRank = rankPath(pattern, path);
      if (hostRank === null || pathRank === null) continue;
      for (const name of route.methods) allowed.add(name);
      const methodRank = rankMethod(route.methods, method);
      if (methodRank === null) continue;
      isVariant = true;
      if (!route.conditions.every((condition) => isMet(condition, request))) continue;
      const subjects = new Set(route.conditions.map(({ on, name }) => `${on} ${on === "query" ? name : name.toLowerCase()}`));
      const named = new Set(
        route.conditions
          .filter(({ values }) => values !== null && values.length > 0)
          .map(({ on, name }) => `${on} ${on === "query" ? name : name.toLowerCase()}`),
      );
      candidates.push({ name: route.name, rank: [hostRank, ...pad(pathRank), methodRank, subjects.size, named.size] });
    }
  }
  candidates.sort((a, b) => compareRanks(b.rank, a.rank));
  const best = candidates[0];
  if (best !== undefined) {
    const winners = candidates.filter((other) => compareRanks(best.rank, other.rank) === 0).map(({ name }) => name);
    return { winners: [...new Set(winners)], allow: "", isVariant: false };
  }
  if (isVariant) return { winners: [], allow: "", isVariant };
  if (allowed.has("GET")) allowed.add("HEAD");
  return { winners: [], allow: [...allowed].sort().join(", "), isVariant };
}

function isMet({ on, name, absent, values }: ReferenceCondition, request: ReferenceRequest): boolean {
  if (on === "query") {
    const given = request.query.filter(([key]) => key === name).map(([, value]) => value);
    if (given.length === 0) return absent;
    return values === null || given.every((value) => values.includes(value));
  }
  const { accept = "", "content-type": content = "" } = request.headers;
  const given = on === "header" ? request.headers[name.toLowerCase()] : (versionIn(accept, name) ?? versionIn(content, name));
  if (given === undefined) return absent;
  return values === null || values.includes(given);
}

/** Of the tables that tests make: the first range alone names a version, without weights. */
function versionIn(list: string, type: string): string | undefined {
  const [range = ""] = list.split(/[,;+]/);
  return range.startsWith(`${type}.v`) ? range.slice(type.length + 2) : undefined;
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

/** To one length, so that what follows the path is compared with its like. */
function pad(rank: readonly number[]): number[] {
  return [...rank, ...Array.from({ length: 12 - rank.length }, () => 0)];
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
