// Cookies of a session: read from a request, and written for its answer (RFC 6265bis). A value that is too large for one cookie stands in
// several, `name.0` to `name.3`, of which the first says how many there are: those that an older, longer value left behind are not read.

import { FIELD, type Fields, fieldName, trimBlank } from "../../http/index.ts";

export const SET_COOKIE = fieldName("Set-Cookie");

/** Browsers keep 4096 bytes of name, value and attributes. */
const PART = 3700;
const MOST_PARTS = 4;
/** What fits in all parts together, beside the count. */
export const MOST_VALUE = PART * MOST_PARTS - 2;

const COUNTED = /^([1-4])~/;

/** All cookies of a request in the order in which they stand; a pair without a name is none. */
export function listCookies(fields: Fields): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (let i = 0; i < fields.size; i++) {
    if (!fields.isAt(i, FIELD.COOKIE)) continue;
    for (const pair of fields.valueAt(i).split(";")) {
      const equals = pair.indexOf("=");
      if (equals > 0) found.push([trimBlank(pair.slice(0, equals)), trimBlank(pair.slice(equals + 1))]);
    }
  }
  return found;
}

/** `damaged`: there is something by that name that can't be read as one value. Null: nothing. */
export function readValue(cookies: readonly (readonly [string, string])[], name: string): string | "damaged" | null {
  const whole = valuesOf(cookies, name);
  if (whole.length > 0) return whole.length === 1 && whole[0] !== "" ? whole[0]! : "damaged";
  const first = valuesOf(cookies, `${name}.0`);
  if (first.length === 0) return null;
  const count = Number(COUNTED.exec(first[0]!)?.[1] ?? 0);
  if (first.length > 1 || count === 0) return "damaged";
  let value = first[0]!.slice(2);
  for (let part = 1; part < count; part++) {
    const more = valuesOf(cookies, `${name}.${part}`);
    if (more.length !== 1) return "damaged";
    value += more[0];
  }
  return value;
}

/** Names under which a request has something of that cookie. */
export function namesOf(cookies: readonly (readonly [string, string])[], name: string): string[] {
  const isPart = (text: string) => text === name || (text.length === name.length + 2 && /\.[0-3]$/.test(text) && text.startsWith(name));
  return cookies.map(([text]) => text).filter(isPart);
}

function valuesOf(cookies: readonly (readonly [string, string])[], name: string): string[] {
  return cookies.filter(([text]) => text === name).map(([, value]) => value);
}

export interface CookieOptions {
  readonly isSecure: boolean;
}

/** Values of Set-Cookie that put `value` under the name and take away what else `present` has of it. */
export function writeValue(name: string, value: string, present: readonly string[], options: CookieOptions): string[] {
  const parts: [string, string][] = [];
  if (value.length <= PART) parts.push([name, value]);
  else {
    const count = Math.ceil((value.length + 2) / PART);
    const counted = `${count}~${value}`;
    for (let part = 0; part < count; part++) parts.push([`${name}.${part}`, counted.slice(part * PART, (part + 1) * PART)]);
  }
  const stale = present.filter((text) => !parts.some(([part]) => part === text));
  return [...parts.map(([part, text]) => `${part}=${text}${attributes(options)}`), ...removeAll(stale, options)];
}

export function removeAll(names: readonly string[], options: CookieOptions): string[] {
  return [...new Set(names)].map((name) => `${name}=; Max-Age=0${attributes(options)}`);
}

/** One that goes by itself. */
export function writeShortLived(name: string, value: string, seconds: number, options: CookieOptions): string {
  return `${name}=${value}; Max-Age=${seconds}${attributes(options)}`;
}

/** Without Domain, so that no other host ever gets it; Lax, so that it comes along when the provider sends the browser back. */
function attributes({ isSecure }: CookieOptions): string {
  return `; Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
}

/** Over cleartext a browser keeps no Secure cookie, but on loopback; names with these prefixes are nothing without it. */
export function mustBeSecure(name: string, scheme: "http" | "https"): boolean {
  return scheme === "https" || /^__(?:host|secure)-/i.test(name);
}
