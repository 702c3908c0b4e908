// Which ids a configuration takes. `*` stands for one part of a name, never for more: what it matches holds no `/`, which parts SPIFFE ids,
// and none of `,` `+` and `=`, which part subjects (RFC 4514), so that no value of one attribute can pass for several. `**` stands for
// anything.

export type IdMatcher = (id: string) => boolean;

/** Far more than any id has; what is longer matches nothing. */
const MAX_ID = 2048;

/** Null: no pattern is written, any id will do. */
export function compileIdPatterns(patterns: readonly string[]): IdMatcher | null {
  if (patterns.length === 0) return null;
  const compiled = patterns.map(cutAtStars);
  return (id) => id.length <= MAX_ID && compiled.some((pieces) => matches(pieces, id));
}

/** Texts and, between them, stars. */
function cutAtStars(pattern: string): string[] {
  return pattern.split(/(\*\*?)/);
}

/** Walks the pattern over the set of places of the text that it may have come to: no backtracking, whatever a certificate says. */
function matches(pieces: readonly string[], id: string): boolean {
  let places = new Set([0]);
  for (const piece of pieces) {
    const next = new Set<number>();
    for (const place of places) {
      if (piece === "*" || piece === "**") addRun(id, place, piece === "**", places, next);
      else if (id.startsWith(piece, place)) next.add(place + piece.length);
    }
    places = next;
  }
  return places.has(id.length);
}

/** Everywhere that a star leads to from `place`; where it began from a later place as well, that one goes on. */
function addRun(id: string, place: number, takesAll: boolean, starts: ReadonlySet<number>, into: Set<number>): void {
  if (takesAll) into.add(place);
  for (let at = place; at < id.length; at++) {
    if (!takesAll && "/,+=".includes(id.charAt(at))) return;
    into.add(at + 1);
    if (starts.has(at + 1)) return;
  }
}
