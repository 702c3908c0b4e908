// @hot JSON text for log lines, made without a serialiser: the writer knows its keys, so only the values need care.
// Whatever comes from outside, the text of a value holds no control character and no line end of any kind: one line
// can't be broken or forged (CWE-117). RFC 8259 section 7. Parsing JSON is not done here.

import { Buffer, isUtf8 } from "node:buffer";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX = "0123456789abcdef";

/** What may stand between quotes as it is: printable ASCII without quote and backslash. */
// hot-exception: a regular expression scans a user agent in a third of the time that a loop takes, json-text.bench.ts
const PLAIN = /^[ !#-[\]-~]*$/;

/** A JSON string, quotes included. Lone surrogates and what a viewer might take for a line end or a change of direction are escaped. */
export function jsonString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : `"${escapeText(text, true)}"`;
}

/**
 * A JSON string of text from the wire, in which each UTF-16 unit is one byte (latin1). Bytes that are UTF-8 as a whole
 * are shown as the characters that they spell; otherwise each byte from 0x80 on is escaped as \u0080 to \u00ff.
 */
export function jsonWireString(latin1: string): string {
  if (PLAIN.test(latin1)) return `"${latin1}"`;
  const bytes = Buffer.from(latin1, "latin1");
  return isUtf8(bytes) ? `"${escapeText(bytes.toString("utf8"), true)}"` : `"${escapeText(latin1, false)}"`;
}

function escapeText(text: string, showBeyondAscii: boolean): string {
  let escaped = "";
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x20 && unit <= 0x7e && unit !== QUOTE && unit !== BACKSLASH) continue;
    if (unit > 0x9f && showBeyondAscii && isSafeBeyondAscii(unit)) {
      if (unit < 0xd800 || unit > 0xdfff) continue;
      const next = unit <= 0xdbff ? text.charCodeAt(i + 1) : 0;
      if (next >= 0xdc00 && next <= 0xdfff) {
        i++;
        continue;
      }
    }
    escaped += text.slice(copied, i) + escapeUnit(unit);
    copied = i + 1;
  }
  return escaped + text.slice(copied);
}

/** Not U+2028 and U+2029, line ends to some viewers, nor the marks that turn or hide text: U+200B..F, U+202A..E, U+2060..F, U+FEFF. */
function isSafeBeyondAscii(unit: number): boolean {
  return !(
    (unit >= 0x200b && unit <= 0x200f) ||
    (unit >= 0x2028 && unit <= 0x202e) ||
    (unit >= 0x2060 && unit <= 0x206f) ||
    unit === 0xfeff
  );
}

function escapeUnit(unit: number): string {
  switch (unit) {
    case QUOTE:
      return '\\"';
    case BACKSLASH:
      return "\\\\";
    case 0x08:
      return "\\b";
    case 0x09:
      return "\\t";
    case 0x0a:
      return "\\n";
    case 0x0c:
      return "\\f";
    case 0x0d:
      return "\\r";
    default:
      return `\\u${HEX[unit >> 12]}${HEX[(unit >> 8) & 15]}${HEX[(unit >> 4) & 15]}${HEX[unit & 15]}`;
  }
}

const SCALES = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];

/** A JSON number with exactly `decimals` (0 to 6) decimals, or null for what JSON can't say. Quicker than toFixed, see json-text.bench.ts. */
export function jsonFixed(value: number, decimals: number): string {
  const scale = SCALES[decimals] ?? 1;
  const scaled = Math.round(Math.abs(value) * scale);
  // Beyond 2^53 the decimals would be made up; NaN and the infinities fall in here too.
  if (!(scaled < 9e15)) return Number.isFinite(value) ? String(value) : "null";
  const sign = value < 0 && scaled > 0 ? "-" : "";
  const whole = Math.floor(scaled / scale);
  if (decimals === 0) return sign + whole;
  // The leading 1 keeps the zeros and is cut off again.
  return `${sign}${whole}.${String(scale + (scaled - whole * scale)).slice(1)}`;
}
