// Query parameters as services read them: names and values compared once percent-decoded, `+` for a space. @hot
// `%70review` is `preview`: what chooses a route must not be evaded by a spelling.

const PERCENT = 0x25;
const PLUS = 0x2b;
const AMPERSAND = 0x26;
const EQUALS = 0x3d;

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

/** Whether each occurrence of a parameter of this name has one of `values`. One pass: a client may repeat a parameter thousands of times. */
export function areParametersAmong(query: string, name: string, values: readonly string[]): boolean {
  for (let at = 1; at < query.length; ) {
    const end = endOfPair(query, at);
    if (isNamed(query, at, end, name)) {
      const equals = endOfName(query, at, end);
      if (!values.includes(equals === end ? "" : decode(query.substring(equals + 1, end)))) return false;
    }
    at = end + 1;
  }
  return true;
}

/** The names of a list of field names, in lower case. */
export function listNames(list: string): ReadonlySet<string> {
  // hot-exception: preflights alone, router.bench.ts
  const names = new Set<string>();
  for (let at = 0; at < list.length; ) {
    const comma = list.indexOf(",", at);
    const end = comma < 0 ? list.length : comma;
    names.add(list.substring(at, end).trim().toLowerCase());
    at = end + 1;
  }
  return names;
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
