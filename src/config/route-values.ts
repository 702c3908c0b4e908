// The single values that only routes use: origins, redirect targets, path templates, dates, media types, JSON pointers. One strict
// form each; whether the parameters of a template exist is for checks.ts, which knows the route's path.

import { isToken, normalisePath, parseHost } from "../http/index.ts";
import type { PathTemplate } from "./config.ts";
import { Refusal } from "./refusal.ts";

export const TEMPLATE_EXPECTATION = "a path such as `/v2/*` or `/users/:id`, with `:name` and `*` from the route's path";
export const REDIRECT_EXPECTATION = "a path such as `/v2/*`, or a URL such as `https://www.example.com/*`";
export const ORIGIN_EXPECTATION = "an origin such as `https://shop.example.com`, `https://*.example.com`, or `*`";
export const DATE_EXPECTATION = "a date such as `2026-12-31` or `2026-12-31T12:00:00Z`";
export const URL_EXPECTATION = "a URL such as `https://example.com/page`";
export const AUTHORITY_EXPECTATION = "`keep`, `endpoint`, or a host such as `api.internal` or `api.internal:8080`";
export const MEDIA_TYPE_EXPECTATION = "a media type such as `application/vnd.acme.orders`";
export const POINTER_EXPECTATION = "a JSON pointer such as `/error/message`";
export const PARAMETER_EXPECTATION = "the name of a query parameter";

const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?Z)?$/;
const PARAM = /^:[A-Za-z_][A-Za-z0-9_]*$/;

/** Where a redirect leads; null keeps what the request has. */
export interface RedirectTarget {
  readonly scheme: "http" | "https" | null;
  readonly authority: string | null;
  readonly path: PathTemplate;
}

