// Whether a request that would change something was sent by a page of the site itself. The cookie is in every request that a browser makes,
// whoever made it ask; browsers say who it was. A request that says nothing of it is refused: programs have no session, and browsers
// that send neither field with such a request are of before 2020.

import { fieldName } from "../../http/index.ts";
import type { Exchange } from "../../pipeline/index.ts";

const SEC_FETCH_SITE = fieldName("Sec-Fetch-Site");
const ORIGIN = fieldName("Origin");

export type CrossSiteRules = Pick<Exchange, "head" | "clientScheme">;

/** Whether the request may change something: its method says so, or a WebSocket is opened by it (whose messages no method speaks of). */
export function isUnsafe({ head }: Pick<Exchange, "head">): boolean {
  const { method } = head;
  return head.upgrade !== null || (method !== "GET" && method !== "HEAD" && method !== "OPTIONS");
}

/** Null: it is the site's own. Else why not. `hosts` are those whose pages may do the same. */
export function judgeSender({ head, clientScheme }: CrossSiteRules, hosts: readonly string[]): string | null {
  const { fields } = head;
  const site = fields.get(SEC_FETCH_SITE);
  // Pages can't set it. `none`: the person, by the address bar or a bookmark.
  if (site === "same-origin" || site === "none") return null;
  const origin = fields.getCombined(ORIGIN);
  if (origin === null)
    return site === null ? "neither Sec-Fetch-Site nor Origin says which page sent it" : "Sec-Fetch-Site names another site";
  return isOwn(origin, `${clientScheme}://${head.authority}`.toLowerCase(), site === null, clientScheme, hosts)
    ? null
    : "its origin is neither the request's own host nor one of `hosts`";
}

function isOwn(origin: string, own: string, mayBeOwn: boolean, scheme: string, hosts: readonly string[]): boolean {
  if (mayBeOwn && origin === own) return true;
  for (const host of hosts) {
    const name = host.toLowerCase();
    if (origin === `https://${name}` || (scheme === "http" && origin === `http://${name}`)) return true;
  }
  return false;
}

/** A person who followed a link or typed an address, in a window of its own: not a script, an image or a frame. */
export function isNavigation({ head }: Pick<Exchange, "head">): boolean {
  if (head.method !== "GET" || head.upgrade !== null) return false;
  const mode = head.fields.get(SEC_FETCH_MODE);
  if (mode !== null) return mode === "navigate" && (head.fields.get(SEC_FETCH_DEST) ?? "document") === "document";
  // Over cleartext to other machines browsers send no such fields.
  return (head.fields.get(ACCEPT)?.includes("text/html") ?? false) && head.fields.get(X_REQUESTED_WITH) === null;
}

/** A link of the site's own pages, or the address bar; not what a browser fetches ahead in case somebody goes there. */
export function isOwnNavigation({ head }: Pick<Exchange, "head">): boolean {
  const { fields } = head;
  const site = fields.get(SEC_FETCH_SITE);
  const isMeant =
    fields.get(SEC_PURPOSE) === null && fields.get(SEC_FETCH_MODE) === "navigate" && fields.get(SEC_FETCH_DEST) === "document";
  return head.method === "GET" && isMeant && (site === "same-origin" || site === "none");
}

const SEC_FETCH_MODE = fieldName("Sec-Fetch-Mode");
const SEC_FETCH_DEST = fieldName("Sec-Fetch-Dest");
const SEC_PURPOSE = fieldName("Sec-Purpose");
const ACCEPT = fieldName("Accept");
const X_REQUESTED_WITH = fieldName("X-Requested-With");
