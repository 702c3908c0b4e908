// What the routes of all files do to each other, said at the later one: the router finds it, this puts it into words with the places.

import { compileRouter, type RouteIssue, type SampleRequest } from "../router/index.ts";
import type { RouteConfig } from "./config.ts";
import type { Finding, IssueCode } from "./issue.ts";

/** Routes of one file, with where each stands. */
export interface RouteFile {
  readonly routes: readonly RouteConfig[];
  /** `teams/a.yaml:12`, of the route of this index. */
  readonly placeOf: (index: number) => string;
}

export interface RouteConflict {
  /** The file to blame: the last of those concerned. */
  readonly part: number;
  readonly finding: Finding;
  /** All files concerned, by index. */
  readonly parts: readonly number[];
}

interface Place {
  readonly part: number;
  readonly index: number;
}

const CODES: Readonly<Record<string, IssueCode>> = {
  SP_ROUTE_CONFLICT: "SP_CONFIG_ROUTE_CONFLICT",
  SP_ROUTE_UNREACHABLE: "SP_CONFIG_ROUTE_UNREACHABLE",
  SP_ROUTE_OVERLAP: "SP_CONFIG_ROUTE_OVERLAP",
};

/** `files` in the order of precedence: the gateway's own first. */
export function findRouteConflicts(files: readonly RouteFile[]): RouteConflict[] {
  const { issues } = compile(files.map(({ routes }) => routes));
  if (issues.length === 0) return [];
  const places = new Map<string, Place>();
  for (const [part, { routes }] of files.entries()) for (const [index, route] of routes.entries()) places.set(route.name, { part, index });
  return issues.map((issue) => toConflict(issue, files, places));
}

function compile(files: readonly (readonly RouteConfig[])[]): { readonly issues: readonly RouteIssue[] } {
  return compileRouter(files.flat().map(({ name, match }) => ({ name, ...match, value: null })));
}

function toConflict(issue: RouteIssue, files: readonly RouteFile[], places: ReadonlyMap<string, Place>): RouteConflict {
  const code = CODES[issue.code] ?? "SP_CONFIG_BAD_PATTERN";
  const concerned = issue.routes.flatMap((name) => places.get(name) ?? []);
  const last = concerned.reduce<Place | undefined>((latest, place) => (isLater(place, latest) ? place : latest), undefined);
  if (last === undefined) {
    // Names no route: the first file with which it comes about is to blame.
    const part = files.findIndex((_, index) => hasIssue(files.slice(0, index + 1), issue.code));
    const finding: Finding = { code, path: ["routes"], at: "key", message: issue.message };
    return { part: Math.max(0, part), finding, parts: [Math.max(0, part)] };
  }
  const name = toName(files, last);
  const others = concerned
    .filter((place) => place !== last)
    .map((place) => `\`${toName(files, place)}\` (${files[place.part]?.placeOf(place.index) ?? ""})`);
  const finding: Finding = {
    code,
    path: ["routes", last.index, "match"],
    at: "key",
    message: code === "SP_CONFIG_ROUTE_CONFLICT" ? toClash(name, others, issue.sample) : issue.message + toWhere(others),
    hint: code === "SP_CONFIG_ROUTE_CONFLICT" ? "give one of them a host, a method or a condition that the other lacks" : undefined,
  };
  return { part: last.part, finding, parts: [...new Set(concerned.map(({ part }) => part))] };
}

function hasIssue(files: readonly RouteFile[], code: RouteIssue["code"]): boolean {
  return compile(files.map(({ routes }) => routes)).issues.some((issue) => issue.code === code);
}

function isLater(place: Place, other: Place | undefined): boolean {
  return other === undefined || place.part > other.part || (place.part === other.part && place.index > other.index);
}

function toName(files: readonly RouteFile[], { part, index }: Place): string {
  return files[part]?.routes[index]?.name ?? "";
}

function toClash(name: string, others: readonly string[], sample: SampleRequest | null): string {
  const shown = sample === null ? "" : `: ${toRequest(sample)}`;
  return `the route \`${name}\` and ${others.join(", ")} match the same request, and neither is more specific${shown}`;
}

function toWhere(others: readonly string[]): string {
  return others.length === 0 ? "" : `; see ${others.join(", ")}`;
}

/** As curl takes it. */
function toRequest(sample: SampleRequest): string {
  const method = sample.method === "GET" ? "" : `-X ${sample.method} `;
  return sample.host === ""
    ? `\`curl ${method}http://any.host${sample.path}\` (any host)`
    : `\`curl ${method}http://${sample.host}${sample.path}\``;
}