/** `/v2/*`, `/users/:id/x`: segments that are literal, `:name`, or as the last one `*`. */
export function parsePathTemplate(text: string): PathTemplate | Refusal {
  const refuse = (hint: string | undefined) => new Refusal("SP_CONFIG_BAD_PATTERN", TEMPLATE_EXPECTATION, hint);
  if (!text.startsWith("/")) return refuse(`begin with \`/\`: \`/${text}\``);
  if (/[?#]/.test(text)) return refuse("without the query: `rewrite.query` edits it, and a redirect's `query` keeps or drops it");
  // `$1` would be sent as it stands, which nobody means; `$metadata` is a name that services have.
  if (/\$[0-9]|[{}]/.test(text)) return refuse("parts of the route's path are written `:id` and, for the rest behind `/*`, `*`");
  const segments = text.slice(1).split("/");
  const parts: (string | { param: string })[] = [];
  let literal = "";
  for (const [index, segment] of segments.entries()) {
    literal += "/";
    const isTail = segment === "*" && index === segments.length - 1;
    if (!isTail && segment.includes("*")) return refuse("`*` stands alone, as the last segment: `/x/*`");
    if (segment.startsWith(":") && !PARAM.test(segment)) return refuse("a parameter is `:` and a word, and fills its segment");
    if (!isTail && !segment.startsWith(":")) {
      literal += segment;
      continue;
    }
    parts.push(literal, { param: isTail ? "*" : segment.slice(1) });
    literal = "";
  }
  if (literal !== "") parts.push(literal);
  // `:` and `*` stand for themselves in a path, so that the template itself can be looked at.
  const normal = normalisePath(text, { encodedSlash: "keep", backslash: "reject", duplicateSlashes: "merge", dotSegments: "resolve" });
  if (normal === text) return parts;
  if (typeof normal === "string") return refuse(`in the form that paths are sent in: \`${normal}\``);
  return refuse(/[^!-~]/.test(text) ? "percent-encode what is not visible ASCII" : undefined);
}

export function parseRedirectTarget(text: string): RedirectTarget | Refusal {
  const refuse = (hint: string | undefined) => new Refusal("SP_CONFIG_BAD_PATTERN", REDIRECT_EXPECTATION, hint);
  if (text.startsWith("//")) return refuse("browsers read `//x` as a host: write the scheme");
  const scheme = /^(https?):\/\//.exec(text)?.[1];
  if (scheme === undefined) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return refuse("the scheme is `http` or `https`");
    if (!text.startsWith("/")) return refuse(`a path begins with \`/\`, a URL with its scheme: \`https://${text}\``);
    const path = parsePathTemplate(text);
    return path instanceof Refusal ? refuse(path.hint) : { scheme: null, authority: null, path };
  }
  const rest = text.slice(scheme.length + 3);
  const slash = rest.indexOf("/");
  const authority = slash === -1 ? rest : rest.slice(0, slash);
  const path = parsePathTemplate(slash === -1 ? "/" : rest.slice(slash));
  if (path instanceof Refusal) return refuse(path.hint);
  const host = toAuthority(authority);
  if (host === undefined) return refuse("the host is a name or an address, with a port at most");
  return { scheme: scheme === "http" ? "http" : "https", authority: host, path };
}

/** An origin as browsers send it (RFC 6454 6.2): scheme, host, and a port that is not the scheme's own. */
export function parseOrigin(text: string): string | Refusal {
  const refuse = (hint: string | undefined) => new Refusal("SP_CONFIG_BAD_VALUE", ORIGIN_EXPECTATION, hint);
  if (text === "*" || text === "null") return text === "*" ? text : refuse("`null` is every sandboxed page's origin: it can't be trusted");
  const found = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text);
  if (found === null) return refuse(`write the scheme: \`https://${text}\``);
  const [, scheme = "", authority = ""] = found;
  if (/[/?#]/.test(authority)) return refuse(`without path or slash: \`${scheme}://${authority.replace(/[/?#].*$/, "")}\``);
  const isWildcard = authority.startsWith("*.");
  const host = toAuthority(isWildcard ? authority.slice(2) : authority);
  if (host === undefined)
    return refuse(authority.includes("*") ? "`*` stands only for whole leading labels: `https://*.example.com`" : undefined);
  const lower = `${scheme.toLowerCase()}://${isWildcard ? "*." : ""}${host}`;
  if (/^https:.*:443$|^http:.*:80$/.test(lower))
    return refuse(`browsers leave the scheme's own port out: \`${lower.replace(/:\d+$/, "")}\``);
  return lower;
}

/** To milliseconds since the epoch; a date alone is its midnight in UTC. */
export function parseDate(text: string): number | Refusal {
  const refuse = (hint: string | undefined) => new Refusal("SP_CONFIG_BAD_DATE", DATE_EXPECTATION, hint);
  const found = DATE.exec(text);
  if (found === null) return refuse(/[+-]\d{2}:?\d{2}$/.test(text) ? "in UTC, with `Z` at the end" : undefined);
  const iso = text.includes("T") ? text : `${text}T00:00:00Z`;
  const ms = Date.parse(iso);
  // Date.parse rolls 31 February over on some runtimes.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text.slice(0, 10)) return refuse("there is no such day or time");
  return ms;
}

export function parseUrl(text: string): string | Refusal {
  const isFit = /^https?:\/\/[!-~]+$/.test(text) && !/[<>"\\^`{|}]/.test(text) && URL.canParse(text);
  return isFit ? text : new Refusal("SP_CONFIG_BAD_VALUE", URL_EXPECTATION, undefined);
}

/** RFC 8555 6.1: an authority is asked over TLS alone. */
export function parseDirectoryUrl(text: string): string | Refusal {
  const url = parseUrl(text);
  return url instanceof Refusal || url.startsWith("https://")
    ? url
    : new Refusal("SP_CONFIG_ACME", URL_EXPECTATION, "an authority is asked over `https://` alone");
}

export type HostRewrite = { readonly kind: "keep" } | { readonly kind: "endpoint" } | { readonly kind: "name"; readonly authority: string };

export function parseHostRewrite(text: string): HostRewrite | Refusal {
  if (text === "keep" || text === "endpoint") return { kind: text };
  const authority = toAuthority(text);
  return authority === undefined ? new Refusal("SP_CONFIG_BAD_VALUE", AUTHORITY_EXPECTATION) : { kind: "name", authority };
}

/** Without parameters and suffix, in lower case. */
export function parseMediaType(text: string): string | Refusal {
  const [type = "", subtype = "", ...rest] = text.toLowerCase().split("/");
  if (rest.length === 0 && isToken(type) && isToken(subtype) && !/[*+]/.test(text)) return `${type}/${subtype}`;
  const hint = text.includes("+") ? "without `+json`: it follows the version" : text.includes("*") ? "one type, no `*`" : undefined;
  return new Refusal("SP_CONFIG_BAD_VALUE", MEDIA_TYPE_EXPECTATION, hint);
}

/** RFC 6901; the empty pointer, the whole document, says nothing here. */
export function parsePointer(text: string): string | Refusal {
  if (/^(?:\/(?:[^~/]|~[01])*)+$/.test(text) && text.length <= 256) return text;
  const hint = text.startsWith("/") ? "`~` is written `~0`, and `/` in a name `~1`" : `begin with \`/\`: \`/${text.replaceAll(".", "/")}\``;
  return new Refusal("SP_CONFIG_BAD_VALUE", POINTER_EXPECTATION, hint);
}

/** Percent-decoded, as it is compared. */
export function parseParameterName(text: string): string | Refusal {
  if (text.length > 0 && text.length <= 256 && !/\p{Cc}/u.test(text)) return text;
  return new Refusal("SP_CONFIG_BAD_VALUE", PARAMETER_EXPECTATION);
}

/** `Content-Type` of an answer of the gateway's own. */
export function parseContentType(text: string): string | Refusal {
  if (/^[!-~]+\/[ -~]+$/.test(text) && text.trim() === text && text.length <= 256) return text;
  return new Refusal("SP_CONFIG_BAD_VALUE", "a content type such as `application/json`");
}

/** Host with a port at most, lower case; undefined when it is neither. */
function toAuthority(text: string): string | undefined {
  const host = text === "" ? null : parseHost(text);
  if (host === null || "kind" in host || text.includes("*")) return undefined;
  return text.toLowerCase();
}
