// @hot
// The path of a request target in the one spelling that is routed, authorised and sent upstream (RFC 3986 6.2.2). Not a
// decoder: what has a meaning when escaped stays escaped, so a second reader that decodes once finds no new delimiter.
// The result is a fixed point: no dot segments, no encoded unreserved characters, no lower-case escapes.

import type { FaultDefinition } from "../base/index.ts";
import { escapeAt } from "./percent.ts";
import { URI } from "./uri-faults.ts";

/** What a gateway does with the spellings on which servers disagree; the defaults are in DEFAULT_PATH_RULES. */
export interface PathRules {
  /** `keep`: %2F is data within its segment. */
  readonly encodedSlash: "reject" | "keep";
  readonly backslash: "reject";
  readonly duplicateSlashes: "keep" | "merge" | "reject";
  readonly dotSegments: "resolve" | "reject";
}

export const DEFAULT_PATH_RULES: PathRules = Object.freeze({
  encodedSlash: "reject",
  backslash: "reject",
  duplicateSlashes: "keep",
  dotSegments: "resolve",
});

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;

const REFUSED = 0;
const UNRESERVED = 1;
// sub-delims, ":" and "@" by RFC 3986 3.3; "[", "]" and "|" because browsers send them raw.
const PLAIN = 2;
const SPECIAL = 3;

const CLASS = new Uint8Array(128);
classify("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", UNRESERVED);
classify("!$&'()*+,;=:@[]|", PLAIN);
classify("/%\\", SPECIAL);

function classify(characters: string, kind: number): void {
  for (let i = 0; i < characters.length; i++) CLASS[characters.charCodeAt(i)] = kind;
}

/**
 * The normal form of `path`, or why it is refused. Most paths are in normal form already and come back as the same string
 * without an allocation.
 */
export function normalisePath(path: string, rules: PathRules): string | FaultDefinition {
  return normalisePathWithin(path, 0, path.length, rules);
}

/** The same for the part of `text` from `start` up to `end`, which spares the substring of a target with a query. */
export function normalisePathWithin(text: string, start: number, end: number, rules: PathRules): string | FaultDefinition {
  if (start >= end || text.charCodeAt(start) !== SLASH) return URI.TARGET_FORM;
  const keepsEmpty = rules.duplicateSlashes === "keep";
  let afterSlash = true;
  for (let i = start + 1; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c === SLASH) {
      if (afterSlash && !keepsEmpty) return normaliseSlowly(text, start, end, rules);
      afterSlash = true;
      continue;
    }
    const kind = c < 128 ? CLASS[c] : REFUSED;
    if (kind === REFUSED) return URI.PATH_CHARACTER;
    // `;` needs no look here: parameters disguise a dot segment only where a segment starts with a dot.
    if (kind === SPECIAL || (afterSlash && c === DOT)) return normaliseSlowly(text, start, end, rules);
    afterSlash = false;
  }
  return text.substring(start, end);
}

// The output is never longer than the input, and nothing here calls out, so that one buffer serves every caller.
let scratch = Buffer.allocUnsafe(8192);

