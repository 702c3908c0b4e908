// @hot
// What a pattern's parameters and tail stand for in one path. Computed when somebody asks: a match itself cuts nothing out.

import type { PathPattern } from "./pattern.ts";

/** The segment that `:name` took, with its escapes; null when the pattern has no such parameter. */
export function paramOf(pattern: PathPattern, path: string, name: string): string | null {
  const params = pattern.params;
  for (let i = 0; i < params.length; i++) {
    const param = params[i];
    if (param !== undefined && param.name === name) return segmentOf(path, param.segment);
  }
  return null;
}

/** The segment with this number, from 0; null when the path is shorter. */
export function segmentOf(path: string, segment: number): string | null {
  const start = segmentStart(path, segment);
  if (start < 0) return null;
  const end = path.indexOf("/", start);
  return path.substring(start, end < 0 ? path.length : end);
}

/** What `*` took: `b/c` of `/a/b/c` for `/a/*`; empty when nothing is left or the pattern has no tail. */
export function tailOf(pattern: PathPattern, path: string): string {
  if (!pattern.hasTail) return "";
  const start = segmentStart(path, pattern.segments.length);
  return start < 0 ? "" : path.substring(start);
}

function segmentStart(path: string, segment: number): number {
  let start = 1;
  for (let i = 0; i < segment; i++) {
    start = path.indexOf("/", start) + 1;
    if (start === 0) return -1;
  }
  return start;
}
