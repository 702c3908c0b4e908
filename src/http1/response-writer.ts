// Response heads and chunk frames as HTTP/1.x text. Values are checked where they are made, not here. @hot

import { type Fields, isBodiless, type ResponseHead, reasonPhrase } from "../http/index.ts";

export const CONTINUE_TEXT = "HTTP/1.1 100 Continue\r\n\r\n";
export const LAST_CHUNK = "0\r\n\r\n";

const STATUS_LINES: string[] = [];
for (let status = 0; status < 600; status++) STATUS_LINES.push(`HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`);

/** The head of a final response, or of a 101, with its framing fields. */
export function encodeResponseHead(head: ResponseHead, version: number, keepAlive: boolean, chunked: boolean, isHead: boolean): string {
  const status = head.status;
  let text = STATUS_LINES[status]! + head.fields.toLines();
  if (chunked) text += "Transfer-Encoding: chunked\r\n";
  else if (status === 101) return `${text}Connection: Upgrade\r\n\r\n`;
  else if (head.bodyLength > 0) text += `Content-Length: ${head.bodyLength}\r\n`;
  else if (head.declaredLength >= 0 && (isHead || status === 304)) text += `Content-Length: ${head.declaredLength}\r\n`;
  else if (head.bodyLength === 0 && !isBodiless(isHead ? "HEAD" : "GET", status)) text += "Content-Length: 0\r\n";
  if (!keepAlive) text += "Connection: close\r\n";
  else if (version === 10) text += "Connection: keep-alive\r\n";
  return `${text}\r\n`;
}

/** An interim response (1xx but 101). */
export function encodeInterim(status: number, fields: Fields): string {
  return `${STATUS_LINES[status]!}${fields.toLines()}\r\n`;
}

/** The size line of a chunk of `length` > 0 bytes. */
export function chunkHead(length: number): string {
  return `${length.toString(16)}\r\n`;
}

/** The last chunk with a trailer section. */
export function lastChunk(trailers: Fields): string {
  return `0\r\n${trailers.toLines()}\r\n`;
}
