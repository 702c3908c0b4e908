// Whether all that one pattern takes another takes as well: hosts, paths, networks, origins. For telling what widens from what is only different.

import { parseCidr } from "../../base/index.ts";

/** `*.example.com` takes one or more labels before its suffix. */
export function coversHost(outer: string, inner: string): boolean {
  if (!outer.startsWith("*.")) return outer === inner;
  const suffix = outer.slice(1);
  return inner.endsWith(suffix) && inner.length > suffix.length;
}

/** By segments, as the router takes them: `:param` is one segment that is not empty, a closing `*` is all below and the place itself. */
export function coversPath(outer: string, inner: string): boolean {
  const [wide, narrow] = [outer.split("/"), inner.split("/")];
  const hasTail = wide.at(-1) === "*";
  if (hasTail) wide.pop();
  else if (narrow.at(-1) === "*") return false;
  const own = narrow.at(-1) === "*" ? narrow.slice(0, -1) : narrow;
  if (hasTail ? own.length < wide.length : own.length !== wide.length) return false;
  return wide.every((segment, at) => (segment.startsWith(":") ? own[at] !== "" : segment === own[at]));
}

export function coversNetwork(outer: string, inner: string): boolean {
  const [wide, narrow] = [parseCidr(outer), parseCidr(inner)];
  if (wide === null || narrow === null || wide.version !== narrow.version || wide.prefix > narrow.prefix) return false;
  return wide.words.every((word, at) => {
    const bits = Math.min(32, Math.max(0, wide.prefix - 32 * at));
    const mask = bits === 0 ? 0 : (~0 << (32 - bits)) >>> 0;
    return (word & mask) >>> 0 === ((narrow.words[at] ?? 0) & mask) >>> 0;
  });
}

/** `https://*.example.com` takes the origins below it, of its scheme. */
export function coversOrigin(outer: string, inner: string): boolean {
  const [scheme = "", host = ""] = outer.split("://", 2);
  const [innerScheme = "", innerHost = ""] = inner.split("://", 2);
  return scheme === innerScheme && coversHost(host, innerHost);
}