function normaliseSlowly(text: string, start: number, end: number, rules: PathRules): string | FaultDefinition {
  const size = end - start;
  if (scratch.length < size) scratch = Buffer.allocUnsafe(size * 2);
  const out = scratch;
  out[0] = SLASH;
  let length = 1;
  let segment = 1;
  let respelt = false;
  let i = start + 1;
  while (true) {
    const c = i < end ? text.charCodeAt(i) : SLASH;
    if (c === SLASH) {
      const ends = i >= end;
      const kind = segmentKind(out, segment, length);
      if (kind === SEGMENT_DISGUISED) return URI.DOT_DISGUISED;
      if (kind === SEGMENT_ORDINARY) {
        if (!ends) out[length++] = SLASH;
      } else if (kind === SEGMENT_EMPTY) {
        if (!ends) {
          if (rules.duplicateSlashes === "reject") return URI.DUPLICATE_SLASH;
          if (rules.duplicateSlashes === "keep") out[length++] = SLASH;
        }
      } else {
        if (rules.dotSegments === "reject") return URI.DOT_SEGMENT;
        length = segment;
        if (kind === SEGMENT_PARENT) {
          if (segment === 1) return URI.ABOVE_ROOT;
          length = segment - 1;
          // Each byte is dropped once, so that the whole stays linear.
          while (out[length - 1] !== SLASH) length--;
        }
      }
      if (ends) break;
      segment = length;
      i++;
      continue;
    }
    if (c !== PERCENT) {
      const kind = c < 128 ? CLASS[c] : REFUSED;
      if (kind === REFUSED) return URI.PATH_CHARACTER;
      if (kind === SPECIAL) return URI.BACKSLASH;
      out[length++] = c;
      i++;
      continue;
    }
    const byte = escapeAt(text, i, end);
    if (byte < 0) return URI.ESCAPE_INVALID;
    if (byte < 0x80) {
      if (CLASS[byte] === UNRESERVED) {
        out[length++] = byte;
        i += 3;
        continue;
      }
      if (byte < 0x20 || byte === 0x7f) return URI.ENCODED_CONTROL;
      if (byte === BACKSLASH) return URI.BACKSLASH;
      if (byte === SLASH && rules.encodedSlash === "reject") return URI.ENCODED_SLASH;
    }
    const stop = i + (byte < 0x80 ? 3 : utf8EscapesLength(text, i, end, byte));
    if (stop === i) return URI.ESCAPE_UTF8;
    for (; i < stop; i++) {
      const c = text.charCodeAt(i);
      const isLower = c >= 0x61;
      if (isLower) respelt = true;
      out[length++] = isLower ? c - 0x20 : c;
    }
  }
  // Every other change makes the text shorter.
  if (!respelt && length === size) return text.substring(start, end);
  return out.toString("latin1", 0, length);
}

/**
 * How many characters the escapes of one UTF-8 character take whose first byte is `lead`; 0 when they are not well-formed
 * (Unicode table 3-7: no overlong forms, surrogates or values above U+10FFFF).
 */
function utf8EscapesLength(text: string, at: number, end: number, lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const count = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const second = escapeAt(text, at + 3, end);
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (let k = 2; k < count; k++) {
    const byte = escapeAt(text, at + 3 * k, end);
    if (byte < 0x80 || byte > 0xbf) return 0;
  }
  return 3 * count;
}

const SEGMENT_EMPTY = 0;
const SEGMENT_ORDINARY = 1;
const SEGMENT_SELF = 2;
const SEGMENT_PARENT = 3;
const SEGMENT_DISGUISED = 4;

/** What the finished segment is, judged on its normal spelling: escapes of dots are decoded, kept ones in upper case. */
function segmentKind(out: Uint8Array, start: number, end: number): number {
  if (start === end) return SEGMENT_EMPTY;
  // With encodedSlash: keep, each piece between two %2F could become a segment of its own further on.
  let pieceStarts = true;
  for (let i = start; i < end; i++) {
    if (pieceStarts && out[i] === DOT) {
      const after = i + 1 < end && out[i + 1] === DOT ? i + 2 : i + 1;
      if (after === end && i === start) return after - start === 1 ? SEGMENT_SELF : SEGMENT_PARENT;
      if (after === end || out[after] === SEMICOLON || isEscape(out, after, end, 0x33, 0x42) || isEscape(out, after, end, 0x32, 0x46)) {
        return SEGMENT_DISGUISED;
      }
    }
    pieceStarts = isEscape(out, i, end, 0x32, 0x46);
    if (pieceStarts) i += 2;
  }
  return SEGMENT_ORDINARY;
}

/** Whether the escape with these two digits stands at `at`: 32 46 is %2F, 33 42 is %3B. */
function isEscape(out: Uint8Array, at: number, end: number, high: number, low: number): boolean {
  return at + 2 < end && out[at] === PERCENT && out[at + 1] === high && out[at + 2] === low;
}
