// @hot
// The four forms of a request target (RFC 9112 3.2) and its parts. Knows nothing of routes; length limits are the head
// parser's. http and https are the only schemes of absolute-form.

import type { FaultDefinition } from "../base/index.ts";
import { type Host, parseHost } from "./host.ts";
import { normalisePathWithin, type PathRules } from "./path.ts";
import { URI } from "./uri-faults.ts";

export const ORIGIN_FORM = 1;
export const ABSOLUTE_FORM = 2;
export const AUTHORITY_FORM = 3;
export const ASTERISK_FORM = 4;

/** The parts of one target. The caller owns it and may use it again for the next target; parseTarget sets every field. */
export class Target {
  /** One of the *_FORM constants; 0 before the first parse and after a fault. */
  form = 0;
  /** In normal form and never empty: what is routed and what is sent. `*` in asterisk-form, empty in authority-form. */
  path = "";
  /** Byte for byte with its `?`; empty when the target holds none. */
  query = "";
  /** `http` or `https`; empty but for absolute-form. */
  scheme = "";
  /** As it was sent, in absolute-form and authority-form, and also for an asterisk that was sent as OPTIONS http://host. */
  authority = "";
}

/**
 * Reads `target` (latin1, already free of spaces and controls) into `into`; null, or why it is refused. The authority of
 * absolute-form is only delimited here: checkAuthority judges it.
 */
export function parseTarget(target: string, method: string, rules: PathRules, into: Target): FaultDefinition | null {
  into.form = 0;
  into.path = "";
  into.query = "";
  into.scheme = "";
  into.authority = "";
  if (method === "CONNECT") return parseAuthorityForm(target, into);
  if (target.charCodeAt(0) === 0x2f) {
    const fault = parsePathAndQuery(target, 0, rules, into);
    if (fault === null) into.form = ORIGIN_FORM;
    return fault;
  }
  if (target === "*") {
    if (method !== "OPTIONS") return URI.TARGET_FORM;
    into.form = ASTERISK_FORM;
    into.path = "*";
    return null;
  }
  return parseAbsoluteForm(target, method, rules, into);
}

/**
 * Judges the authority of `target`: it must be valid and name `host` as well, with the default port of the scheme where one is left
 * out. Null when it does, when the target holds none, or when the request has no Host (HTTP/1.0).
 */
export function checkAuthority(target: Target, host: Host | null): FaultDefinition | null {
  if (target.authority === "") return null;
  const named = parseHost(target.authority);
  if ("kind" in named) return named;
  if (host === null) return null;
  const defaultPort = target.scheme === "https" ? 443 : 80;
  if (named.name !== host.name || (named.port ?? defaultPort) !== (host.port ?? defaultPort)) return URI.HOST_MISMATCH;
  return null;
}

function parseAuthorityForm(target: string, into: Target): FaultDefinition | null {
  if (target.indexOf("@") >= 0) return URI.USERINFO;
  const host = parseHost(target);
  if ("kind" in host) return host;
  // RFC 9110 9.3.6: the port has no default here.
  if (host.port === null) return URI.TARGET_FORM;
  into.form = AUTHORITY_FORM;
  into.authority = target;
  return null;
}

function parseAbsoluteForm(target: string, method: string, rules: PathRules, into: Target): FaultDefinition | null {
  const schemeEnd = target.indexOf("://");
  if (schemeEnd !== 4 && schemeEnd !== 5) return URI.TARGET_FORM;
  const scheme = target.substring(0, schemeEnd).toLowerCase();
  if (scheme !== "http" && scheme !== "https") return URI.TARGET_FORM;
  const authorityStart = schemeEnd + 3;
  let authorityEnd = authorityStart;
  for (; authorityEnd < target.length; authorityEnd++) {
    const c = target.charCodeAt(authorityEnd);
    if (c === 0x2f || c === 0x3f || c === 0x23) break;
    if (c === 0x40) return URI.USERINFO;
  }
  if (authorityEnd === authorityStart) return URI.HOST_INVALID;
  if (authorityEnd < target.length && target.charCodeAt(authorityEnd) === 0x23) return URI.PATH_CHARACTER;
  const fault = authorityEnd === target.length ? null : parsePathAndQuery(target, authorityEnd, rules, into);
  if (fault !== null) return fault;
  into.scheme = scheme;
  into.authority = target.substring(authorityStart, authorityEnd);
  into.form = ABSOLUTE_FORM;
  if (authorityEnd === target.length) {
    // RFC 9112 3.2.4: OPTIONS without path and query speaks of the server as a whole.
    const isAsterisk = method === "OPTIONS";
    into.path = isAsterisk ? "*" : "/";
    if (isAsterisk) into.form = ASTERISK_FORM;
  }
  return null;
}

function parsePathAndQuery(target: string, start: number, rules: PathRules, into: Target): FaultDefinition | null {
  const mark = target.indexOf("?", start);
  const pathEnd = mark < 0 ? target.length : mark;
  if (pathEnd === start) {
    into.path = "/";
  } else {
    const path = normalisePathWithin(target, start, pathEnd, rules);
    if (typeof path !== "string") return path;
    into.path = path;
  }
  if (mark < 0) return null;
  for (let i = mark + 1; i < target.length; i++) {
    const c = target.charCodeAt(i);
    if (c < 0x21 || c > 0x7e || c === 0x23) return URI.QUERY_CHARACTER;
  }
  into.query = target.substring(mark);
  return null;
}
