// The kit by web standards: Request in, Response out.

import type { TestResponse } from "./test-response.ts";
import type { RequestOptions } from "./write-request.ts";

interface WebOptions extends RequestInit {
  readonly from?: string;
  readonly listener?: string;
}

export async function webRequest(input: string | URL | Request, init: WebOptions): Promise<{ text: string; options: RequestOptions }> {
  const { from, listener } = init;
  const request = input instanceof Request ? new Request(input, init) : new Request(String(input), init);
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
  // Without its fragment, which no client sends.
  const url = request.url.split("#")[0] ?? "";
  const options: RequestOptions = {
    headers: toPairs(request.headers),
    ...(body !== undefined && { body }),
    ...(from !== undefined && { from }),
    ...(listener !== undefined && { listener }),
  };
  return { text: `${request.method} ${url}`, options };
}

function toPairs(headers: Headers): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  headers.forEach((value, name) => void pairs.push([name, value]));
  return pairs;
}

export function toWebResponse(response: TestResponse, isHead: boolean): Response {
  if (!response.complete) throw new TypeError("the response was cut off");
  const headers = new Headers();
  for (const [name, value] of response.headers) headers.append(name, value);
  const bodiless = isHead || response.status === 204 || response.status === 304;
  const body = bodiless ? null : new Uint8Array(response.bytes);
  return new Response(body, { status: response.status, headers });
}
