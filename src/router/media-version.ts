// The version of an API that a media type names: `application/vnd.acme.orders.v2+json`, or `application/vnd.acme.orders+json; version=2`.
// Read from Accept, or from Content-Type. @hot

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The version that `value` (a list of media ranges, RFC 9110 12.5.1) names for `type`: of the ranges that name one the one with the
 * highest weight, and of equal ones the first. Null when none does.
 */
export function readVersion(value: string, type: string): string | null {
  let best: string | null = null;
  let bestWeight = 0;
  for (let at = 0; at < value.length; ) {
    const end = endOfPart(value, at, COMMA);
    const range = value.substring(at, end);
    at = end + 1;
    const version = versionOf(range, type);
    if (version === null) continue;
    const weight = weightOf(range);
    if (weight <= bestWeight) continue;
    best = version;
    bestWeight = weight;
  }
  return best;
}

/** Where the part that starts at `at` ends: a separator within quotes is none. */
function endOfPart(value: string, at: number, separator: number): number {
  let quoted = false;
  for (let i = at; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (quoted && c === BACKSLASH) i++;
    else if (c === QUOTE) quoted = !quoted;
    else if (c === separator && !quoted) return i;
  }
  return value.length;
}

function versionOf(range: string, type: string): string | null {
  const semicolon = range.indexOf(";");
  const named = (semicolon < 0 ? range : range.substring(0, semicolon)).trim().toLowerCase();
  if (!named.startsWith(type)) return null;
  const plus = named.indexOf("+", type.length);
  const rest = named.substring(type.length, plus < 0 ? named.length : plus);
  if (rest.startsWith(".v") && rest.length > 2) return rest.substring(2);
  return rest === "" && semicolon >= 0 ? parameterOf(range, semicolon, "version") : null;
}

function weightOf(range: string): number {
  const semicolon = range.indexOf(";");
  const text = semicolon < 0 ? null : parameterOf(range, semicolon, "q");
  if (text === null) return 1;
  const weight = Number(text);
  return weight >= 0 && weight <= 1 ? weight : 1;
}

/** A parameter's value without its quotes; null when the range has none of this name. */
function parameterOf(range: string, from: number, name: string): string | null {
  for (let at = from; at < range.length; ) {
    const next = endOfPart(range, at + 1, SEMICOLON);
    const part = range.substring(at + 1, next);
    const equals = part.indexOf("=");
    if (equals >= 0 && part.substring(0, equals).trim().toLowerCase() === name) {
      const value = part.substring(equals + 1).trim();
      return value.startsWith('"') && value.endsWith('"') && value.length >= 2 ? value.substring(1, value.length - 1) : value;
    }
    at = next;
  }
  return null;
}
