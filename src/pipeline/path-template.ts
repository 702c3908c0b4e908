// Paths with holes (`/v2/:id/*`), compiled: what the routed path took fills a path of another shape. @hot
//
// The outcome is a path in normal form, since its literal text, parameters and tail are, and none of them shares a segment with
// another. It never begins with `//`, which browsers and some servers read as a host, whatever the tail holds; further in, empty
// segments of the tail stay as they are. The tail of `/old/*` fills `/v2/*` so:
//   /old → /v2    /old/ → /v2/    /old/x/ → /v2/x/    /old//x → /v2//x, but for `/*` alone /x

import type { PathTemplate } from "../config/index.ts";
import { paramOf, segmentOf, tailOf } from "../router/index.ts";
import type { Exchange } from "./exchange.ts";

const TAIL = "*";

export class PathRecipe {
  /** text param text param …; the param is null behind the last text. */
  readonly #texts: readonly string[];
  readonly #params: readonly (string | null)[];
  /** The last text without the slash before the tail, for paths that end where the tail would begin. */
  readonly #untailed: string;

  constructor(template: PathTemplate) {
    const texts: string[] = [];
    const params: (string | null)[] = [];
    // hot-exception: when a configuration compiles, round-trip.bench.ts
    for (const part of template) {
      if (typeof part === "string") {
        if (texts.length > params.length) texts.push(`${texts.pop()}${part}`);
        else texts.push(part);
      } else {
        if (texts.length === params.length) texts.push("");
        params.push(part.param);
      }
    }
    while (params.length < texts.length) params.push(null);
    this.#texts = texts;
    this.#params = params;
    const last = texts[texts.length - 1] ?? "";
    this.#untailed = last.charCodeAt(last.length - 1) === 0x2f ? last.slice(0, last.length - 1) : last;
  }

  /** The path for this exchange; begins with exactly one slash. */
  read(exchange: Exchange): string {
    const { pattern, routedPath } = exchange;
    const texts = this.#texts;
    const params = this.#params;
    let path = "";
    for (let i = 0; i < texts.length; i++) {
      const param = params[i]!;
      if (param === null || pattern === null) path += texts[i]!;
      else if (param !== TAIL) path += texts[i]! + (paramOf(pattern, routedPath, param) ?? "");
      else if (segmentOf(routedPath, pattern.segments.length) === null) path += this.#untailed;
      else path += texts[i]! + tailOf(pattern, routedPath);
    }
    return withOneSlash(path);
  }
}

/** `path` with exactly one slash at its start: `//host` is another site to a browser (RFC 3986 4.2). */
export function withOneSlash(path: string): string {
  if (path.charCodeAt(0) !== 0x2f) return `/${path}`;
  let slashes = 0;
  while (path.charCodeAt(slashes + 1) === 0x2f) slashes++;
  return slashes === 0 ? path : path.slice(slashes);
}
