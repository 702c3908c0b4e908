// Heads and trailers as header blocks. Fields are end-to-end ones that somebody has checked; what HTTP/2 says in its own way of a message
// stands here: RFC 9113 8.2 to 8.5, RFC 8441. @hot

import { FIELD, type Fields, isBodiless, type ResponseHead, type UpstreamRequest } from "../../http/index.ts";
import { SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY } from "../../websocket/index.ts";
import { writeField, writeFields, writeStatus } from "../hpack/index.ts";
import type { OutBuffer } from "../out-buffer.ts";
import { asksForWebSocket, WEBSOCKET } from "./web-socket.ts";

export function writeRequest(out: OutBuffer, request: UpstreamRequest, scheme: "http" | "https"): void {
  const isWebSocket = asksForWebSocket(request);
  writeField(out, ":method", isWebSocket ? "CONNECT" : request.method, false);
  writeField(out, ":scheme", scheme, false);
  // Empty when an HTTP/1.0 client named none.
  if (request.authority !== "") writeField(out, ":authority", request.authority, false);
  writeField(out, ":path", request.target, false);
  if (isWebSocket) {
    writeField(out, ":protocol", WEBSOCKET, false);
    writeFields(out, withoutKey(request.fields));
    return;
  }
  writeFields(out, request.fields);
  if (request.bodyLength > 0) writeField(out, "content-length", String(request.bodyLength), false);
  // RFC 9110 8.6: a method that usually has content says so when it has none.
  else if (request.bodyLength === 0 && usuallyHasContent(request.method)) writeField(out, "content-length", "0", false);
  if (request.acceptsTrailers) writeField(out, "te", "trailers", false);
  if (request.expectsContinue) writeField(out, "expect", "100-continue", false);
}

/** `isHead`: the request was HEAD. A 101 becomes the 200 of RFC 8441. */
export function writeResponse(out: OutBuffer, head: ResponseHead, isHead: boolean): void {
  const status = head.status;
  if (status === 101) {
    writeStatus(out, 200);
    writeFields(out, withoutSwitch(head.fields));
    return;
  }
  writeStatus(out, status);
  writeFields(out, head.fields);
  const length = lengthOf(head, isHead);
  if (length >= 0) writeField(out, "content-length", String(length), false);
}

/** An interim response (1xx but 101). */
export function writeInterim(out: OutBuffer, status: number, fields: Fields): void {
  writeStatus(out, status);
  writeFields(out, fields);
}

export function writeTrailers(out: OutBuffer, fields: Fields): void {
  writeFields(out, fields);
}

/**
 * What Content-Length says, or -1. Nothing needs it to find the end, so a response without content that had none is sent without, as a
 * gRPC call that fails at once.
 */
function lengthOf(head: ResponseHead, isHead: boolean): number {
  if (head.bodyLength > 0) return head.bodyLength;
  if (isHead || head.status === 304) return head.declaredLength;
  return head.bodyLength === 0 && head.declaredLength === 0 && !isBodiless("GET", head.status) ? 0 : -1;
}

function usuallyHasContent(method: string): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}

/** Another attempt may need the key: the request's own fields stay as they are. */
function withoutKey(fields: Fields): Fields {
  const kept = fields.copy();
  kept.remove(SEC_WEBSOCKET_KEY);
  return kept;
}

function withoutSwitch(fields: Fields): Fields {
  const kept = fields.copy();
  kept.remove(FIELD.UPGRADE);
  kept.remove(FIELD.CONNECTION);
  kept.remove(SEC_WEBSOCKET_ACCEPT);
  return kept;
}
