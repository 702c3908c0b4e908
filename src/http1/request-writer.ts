// The head of a request to an upstream as HTTP/1.1 text. @hot

import type { UpstreamRequest } from "../http/index.ts";

/** Always HTTP/1.1 (RFC 9110 2.5: an intermediary sends its own version), Host first (RFC 9110 7.2). */
export function encodeRequestHead(request: UpstreamRequest): string {
  let text = `${request.method} ${request.target} HTTP/1.1\r\nHost: ${request.authority}\r\n${request.fields.toLines()}`;
  if (request.bodyLength < 0) text += "Transfer-Encoding: chunked\r\n";
  else if (request.bodyLength > 0) text += `Content-Length: ${request.bodyLength}\r\n`;
  // RFC 9110 8.6: a method that usually has content says so when it has none.
  else if (request.method === "POST" || request.method === "PUT" || request.method === "PATCH") text += "Content-Length: 0\r\n";
  if (request.upgrade !== null) text += `Connection: Upgrade\r\nUpgrade: ${request.upgrade}\r\n`;
  if (request.expectsContinue) text += "Expect: 100-continue\r\n";
  return `${text}\r\n`;
}
