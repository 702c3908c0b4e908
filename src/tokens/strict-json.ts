// A JSON object from bytes, as strictly as a credential has to be read: UTF-8 without repair, no byte order mark, bounded in depth and
// members, no member twice in one object at any level (RFC 7515 4, RFC 7519 4: two readers could take different ones; JSON.parse takes the
// last in silence), no `__proto__`, no half of a surrogate pair (RFC 7493 2.1: two such names would be one once they are UTF-8).
// JSON.parse has the grammar; the scan before it judges only what that hides, and stays in bounds on any text.

export interface JsonBounds {
  readonly depth: number;
  /** Of all objects together. */
  readonly members: number;
}

export type JsonObject = Readonly<Record<string, unknown>>;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Null for anything but one such object. */
export function readJsonObject(bytes: Uint8Array, bounds: JsonBounds): JsonObject | null {
  try {
    return parseJsonObject(decoder.decode(bytes), bounds);
  } catch {
    return null;
  }
}

/** The same of text. */
export function parseJsonObject(text: string, bounds: JsonBounds): JsonObject | null {
  try {
    if (!hasPlainMembers(text, bounds)) return null;
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}

/** Of text that JSON.parse takes. Of any other the answer means nothing. */
function hasPlainMembers(text: string, { depth: mostDepth, members: mostMembers }: JsonBounds): boolean {
  // Names of the object that is open at each depth; null in a list, and in an object that has none yet.
  const names: (Set<string> | null)[] = [null];
  let depth = 0;
  let members = 0;
  // Most texts have no escape: then each string is what it looks like, and ends at the next quote.
  const hasEscapes = text.includes("\\");
  if (!text.isWellFormed()) return false;
  const length = text.length;
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at);
    // `{` and `[`, `}` and `]` differ in one bit alone.
    if ((unit | 0x20) === 0x7b) {
      if (++depth > mostDepth) return false;
      names[depth] = null;
    } else if ((unit | 0x20) === 0x7d) {
      depth--;
    } else if (unit === QUOTE) {
      const start = at + 1;
      at = hasEscapes ? endOfString(text, start - 1) : text.indexOf('"', start);
      if (at < 0) return false;
      const isName = isBeforeColon(text, at + 1);
      if (!isName && !hasEscapes) continue;
      const value = hasEscapes ? readEscapes(text.slice(start, at)) : text.slice(start, at);
      if (value === null) return false;
      if (!isName) continue;
      if (++members > mostMembers || value === "__proto__") return false;
      const known = names[depth] ?? new Set();
      if (known.has(value)) return false;
      known.add(value);
      names[depth] = known;
    }
  }
  return true;
}

/** Null for half of a surrogate pair. */
function readEscapes(raw: string): string | null {
  if (!raw.includes("\\")) return raw;
  const value = JSON.parse(`"${raw}"`) as string;
  return value.isWellFormed() ? value : null;
}

/** Where the closing quote stands, or -1. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0 && isEscaped(text, start, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, start: number, quote: number): boolean {
  let slashes = 0;
  for (let at = quote - 1; at > start && text.charCodeAt(at) === BACKSLASH; at--) slashes++;
  return (slashes & 1) === 1;
}

/** A string is a member's name exactly where a colon follows. */
function isBeforeColon(text: string, from: number): boolean {
  let at = from;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit === 0x3a) return true;
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return false;
    at++;
  }
}
