// How what people send becomes part of a key: readable as long as it is short and plain, and never the same for two different values. @hot
//
// `|` parts the parts of a key, `%` begins what is escaped and `#` what is a digest; none of the three is left in a value. So the texts of two
// keys are equal only where all their parts are.

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** UTF-16 units; longer values are counted by their digest, so that nobody fills a store with what he likes. */
const MOST_UNITS = 128;

/** Between two parts of a key. */
export const SEPARATOR = "|";

export function keyText(value: string): string {
  const { length } = value;
  if (length > MOST_UNITS) return `#${digest(value)}`;
  for (let i = 0; i < length; i++) if (!isPlain(value.charCodeAt(i))) return escapeSigns(value);
  return value;
}

/**
 * Not the three signs, nor what nobody sees in a list of keys: control characters, those of text direction and their neighbours. Halves of a
 * surrogate pair are escaped: alone, they would be lost in UTF-8.
 */
function isPlain(unit: number): boolean {
  if (unit < 0x7f) return unit > 0x1f && unit !== 0x7c && unit !== 0x25 && unit !== 0x23;
  return unit > 0x9f && (unit < 0x2000 || unit > 0x206f) && (unit & 0xf800) !== 0xd800 && unit !== 0xfeff;
}

function escapeSigns(value: string): string {
  let text = "";
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (isPlain(unit)) text += value.charAt(i);
    else if (unit < 0x100) text += `%${hex(unit, 2)}`;
    else text += `%u${hex(unit, 4)}`;
  }
  return text;
}

function hex(unit: number, digits: number): string {
  return unit.toString(16).padStart(digits, "0");
}

function digest(value: string): string {
  return createHash("sha256").update(Buffer.from(value, "utf16le")).digest("base64url");
}
