// @hot
// The value of Host, and the authority of a target: uri-host [":" port] (RFC 9110 7.2), stricter than RFC 3986: no
// percent-escapes, no sub-delims, no zone ids, no IPvFuture, and nothing that a resolver would take for an odd spelling of
// an IPv4 address (127.1, 0x7f000001). Not a resolver, and it knows no default ports.

import type { FaultDefinition } from "../base/index.ts";
import { URI } from "./uri-faults.ts";

export interface Host {
  /** Lower case, without a trailing dot; an IPv6 address keeps its brackets and is otherwise as it was sent. */
  readonly name: string;
  /** 0 to 65535; null when the text holds none. */
  readonly port: number | null;
}

// RFC 1035 2.3.4, without the root label.
const MAX_NAME = 253;
// The last valid text: most requests repeat it. A table of more was no faster than parsing (uri.bench.ts).
let lastText = "";
let lastHost: Host | null = null;

/**
 * The host and port that `text` names. The result is frozen and shared between callers. Faults with HOST_INVALID, also for
 * an empty text.
 */
export function parseHost(text: string): Host | FaultDefinition {
  if (text === lastText && lastHost !== null) return lastHost;
  const host = parseHostSlowly(text);
  if (host === null) return URI.HOST_INVALID;
  lastText = text;
  lastHost = host;
  return host;
}

function parseHostSlowly(text: string): Host | null {
  const isBracketed = text.charCodeAt(0) === 0x5b;
  let nameEnd = isBracketed ? text.indexOf("]") + 1 : text.indexOf(":");
  if (isBracketed && nameEnd === 0) return null;
  if (nameEnd < 0) nameEnd = text.length;
  let port: number | null = null;
  if (nameEnd < text.length) {
    port = text.charCodeAt(nameEnd) === 0x3a ? parsePort(text, nameEnd + 1) : -1;
    if (port < 0) return null;
  }
  if (isBracketed) {
    if (!isIpv6(text, 1, nameEnd - 1)) return null;
  } else {
    if (nameEnd > 1 && text.charCodeAt(nameEnd - 1) === 0x2e) nameEnd--;
    if (!isName(text, nameEnd)) return null;
  }
  return Object.freeze({ name: text.substring(0, nameEnd).toLowerCase(), port });
}

/** The number from `from` to the end of `text`; -1 unless it is one to five digits and at most 65535. */
function parsePort(text: string, from: number): number {
  const count = text.length - from;
  if (count < 1 || count > 5) return -1;
  let port = 0;
  for (let i = from; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    port = port * 10 + digit;
  }
  return port > 65535 ? -1 : port;
}

/** Whether the first `end` characters are a registered name or an IPv4 address. */
function isName(text: string, end: number): boolean {
  if (end === 0 || end > MAX_NAME) return false;
  let label = 0;
  for (let i = 0; i <= end; i++) {
    const c = i === end ? 0x2e : text.charCodeAt(i);
    if (c === 0x2e) {
      if (i === label || i - label > 63) return false;
      if (i < end) label = i + 1;
      continue;
    }
    const folded = c | 0x20;
    const isLetter = folded >= 0x61 && folded <= 0x7a;
    if (!isLetter && !(c >= 0x30 && c <= 0x39) && c !== 0x2d && c !== 0x5f) return false;
  }
  // WHATWG URL 3.5, "ends in a number": what resolvers read as an address must be one in its plain spelling.
  return !isNumber(text, label, end) || isIpv4(text, 0, end);
}

/** Whether the label is decimal, or hexadecimal with 0x. */
function isNumber(text: string, start: number, end: number): boolean {
  const isHex = end - start >= 2 && text.charCodeAt(start) === 0x30 && (text.charCodeAt(start + 1) | 0x20) === 0x78;
  for (let i = isHex ? start + 2 : start; i < end; i++) {
    const c = text.charCodeAt(i);
    const folded = c | 0x20;
    if (!(c >= 0x30 && c <= 0x39) && !(isHex && folded >= 0x61 && folded <= 0x66)) return false;
  }
  return true;
}

/** Four decimal octets without leading zeros (RFC 3986 3.2.2). */
function isIpv4(text: string, start: number, end: number): boolean {
  let octets = 0;
  let value = -1;
  for (let i = start; i <= end; i++) {
    const c = i === end ? 0x2e : text.charCodeAt(i);
    if (c === 0x2e) {
      if (value < 0) return false;
      octets++;
      value = -1;
    } else {
      if (c < 0x30 || c > 0x39 || value === 0) return false;
      value = value < 0 ? c - 0x30 : value * 10 + c - 0x30;
      if (value > 255) return false;
    }
  }
  return octets === 4;
}

/** RFC 3986 3.2.2, without zone: groups of one to four digits, at most one `::`, perhaps an IPv4 address at the end. */
function isIpv6(text: string, start: number, end: number): boolean {
  let groups = 0;
  let isCompressed = false;
  let i = start;
  if (text.charCodeAt(i) === 0x3a) {
    if (text.charCodeAt(i + 1) !== 0x3a || i + 2 > end) return false;
    isCompressed = true;
    i += 2;
  }
  while (i < end) {
    const groupStart = i;
    while (i < end && isHexDigit(text.charCodeAt(i))) i++;
    if (i < end && text.charCodeAt(i) === 0x2e) {
      groups += 2;
      return isIpv4(text, groupStart, end) && (isCompressed ? groups < 8 : groups === 8);
    }
    if (i === groupStart || i - groupStart > 4) return false;
    groups++;
    if (i === end) break;
    if (text.charCodeAt(i) !== 0x3a) return false;
    i++;
    if (i === end) return false;
    if (text.charCodeAt(i) === 0x3a) {
      if (isCompressed) return false;
      isCompressed = true;
      i++;
    }
  }
  return isCompressed ? groups < 8 : groups === 8;
}

function isHexDigit(c: number): boolean {
  const folded = c | 0x20;
  return (c >= 0x30 && c <= 0x39) || (folded >= 0x61 && folded <= 0x66);
}
