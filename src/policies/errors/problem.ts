// The problem document (RFC 9457) that takes the place of an upstream's error.

import { Buffer } from "node:buffer";
import type { FaultDefinition } from "../../base/index.ts";
import { FIELD, type FieldName, type Fields, fieldName, reasonPhrase } from "../../http/index.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** What an upstream's own error had to say. */
export interface UpstreamWords {
  readonly title: string | null;
  readonly detail: string | null;
  readonly code: string | null;
}

export const SILENT: UpstreamWords = { title: null, detail: null, code: null };

export class ProblemWriter {
  readonly #typeBase: string | null;

  constructor(typeBase: string | null) {
    this.#typeBase = typeBase;
  }

  write(kind: FaultDefinition, status: number, words: UpstreamWords, requestId: string): Uint8Array {
    const problem = {
      type: this.#typeBase === null ? "about:blank" : this.#typeBase + kind.code,
      // RFC 9457 4.2.1: about:blank says no more than the status does.
      title: words.title ?? (reasonPhrase(status) || kind.title),
      status,
      code: kind.code,
      ...(words.detail !== null && { detail: words.detail }),
      ...(words.code !== null && { upstreamCode: words.code }),
      requestId,
    };
    return Buffer.from(`${JSON.stringify(problem)}\n`, "utf8");
  }
}

/**
 * What tells of the body that is replaced. Everything else stays: WWW-Authenticate, Retry-After, Allow, Location, RateLimit and
 * cookies are about the request and its answer. So is Content-Range, which in an error tells the length of what was asked for.
 */
const OF_THE_BODY: readonly FieldName[] = [
  FIELD.CONTENT_TYPE,
  ...[
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
    "Content-Disposition",
    "Content-MD5",
    "Content-Digest",
    "Repr-Digest",
    "Digest",
    "ETag",
    "Last-Modified",
    "Accept-Ranges",
    "Trailer",
  ].map(fieldName),
];

export function dropBodyFields(fields: Fields): void {
  for (const name of OF_THE_BODY) fields.remove(name);
}
