// Query parameters as services read them: names and values compared once percent-decoded, `+` for a space. @hot
// `%70review` is `preview`: what chooses a route must not be evaded by a spelling.

const PERCENT = 0x25;
const PLUS = 0x2b;
const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const COMMA = 0x2c;

/** How often a parameter of this name occurs in `query` (with its question mark, or empty). */
export function countParameter(query: string, name: string): number {
  let count = 0;
  for (let at = 1; at < query.length; ) {
    const end = endOfPair(query, at);
    if (isNamed(query, at, end, name)) count++;
    at = end + 1;
  }
  return count;
}

/** The decoded value of the occurrence with this number, from 0; empty when it has no `=`, or when there is none. */
export function listParameter(query: string, name: string, index: number): string {
  let seen = 0;
  for (let at = 1; at < query.length; ) {
    const end = endOfPair(query, at);
    if (isNamed(query, at, end, name) && seen++ === index) {
      const equals = endOfName(query, at, end);
      return equals === end ? "" : decode(query.substring(equals + 1, end));
    }
    at = end + 1;
  }
  return "";
}

/** Whether the list of field names `names` has this one; `name` is lower case. */
export function listsName(names: string, name: string): boolean {
  for (let at = 0; at < names.length; ) {
    let end = at;
    while (end < names.length && names.charCodeAt(end) !== COMMA) end++;
    if (names.substring(at, end).trim().toLowerCase() === name) return true;
    at = end + 1;
  }
  return false;
}

function endOfPair(query: string, at: number): number {
  let end = at;
  while (end < query.length && query.charCodeAt(end) !== AMPERSAND) end++;
  return end;
}

function endOfName(query: string, at: number, end: number): number {
  let equals = at;
  while (equals < end && query.charCodeAt(equals) !== EQUALS) equals++;
  return equals;
}

function isNamed(query: string, at: number, end: number, name: string): boolean {
  const nameEnd = endOfName(query, at, end);
  if (nameEnd - at === name.length && query.startsWith(name, at)) return true;
  for (let i = at; i < nameEnd; i++) {
    const c = query.charCodeAt(i);
    if (c === PERCENT || c === PLUS) return decode(query.substring(at, nameEnd)) === name;
  }
  return false;
}

function decode(text: string): string {
  let isPlain = true;
  for (let i = 0; i < text.length && isPlain; i++) {
    const c = text.charCodeAt(i);
    isPlain = c !== PERCENT && c !== PLUS;
  }
  if (isPlain) return text;
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Not UTF-8, or a lone `%`: such a text names nothing that a configuration can write.
    return spaced;
  }
}
