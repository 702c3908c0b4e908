// Hosts, paths, methods and names as users write them in routes. A path pattern must be in the normal form that requests are
// brought into before routing (http/path.ts): a pattern that no request can match is a mistake.

import { canonicalIp } from "../base/index.ts";
import { isToken, normalisePath } from "../http/index.ts";
import { Refusal } from "./refusal.ts";

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const PARAMETER = /^:[A-Za-z_][A-Za-z0-9_]*$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const MAX_HOST = 253;
const MAX_METHOD = 32;

export const HOST_EXPECTATION = "a host such as `api.example.com` or `*.example.com`";
export const PATTERN_EXPECTATION = "a path such as `/exact`, `/x/*` or `/x/:id/y`";
export const PREFIX_EXPECTATION = "a path prefix such as `/api`";
export const METHOD_EXPECTATION = "a method such as `GET`";
export const NAME_EXPECTATION = "a name of letters, digits, `.`, `_` and `-` (63 at most)";

/** Lower-case DNS labels or an IPv4 address; no trailing dot, no port. A number in the last place makes it an address (RFC 3986 3.2.2). */
export function isHostName(text: string): boolean {
  if (/(?:^|\.)[0-9]+$/.test(text)) return canonicalIp(text) !== null;
  return text.length <= MAX_HOST && text.split(".").every((label) => LABEL.test(label));
}

/** What a route's `hosts` may hold, in lower case. */
export function parseHostPattern(text: string): string | Refusal {
  const host = text.toLowerCase();
  if (isHostName(host.startsWith("*.") ? host.slice(2) : host)) return host;
  return new Refusal("SP_CONFIG_BAD_PATTERN", HOST_EXPECTATION, toHostHint(host));
}

/** `/exact`, `/x/*` with the star last, `/x/:param/y`. */
export function parsePathPattern(text: string): string | Refusal {
  const refuse = (hint: string | undefined) => new Refusal("SP_CONFIG_BAD_PATTERN", PATTERN_EXPECTATION, hint);
  const hint = toLiteralHint(text);
  if (hint !== null) return refuse(hint);
  const segments = text.slice(1).split("/");
  const seen = new Set<string>();
  for (const [index, segment] of segments.entries()) {
    if (segment === "*" && index === segments.length - 1) continue;
    if (segment.includes("*")) return refuse("`*` stands alone, as the last segment: `/x/*`");
    if (/^\{.*\}$/.test(segment)) return refuse(`write \`:${segment.slice(1, -1)}\``);
    if (!segment.startsWith(":")) continue;
    if (!PARAMETER.test(segment)) return refuse("a parameter is `:` and a word, and fills its segment");
    if (seen.has(segment)) return refuse(`the parameter \`${segment}\` stands twice`);
    seen.add(segment);
  }
  return text;
}

/** A literal prefix of whole segments without a trailing slash, for rewriting. */
export function parsePathPrefix(text: string): string | Refusal {
  const refuse = (hint: string | undefined) => new Refusal("SP_CONFIG_BAD_PATTERN", PREFIX_EXPECTATION, hint);
  const hint = toLiteralHint(text);
  if (hint !== null) return refuse(hint);
  if (text === "/") return refuse("leave the key out: `/` changes nothing");
  if (text.endsWith("/")) return refuse(`write \`${text.replace(/\/+$/, "")}\``);
  if (text.includes("*") || text.includes("/:")) return refuse("a prefix is literal: no `*`, no parameters");
  return text;
}

/** A method in upper case. CONNECT and TRACE never reach a route. */
export function parseMethod(text: string): string | Refusal {
  const upper = text.toUpperCase();
  const isKnown = isToken(upper) && upper.length <= MAX_METHOD;
  if (isKnown && upper === text && text !== "CONNECT" && text !== "TRACE") return text;
  const hint = !isKnown ? undefined : upper === text ? `the gateway answers ${text} itself with 501` : `write \`${upper}\``;
  return new Refusal("SP_CONFIG_BAD_VALUE", METHOD_EXPECTATION, hint);
}

/** The name of a listener, upstream, route or gateway: it stands in logs and metrics as it is. */
export function parseName(text: string): string | Refusal {
  return NAME.test(text) ? text : new Refusal("SP_CONFIG_BAD_NAME", NAME_EXPECTATION);
}

/** Whether every request that `pattern` matches begins with `prefix`, at the border of a segment. */
export function isPrefixOfPattern(prefix: string, pattern: string): boolean {
  return pattern === prefix || pattern.startsWith(`${prefix}/`);
}

function toHostHint(host: string): string | undefined {
  if (/^[a-z]+:\/\//.test(host)) return "a host has no scheme";
  if (host === "*") return "for any host leave `hosts` out";
  if (/:[0-9]+$/.test(host)) return `without the port: \`${host.replace(/:[0-9]+$/, "")}\``;
  if (host.endsWith(".")) return `without the last dot: \`${host.slice(0, -1)}\``;
  if (host.includes("*")) return "`*` stands only for whole leading labels: `*.example.com`";
  if (/[^ -~]/.test(host)) return "write international names in their `xn--` form";
  return host.includes("/") ? "a path belongs in `match.path`" : undefined;
}

/** Null when `text` is a path in normal form. */
function toLiteralHint(text: string): string | undefined | null {
  if (/^[~^]|\.\*|\[[^\]/]+-[^\]/]+\]|\\/.test(text))
    return "patterns are no regular expressions: `/x/*` takes what is below, `/x/:id` one segment";
  if (!text.startsWith("/")) return text === "*" || text === "**" ? "for every path write `/*`" : `begin with \`/\`: \`/${text}\``;
  if (text.includes("?")) return "a query is no part of the path";
  if (/[{}]/.test(text)) return text.replaceAll(/\{([^{}/]*)\}/g, ":$1") === text ? undefined : "write parameters as `:id`";
  if (text.includes("//")) return "no empty segments";
  const normal = normalisePath(text, { encodedSlash: "keep", backslash: "reject", duplicateSlashes: "reject", dotSegments: "resolve" });
  if (normal === text) return null;
  if (typeof normal === "string") return `requests are brought into the form \`${normal}\` before routing`;
  return /[^!-~]/.test(text) ? "percent-encode what is not visible ASCII" : undefined;
}
