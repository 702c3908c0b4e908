// One cookie of a request (RFC 6265 4.2.1), in as many lines as there are (RFC 9113 8.2.3). Read by the widest reading that services are
// known for: a pair without `=` is a name, and blanks around names and values are none of theirs. @hot

import { isBlank, trimBlank } from "./blank.ts";
import type { Fields } from "./fields.ts";
import * as FIELD from "./known-fields.ts";

const EQUALS = 0x3d;

/** The value of a cookie that stands once, `several` in place of one that stands more often, or null when it is absent. */
export function getOnlyCookie<Several>(fields: Fields, name: string, several: Several): string | Several | null {
  let found: string | null = null;
  const { size } = fields;
  for (let i = 0; i < size; i++) {
    if (!fields.isAt(i, FIELD.COOKIE)) continue;
    const line = fields.valueAt(i);
    for (let start = 0; start < line.length; ) {
      const mark = line.indexOf(";", start);
      const end = mark < 0 ? line.length : mark;
      const equals = findEnd(line, start, end, name);
      if (equals >= 0) {
        if (found !== null) return several;
        found = trimBlank(line.slice(Math.min(equals + 1, end), end));
      }
      start = end + 1;
    }
  }
  return found;
}

/** Where the name ends of the pair `line[start, end)`, at its `=` or with it; -1 where it has another one. */
function findEnd(line: string, start: number, end: number, name: string): number {
  let at = start;
  while (at < end && isBlank(line.charCodeAt(at))) at++;
  // A name has no semicolon, so what starts with it ends no later than the pair.
  if (!line.startsWith(name, at)) return -1;
  at += name.length;
  while (at < end && isBlank(line.charCodeAt(at))) at++;
  return at === end || line.charCodeAt(at) === EQUALS ? at : -1;
}
