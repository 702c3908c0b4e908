// What openid-client takes for fetch, over the gateway's own calls: same bounds, same authorities, and tests script it.

import type { CustomFetch } from "openid-client";
import type { Call, Calls } from "../../calls/index.ts";

const TIMEOUT_MS = 10_000;
/** Key sets and discovery documents are a few KiB; so are tokens. */
const MAX_BYTES = 512 * 1024;
/** Statuses whose Response may have no body. */
const BODILESS = new Set([204, 205, 304]);

export function toFetch(calls: Calls, ca: string | null): CustomFetch {
  return async (url, { method, headers, body }) => {
    const call: Call = {
      method: method === "POST" ? "POST" : "GET",
      url,
      headers: toRecord(headers),
      body: body === null || body === undefined ? null : String(body),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      ca,
    };
    const answer = await calls.call(call);
    const content = BODILESS.has(answer.status) ? null : new Uint8Array(answer.body);
    return new Response(content, { status: answer.status, headers: answer.headers });
  };
}

function toRecord(headers: Readonly<Record<string, string>> | Headers): Record<string, string> {
  return Object.fromEntries(new Headers(headers as Record<string, string>).entries());
}
