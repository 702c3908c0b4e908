// Where a login may lead: a path of the host that was asked, or a URL of a host that the configuration names. What is let through is what
// the URL parser that browsers have in common (WHATWG) made of the text, so that nothing is left for a browser to read in another way.

/** Far below what a Location line or a sealed cookie takes. */
const MOST = 1024;
/** No controls, no space, no backslash (which browsers take for a slash), nothing beyond ASCII. */
const VISIBLE = /^[\x21-\x5b\x5d-\x7e]+$/;
/** Two slashes or backslashes, written or escaped, once or twice: another site's authority to whoever decodes. */
const TWO_SLASHES = /^(?:[/\\]|%(?:25)*2f|%(?:25)*5c){2}/i;
const ABSOLUTE = /^https?:\/\/[^/?#@]+(?:[/?#]|$)/;

export interface ReturnRules {
  /** Host and port as the request has them. */
  readonly authority: string;
  readonly scheme: "http" | "https";
  /** Hosts that may be led to besides, as configured: with their port where it isn't the scheme's own. */
  readonly hosts: readonly string[];
}

/** A path or URL for Location; null where it leads elsewhere. */
export function readReturnPath(text: string, rules: ReturnRules): string | null {
  if (text.length > MOST || !VISIBLE.test(text)) return null;
  if (text.startsWith("/")) return readPath(text);
  return ABSOLUTE.test(text) ? readUrl(text, rules) : null;
}

function readPath(text: string): string | null {
  if (TWO_SLASHES.test(text)) return null;
  const base = "http://own.invalid";
  const url = parse(text, base);
  if (url === null || url.origin !== base || TWO_SLASHES.test(url.pathname)) return null;
  return url.pathname + url.search + url.hash;
}

function readUrl(text: string, { authority, scheme, hosts }: ReturnRules): string | null {
  const url = parse(text);
  if (url === null || url.username !== "" || url.password !== "") return null;
  // Cleartext only where the login itself was.
  if (url.protocol !== "https:" && url.protocol !== `${scheme}:`) return null;
  const own = parse(`${scheme}://${authority}`);
  if (own !== null && own.origin === url.origin) return url.href;
  return hosts.some((host) => host.toLowerCase() === url.host) ? url.href : null;
}

function parse(text: string, base?: string): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}
