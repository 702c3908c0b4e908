// A request made of what a proof has found: host, path, method, and what conditions ask for. The plainest that will do, by asking the
// router itself.

import { Fields, fieldName } from "../http/index.ts";
import type { Choice } from "./assignment.ts";
import { type ConditionalHead, HEADER, MEDIA_TYPE } from "./conditions.ts";
import type { Group } from "./conflicts.ts";
import type { FreshWords } from "./fresh-words.ts";
import type { SampleRequest } from "./issue.ts";
import type { RouteFound, RouteMatch } from "./leaf.ts";
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
  const headers = choices.flatMap(toHeader);
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

function toHeader({ condition, values }: Choice): [string, string][] {
  const [value] = values ?? [];
  if (value === undefined) return [];
  if (condition.on === HEADER) return [[condition.field?.text ?? condition.name, value]];
  return condition.on === MEDIA_TYPE ? [["Accept", `${condition.name}.v${value}+json`]] : [];
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
