// The JSON that is posted to a page.

import type { AdminRequest } from "./endpoints.ts";

export class WrongMediaType extends Error {}

/** Not JSON, or not UTF-8. */
export class MalformedJson extends Error {}

/** No body is an empty object. A form of a browser can't say that it is JSON: with a body, the type must. */
export function readJson({ body, contentType }: AdminRequest): unknown {
  if (body.length === 0) return {};
  if (!/^application\/json[\t ]*(?:;|$)/i.test(contentType ?? ""))
    throw new WrongMediaType("send the body with `Content-Type: application/json`");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as unknown;
  } catch {
    throw new MalformedJson("the body is not JSON in UTF-8");
  }
}
