// The handshake over HTTP/1.1, RFC 6455 4.

import { createHash } from "node:crypto";
import { type Fields, fieldName } from "../http/index.ts";

export const SEC_WEBSOCKET_KEY = fieldName("Sec-WebSocket-Key");
export const SEC_WEBSOCKET_ACCEPT = fieldName("Sec-WebSocket-Accept");

/** RFC 6455 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** What a server that means a WebSocket answers to `key` in its 101 (4.2.2). */
export function acceptWebSocketKey(key: string): string {
  return createHash("sha1")
    .update(key + GUID)
    .digest("base64");
}

/** Whether the fields of a 101 answer those of the request: who asked must look (4.1), or something else may be on the other end. */
export function isWebSocketAccepted(request: Fields, response: Fields): boolean {
  const key = request.get(SEC_WEBSOCKET_KEY);
  return key !== null && response.get(SEC_WEBSOCKET_ACCEPT) === acceptWebSocketKey(key);
}
