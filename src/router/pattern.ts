// The language of match.path and match.hosts, read once when a configuration compiles. Not on the request path.
// A path is `/` and segments: static text, `:name` for one non-empty segment, and as the last one `*` for the rest.

import { normalisePath, type PathRules, parseHost } from "../http/index.ts";

export interface PathParam {
  readonly name: string;
  /** Counted from 0. */
  readonly segment: number;
}

export interface PathPattern {
  /** As the user wrote it. */
  readonly text: string;
  /** Static segments as they are, null for a parameter; the tail is not among them. */
  readonly segments: readonly (string | null)[];
  readonly params: readonly PathParam[];
  /** Whether the pattern ends in `/*`. */
  readonly hasTail: boolean;
}

export interface HostPattern {
  /** Lower case; with its `*.` when it is a wildcard. */
  readonly text: string;
  /** `.example.com` of `*.example.com`, null for an exact host. */
  readonly suffix: string | null;
}

// Paths are compared in normal form, so a static segment in any other spelling could never match.
const RULES: PathRules = { encodedSlash: "keep", backslash: "reject", duplicateSlashes: "reject", dotSegments: "reject" };
const PARAM_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
// Matching recurses once a segment.
const MAX_SEGMENTS = 64;

/** The pattern, or in words what is wrong with it. */
export function parsePathPattern(text: string): PathPattern | string {
  if (!text.startsWith("/")) return "a path must start with /";
  const hasTail = text.endsWith("/*");
  const parts = text.slice(1).split("/");
  if (hasTail) parts.pop();
  if (hasTail && parts.at(-1) === "") return "no empty segments before /*";
  if (parts.length > MAX_SEGMENTS) return `a path may have at most ${MAX_SEGMENTS} segments`;
  const segments: (string | null)[] = [];
  const params: PathParam[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.startsWith(":")) {
      const name = part.slice(1);
      if (!PARAM_NAME.test(name)) return `":${name}" is not a parameter: a name is letters, digits and _ and takes the whole segment`;
      if (params.some((param) => param.name === name)) return `the parameter :${name} appears twice`;
      params.push({ name, segment: index });
      segments.push(null);
      continue;
    }
    if (part.includes("*")) return "* may only stand alone, as the last segment";
    segments.push(part);
  }
  const fixed = `/${segments.map((segment) => segment ?? "x").join("/")}`;
  const normal = normalisePath(fixed, RULES);
  if (typeof normal !== "string") return `${normal.title.toLowerCase()} (${normal.code})`;
  if (normal !== fixed) return `requests are compared in normal form, in which this path is spelt ${normal}`;
  return { text, segments, params, hasTail };
}

/** The pattern, or in words what is wrong with it. Upper case is folded: hosts have no case. */
export function parseHostPattern(text: string): HostPattern | string {
  const lower = text.toLowerCase();
  const isWildcard = lower.startsWith("*.");
  const host = parseHost(isWildcard ? `x${lower.slice(1)}` : lower);
  if (lower.includes("*", isWildcard ? 1 : 0))
    return "* may only be the first label (*.example.com); without hosts a route takes every host";
  if ("kind" in host) return "a host is a name, an IPv4 address or an IPv6 address in brackets";
  if (host.port !== null) return "a host is written without a port";
  if (lower.endsWith(".")) return "a host is written without a trailing dot";
  return { text: lower, suffix: isWildcard ? lower.slice(1) : null };
}

/** Equal for two patterns exactly when they match the same paths. */
export function toShape(pattern: PathPattern): string {
  const fixed = pattern.segments.map((segment) => `/${segment ?? ":"}`).join("");
  return pattern.hasTail ? `${fixed}/*` : fixed;
}
