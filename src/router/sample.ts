// A request made of what a proof has found: host, path, method, and what conditions ask for. The plainest that will do, by asking the
// router itself.

import { Fields, fieldName } from "../http/index.ts";
import { type Choice, isAccept, isContentType } from "./assignment.ts";
import { type ConditionalHead, HEADER, MEDIA_TYPE } from "./conditions.ts";
import type { Group } from "./conflicts.ts";
import type { FreshWords } from "./fresh-words.ts";
import type { SampleRequest } from "./issue.ts";
import type { RouteFound, RouteMatch } from "./leaf.ts";
import { readVersion } from "./media-version.ts";
import type { PathPattern } from "./pattern.ts";
import type { Router } from "./router.ts";

interface Wanted<T> {
  readonly group: Group<T>;
  readonly route: RouteFound<T>;
  readonly method: string;
  readonly choices: readonly Choice[];
  readonly router: Router<T>;
  readonly fresh: FreshWords;
  /** Whether the router's answer is one of those that the sample is for. */
  readonly isWon: (match: RouteMatch<T>) => boolean;
}

export interface Sample {
  readonly request: SampleRequest;
  /** As a person reads it: method, URL, headers. */
  readonly text: string;
}

export function toSample<T>(wanted: Wanted<T>): Sample {
  const { group, fresh, choices, router } = wanted;
  const anyHost = group.host === null;
  const host = group.host === null ? fresh.segment : group.host.suffix === null ? group.host.text : fresh.segment + group.host.suffix;
  const headers = toHeaders(choices, fresh.value);
  const query = toQuery(choices);
  const head = toHead(headers, query);
  const paths = toSamplePaths(wanted.route.path, fresh.segment);
  const path = paths.find((candidate) => wanted.isWon(router.match(host, candidate, wanted.method, head))) ?? paths[0] ?? "/";
  const request = { method: wanted.method, host, anyHost, path, query, headers };
  return { request, text: toText(request) };
}

/** The request as the router takes it. */
export function toHead(headers: readonly (readonly [string, string])[], query: string): ConditionalHead {
  const fields = new Fields("");
  for (const [name, value] of headers) fields.add(fieldName(name), value);
  return { fields, query };
}

function toText({ method, host, path, query, headers }: SampleRequest): string {
  return `${method} http://${host}${path}${query}${headers.map(([name, value]) => ` with ${name}: ${value}`).join("")}`;
}

function toHeaders(choices: readonly Choice[], fresh: string): [string, string][] {
  const accept = choices.find(({ condition }) => isAccept(condition));
  const contentType = choices.find(({ condition }) => isContentType(condition));
  const ranges: string[] = [];
  for (const { condition, values } of choices) {
    const [version] = values ?? [];
    if (condition.on !== MEDIA_TYPE || version === undefined) continue;
    const accepted = accept?.isFresh === false ? (accept.values?.[0] ?? "") : "";
    if (readVersion(accepted, condition.name) === null) ranges.push(`${condition.name}.v${version}+json`);
  }
  // Versions go where nobody asks for another value; a choice of a fresh value leaves room for them beside it.
  const carrier = accept === undefined || accept.isFresh ? "Accept" : "Content-Type";
  const headers: [string, string][] = [];
  let isCarried = ranges.length === 0;
  for (const choice of choices) {
    const [value] = choice.values ?? [];
    if (choice.condition.on !== HEADER || value === undefined) continue;
    const isCarrier = choice.isFresh && choice === (carrier === "Accept" ? accept : contentType) && ranges.length > 0;
    headers.push([choice.condition.field?.text ?? choice.condition.name, isCarrier ? [...ranges, fresh].join(", ") : value]);
    isCarried ||= isCarrier;
  }
  if (!isCarried && !(carrier === "Content-Type" && contentType !== undefined)) headers.push([carrier, ranges.join(", ")]);
  return headers;
}

function toQuery(choices: readonly Choice[]): string {
  const pairs = choices.flatMap(({ condition, values }) =>
    condition.on === HEADER || condition.on === MEDIA_TYPE
      ? []
      : (values ?? []).map((value) => `${encodeURIComponent(condition.name)}=${encodeURIComponent(value)}`),
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

/** Paths that the pattern matches, the plainest first; the later ones evade more specific patterns beside a tail. */
function toSamplePaths(pattern: PathPattern, fresh: string): string[] {
  const base = pattern.segments.map((segment) => `/${segment ?? fresh}`).join("");
  if (!pattern.hasTail) return [base];
  return [`${base}/${fresh}`, `${base}/${fresh}/${fresh}`, `${base}/`, base === "" ? "/" : base, `${base}//${fresh}`];
}
