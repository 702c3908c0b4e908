// Header fields as users write them: names are tokens, values are what RFC 9110 5.5 lets a sender generate, and neither touches
// the fields by which a message is framed or routed.

import { foldName, isToken } from "../http/index.ts";
import { Refusal } from "./refusal.ts";

export const FIELD_NAME_EXPECTATION = "a header name such as `X-Edge`";
export const FIELD_VALUE_EXPECTATION = "a header value as text";

// Compared once folded, so that `Content_Length` is refused like `Content-Length`.
const FRAMING = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** A field name that configuration may edit, as written. */
export function parseFieldName(text: string): string | Refusal {
  if (text === "" || text.length > 256 || !isToken(text)) {
    const hint = /[\s:]/.test(text) ? "a name has no spaces and no colon" : undefined;
    return new Refusal("SP_CONFIG_BAD_HEADER", FIELD_NAME_EXPECTATION, hint);
  }
  if (!FRAMING.has(foldName(text))) return text;
  const why = foldName(text) === "host" ? "`rewrite.host` says which Host the upstream sees" : "the gateway frames messages itself";
  return new Refusal("SP_CONFIG_HEADER_REFUSED", "a header that the gateway doesn't keep for itself", why);
}

/** A field name that a route can be chosen by, as written. */
export function parseConditionField(text: string): string | Refusal {
  const name = parseFieldName(text);
  if (!(name instanceof Refusal) || name.code !== "SP_CONFIG_HEADER_REFUSED") return name;
  const why = foldName(text) === "host" ? "hosts are matched by `match.hosts`" : "the gateway takes it out before a route is chosen";
  return new Refusal(name.code, "a header that is still there when a route is chosen", why);
}

/** Visible ASCII, spaces and tabs inside; may be empty. */
export function parseFieldValue(text: string): string | Refusal {
  if (/^[\t -~]*$/.test(text) && text.trim() === text && text.length <= 8192) return text;
  const hint = text.trim() !== text ? "no space at either end" : /[\r\n]/.test(text) ? "a value is one line" : "ASCII only";
  return new Refusal("SP_CONFIG_BAD_HEADER", FIELD_VALUE_EXPECTATION, hint);
}
