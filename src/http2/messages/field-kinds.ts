// What one line of a header block is: judged once for each entry, which the tables of HPACK keep and share, and read by its kind from
// then on. RFC 9113 8.2 and 8.3, by the ABNF of RFC 9110 5 and no further. @hot
//
// The static table's entries are shared by requests and responses of all connections, so a kind says what a line is and never whether
// it may stand where it stands: that is for the readers.

import { FIELD, type FieldName, FOLD, isSameName } from "../../http/index.ts";
import { FRAMING } from "../../http1/index.ts";
import type { HeaderEntry } from "../hpack/header-entry.ts";

/** Goes on as it is. */
export const PLAIN = 0;
export const COOKIE = 1;
/** Kinds above PLAIN and COOKIE and below the pseudo-fields speak of the message and are taken out of it. */
export const HOST = 2;
export const CONTENT_LENGTH = 3;
export const EXPECT = 4;
export const TE_TRAILERS = 5;
/** RFC 9113 8.2.2: TE may say nothing else. */
export const TE_OTHER = 6;
export const TRAILER = 7;
export const METHOD = 8;
export const SCHEME = 9;
export const AUTHORITY = 10;
export const PATH = 11;
export const PROTOCOL = 12;
/** The entry's `hash` is the status. */
export const STATUS = 13;
/** Kinds from here on can't stand anywhere. */
export const BAD = 14;
export const BAD_NAME = 14;
export const BAD_VALUE = 15;
export const CONNECTION_SPECIFIC = 16;
export const ALIAS = 17;
/** Unknown, or its value is none for it. */
export const BAD_PSEUDO = 18;
export const BAD_PATH = 19;

const TAB = 0x09;
const SP = 0x20;
const COLON = 0x3a;
const DEL = 0x7f;

/** Sets `kind`, `line` and `hash` of an entry, and returns the kind. */
export function judge(entry: HeaderEntry): number {
  const kind = entry.name.charCodeAt(0) === COLON ? judgePseudo(entry) : judgeLine(entry);
  entry.kind = kind;
  return kind;
}

function judgeLine(entry: HeaderEntry): number {
  const name = entry.name;
  const length = name.length;
  let hash = 0;
  let last = 0;
  for (let i = 0; i < length; i++) {
    const c = name.charCodeAt(i);
    const folded = FOLD[c]!;
    // RFC 9113 8.2.1: a name in upper case is malformed, however harmless it looks.
    if (folded === 0 || (c >= 0x41 && c <= 0x5a)) return BAD_NAME;
    if (folded !== 0x2d || last !== 0x2d) {
      hash = (Math.imul(hash, 31) + folded) | 0;
      last = folded;
    }
  }
  if (length === 0) return BAD_NAME;
  const value = entry.value;
  if (!isFieldValue(value)) return BAD_VALUE;
  entry.hash = hash;
  const framing = FRAMING.find(hash, name, 0, length);
  if (framing !== null) return framing.lower === name ? kindOfFraming(framing, value) : ALIAS;
  entry.line = `${name}: ${value}\r\n`;
  return name === "cookie" ? COOKIE : PLAIN;
}

function kindOfFraming(name: FieldName, value: string): number {
  switch (name) {
    case FIELD.HOST:
      return HOST;
    case FIELD.CONTENT_LENGTH:
      return CONTENT_LENGTH;
    case FIELD.EXPECT:
      return EXPECT;
    case FIELD.TE:
      return isSameName(value, 0, value.length, "trailers") ? TE_TRAILERS : TE_OTHER;
    case FIELD.TRAILER:
      return TRAILER;
    default:
      return CONNECTION_SPECIFIC;
  }
}

function judgePseudo(entry: HeaderEntry): number {
  const value = entry.value;
  if (!isFieldValue(value)) return BAD_VALUE;
  switch (entry.name) {
    case ":method":
      return isMethod(value) ? METHOD : BAD_PSEUDO;
    case ":scheme":
      return value === "" ? BAD_PSEUDO : SCHEME;
    case ":authority":
      return value === "" ? BAD_PSEUDO : AUTHORITY;
    case ":path":
      return value === "" ? BAD_PSEUDO : kindOfPath(value);
    case ":protocol":
      return value === "" ? BAD_PSEUDO : PROTOCOL;
    case ":status":
      entry.hash = parseStatus(value);
      return entry.hash === 0 ? BAD_PSEUDO : STATUS;
    default:
      return BAD_PSEUDO;
  }
}

/** RFC 9110 5.5 and RFC 9113 8.2.1: HTAB, SP, VCHAR, obs-text, and no white space at either end. */
function isFieldValue(value: string): boolean {
  const length = value.length;
  for (let i = 0; i < length; i++) {
    const c = value.charCodeAt(i);
    if ((c < SP && c !== TAB) || c === DEL) return false;
  }
  if (length === 0) return true;
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(length - 1);
  return first !== SP && first !== TAB && last !== SP && last !== TAB;
}

function isMethod(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (FOLD[value.charCodeAt(i)] === 0) return false;
  return value.length > 0;
}

/** What may stand in a request line as origin-form or asterisk-form (RFC 9113 8.3.1); http/path.ts judges what the path holds. */
function kindOfPath(value: string): number {
  if (value.charCodeAt(0) !== 0x2f && value !== "*") return BAD_PATH;
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c <= SP || c >= DEL) return BAD_PATH;
  }
  return PATH;
}

/** Three digits, 100 to 599 (RFC 9110 15); 0 for anything else. */
function parseStatus(value: string): number {
  if (value.length !== 3) return 0;
  let status = 0;
  for (let i = 0; i < 3; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return 0;
    status = status * 10 + digit;
  }
  return status >= 100 && status <= 599 ? status : 0;
}
