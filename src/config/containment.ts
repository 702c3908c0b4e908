// Whether everything that one host or path pattern takes is taken by another as well: what teams may claim and what invariants demand.
// Exact for single patterns; a pattern that only several others cover together counts as not covered. Not the router's matching.

/** Whether each host of `inner` is one of `outer`; both in lower case, `a.example.com` or `*.example.com` (one label or more). */
export function containsHost(outer: string, inner: string): boolean {
  return outer === inner || (outer.startsWith("*.") && inner.endsWith(outer.slice(1)));
}

/** Whether each path of `inner` is one of `outer`; both well-formed patterns: `/exact`, `/x/*`, `/x/:param/y`. */
export function containsPath(outer: string, inner: string): boolean {
  // Without parameters it is a matter of letters, which spares 10,000 routes the splitting.
  if (!outer.includes("/:")) {
    return outer.endsWith("/*") ? inner.startsWith(outer.slice(0, -1)) || inner === outer.slice(0, -2) : inner === outer;
  }
  const around = toSegments(outer);
  const within = toSegments(inner);
  // `/x/*` takes `/x` itself: only then may the other be longer, or go on without end.
  if (around.hasTail ? within.segments.length < around.segments.length : within.segments.length !== around.segments.length) return false;
  if (within.hasTail && !around.hasTail) return false;
  return around.segments.every((segment, index) => containsSegment(segment, within.segments[index] ?? ""));
}

/** Whether some path is of both; both well-formed patterns. */
export function overlapsPath(a: string, b: string): boolean {
  const one = toSegments(a);
  const other = toSegments(b);
  const shared = Math.min(one.segments.length, other.segments.length);
  for (let at = 0; at < shared; at++) if (!overlapsSegment(one.segments[at] ?? "", other.segments[at] ?? "")) return false;
  if (one.segments.length === other.segments.length) return true;
  // The longer one goes on where the shorter must have a tail to follow it.
  return one.segments.length < other.segments.length ? one.hasTail : other.hasTail;
}

function overlapsSegment(a: string, b: string): boolean {
  if (a.startsWith(":")) return b !== "";
  return b.startsWith(":") ? a !== "" : a === b;
}

/** A parameter takes one segment that is not empty. */
function containsSegment(outer: string, inner: string): boolean {
  return outer.startsWith(":") ? inner !== "" : outer === inner;
}

function toSegments(pattern: string): { readonly segments: readonly string[]; readonly hasTail: boolean } {
  const segments = pattern.slice(1).split("/");
  const hasTail = segments.at(-1) === "*";
  return { segments: hasTail ? segments.slice(0, -1) : segments, hasTail };
}
