// The single values that only identities and authorisation use: URLs of issuers and services, cookies' names, times of day. One strict
// form each.

import { canonicalIp } from "../base/index.ts";
import { isToken } from "../http/index.ts";
import { isLocalAddress } from "./addresses.ts";
import { isHostName } from "./patterns.ts";
import { Refusal } from "./refusal.ts";

export const SERVICE_URL_EXPECTATION = "a URL such as `https://auth.example.com/path`";
export const ISSUER_URL_EXPECTATION = "an issuer's URL such as `https://auth.example.com/`";
export const COOKIE_EXPECTATION = "the name of a cookie such as `__Host-session`";
export const TIME_EXPECTATION = "a time of day such as `08:00`";
export const ZONE_EXPECTATION = "a time zone such as `UTC` or `Europe/Berlin`";
export const OWN_PATH_EXPECTATION = "a path such as `/.sallyport/web`";
export const AFTER_LOGOUT_EXPECTATION = "a path such as `/`, or a URL";
export const PUBLIC_HOST_EXPECTATION = "a host such as `www.example.com`, with its port where that is not the scheme's own";

const MINUTES_OF_A_DAY = 1440;

/** Whoever can change what comes from there says who calls: over TLS, or within this machine. */
export function parseTrustedUrl(text: string): string | Refusal {
  const url = parseServiceUrl(text);
  if (url instanceof Refusal || !isCleartext(text)) return url;
  return new Refusal(
    "SP_CONFIG_BAD_VALUE",
    SERVICE_URL_EXPECTATION,
    "`https://`: `http://` is for `127.0.0.1`, `[::1]` and `localhost` alone",
  );
}

export function parseIssuerUrl(text: string): string | Refusal {
  const url = parseTrustedUrl(text);
  if (url instanceof Refusal) return new Refusal(url.code, ISSUER_URL_EXPECTATION, url.hint);
  return text.includes("?") ? new Refusal("SP_CONFIG_BAD_VALUE", ISSUER_URL_EXPECTATION, "an issuer has no query") : text;
}

export function parseServiceUrl(text: string): string | Refusal {
  const refuse = (hint?: string) => new Refusal("SP_CONFIG_BAD_VALUE", SERVICE_URL_EXPECTATION, hint);
  if (!/^https?:\/\//.test(text)) return refuse(/^[a-z0-9.-]+(?:[:/]|$)/.test(text) ? `write the scheme: \`https://${text}\`` : undefined);
  if (!/^[!-~]+$/.test(text) || /[<>"\\^`{|}]/.test(text) || !URL.canParse(text)) return refuse();
  const { username, password } = new URL(text);
  if (username !== "" || password !== "") return refuse("credentials don't belong in a URL");
  return text.includes("#") ? refuse("without a fragment") : text;
}

/** Whether what is sent to this URL can be read and changed on its way. */
export function isCleartext(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const host = hostname.replace(/^\[|\]$/g, "");
  const ip = canonicalIp(host);
  return protocol === "http:" && host !== "localhost" && (ip === null || !isLocalAddress({ host: ip, port: 0 }));
}

export function parseCookieName(text: string): string | Refusal {
  return isToken(text) && text.length <= 128 ? text : new Refusal("SP_CONFIG_BAD_VALUE", COOKIE_EXPECTATION);
}

/** To minutes since midnight; `24:00` is the end of the day. */
export function parseTimeOfDay(text: string): number | Refusal {
  const found = /^([0-9]{2}):([0-9]{2})$/.exec(text);
  const minutes = found === null ? Number.NaN : Number(found[1]) * 60 + Number(found[2]);
  if (Number(found?.[2]) < 60 && minutes <= MINUTES_OF_A_DAY) return minutes;
  const hint = /^[0-9]:[0-9]{2}$/.test(text) ? `write \`0${text}\`` : /[ap]m$/i.test(text) ? "hours go from 00 to 24" : undefined;
  return new Refusal("SP_CONFIG_BAD_VALUE", TIME_EXPECTATION, hint);
}

/** A name that the runtime knows. */
export function parseZone(text: string): string | Refusal {
  const refusal = new Refusal("SP_CONFIG_BAD_VALUE", ZONE_EXPECTATION, "names are those of the IANA: a place, or `UTC`");
  // Runtimes take offsets too, which know no summer time.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(text)) return refusal;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return text;
  } catch {
    return refusal;
  }
}

/** Where pages of the gateway's own stand: whole segments, without a slash at the end. */
export function parseOwnPath(text: string): string | Refusal {
  const isWell = /^(?:\/[A-Za-z0-9._~-]+)+$/.test(text) && !/\/\.{1,2}(?:\/|$)/.test(text);
  return isWell
    ? text
    : new Refusal("SP_CONFIG_BAD_VALUE", OWN_PATH_EXPECTATION, "letters, digits, `.`, `_`, `~` and `-`, no slash at the end");
}

export function parseAfterLogout(text: string): string | Refusal {
  if (/^https?:\/\//.test(text)) return parseServiceUrl(text);
  const isWell = /^\/(?:$|[^/\\])/.test(text) && /^[!-~]+$/.test(text);
  return isWell ? text : new Refusal("SP_CONFIG_BAD_VALUE", AFTER_LOGOUT_EXPECTATION, "browsers read `//x` and `/\\x` as a host");
}

/** Lower case, with a port at most. */
export function parsePublicHost(text: string): string | Refusal {
  const lower = text.toLowerCase();
  const isWell = isHostName(lower.replace(/:[0-9]{1,5}$/, ""));
  return isWell
    ? lower
    : new Refusal("SP_CONFIG_BAD_VALUE", PUBLIC_HOST_EXPECTATION, /:\/\//.test(text) ? "without the scheme" : undefined);
}
