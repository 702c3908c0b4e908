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
  const place = toBlamed(concerned, last, code);
  const message = toMessage(code, files, concerned, place, issue.sample);
  const hint =
    code === "SP_CONFIG_ROUTE_UNREACHABLE"
      ? "remove it, or narrow the others"
      : "give one of them a host, a method or a condition that the other lacks";
  const finding: Finding = { code, path: ["routes", place.index, "match"], at: "key", message, hint };
  return { part: place.part, finding, parts: [...new Set(concerned.map(({ part }) => part))] };
}

function toMessage(
  code: IssueCode,
  files: readonly RouteFile[],
  concerned: readonly Place[],
  place: Place,
  sample: SampleRequest | null,
): string {
  if (code === "SP_CONFIG_ROUTE_UNREACHABLE") return toUnreached(files, concerned, place);
  if (code === "SP_CONFIG_ROUTE_CONFLICT") return toClash(files, concerned, place, sample);
  const others = toOthers(files, concerned, place);
  return `whether the route \`${toName(files, place)}\` and ${others} can match the same request takes too long to prove: too many conditions differ`;
}

/** The last one; but a route that nobody reaches is mended where it stands, unless a later file came in its way. */
function toBlamed(concerned: readonly Place[], last: Place, code: IssueCode): Place {
  const [first] = concerned;
  return code === "SP_CONFIG_ROUTE_UNREACHABLE" && first?.part === last.part ? first : last;
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

function toOthers(files: readonly RouteFile[], concerned: readonly Place[], but: Place): string {
  const others = concerned.filter((place) => place !== but).map((place) => toPlaceText(files, place));
  return others.length < 2 ? (others[0] ?? "") : `${others.slice(0, -1).join(", ")} and ${others.at(-1)}`;
}

function toPlaceText(files: readonly RouteFile[], place: Place): string {
  return `\`${toName(files, place)}\` (${files[place.part]?.placeOf(place.index) ?? ""})`;
}

function toClash(files: readonly RouteFile[], concerned: readonly Place[], place: Place, sample: SampleRequest | null): string {
  const shown = sample === null ? "" : `: ${toRequest(sample)}`;
  const others = toOthers(files, concerned, place);
  return `the route \`${toName(files, place)}\` and ${others} match the same request, and neither is more specific${shown}`;
}

/** The first of `concerned` is the route that is never reached. */
function toUnreached(files: readonly RouteFile[], concerned: readonly Place[], place: Place): string {
  const [unreached = place] = concerned;
  if (concerned.length < 2) return `the route \`${toName(files, unreached)}\` can never match: its own conditions exclude one another`;
  if (place === unreached) {
    return `the route \`${toName(files, unreached)}\` can never match: each of its requests is taken by ${toOthers(files, concerned, unreached)}`;
  }
  const others = concerned.filter((other) => other !== unreached && other !== place);
  const beside = others.length === 0 ? "" : ` with ${toOthers(files, others, place)}`;
  return `the route \`${toName(files, place)}\`${beside} takes every request of ${toPlaceText(files, unreached)}, which can never match then`;
}

/** As a shell takes it. */
function toRequest({ method, host, anyHost, path, query, headers }: SampleRequest): string {
  const options = [...(method === "GET" ? [] : [`-X ${method}`]), ...headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`)];
  const url = `http://${host}${path}${query}`;
  const request = ["curl", ...options, query === "" ? url : quote(url)].join(" ");
  return `\`${request}\`${anyHost ? " (any host)" : ""}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
