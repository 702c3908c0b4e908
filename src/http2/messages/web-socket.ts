// A WebSocket is, between the two sides of the gateway, always an upgrade in the manner of HTTP/1.1 (RFC 6455 4); over HTTP/2 it is an
// extended CONNECT (RFC 8441), which knows neither key nor accept. What one needs of the other is made here.

import { createHash, randomBytes } from "node:crypto";
import { type Fields, fieldName, type UpstreamRequest } from "../../http/index.ts";

export const WEBSOCKET = "websocket";
export const SEC_WEBSOCKET_KEY = fieldName("Sec-WebSocket-Key");
export const SEC_WEBSOCKET_ACCEPT = fieldName("Sec-WebSocket-Accept");

/** RFC 6455 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The key that an HTTP/1.1 upstream is shown: RFC 6455 4.1 has it made anew for each connection. */
export function makeWebSocketKey(): string {
  return randomBytes(16).toString("base64");
}

/** What an upstream over HTTP/2 does not send with its 200, and an HTTP/1.1 client expects in its 101 (RFC 6455 4.2.2). */
export function acceptWebSocketKey(key: string): string {
  return createHash("sha1")
    .update(key + GUID)
    .digest("base64");
}

/** Whether the request asks for a WebSocket: the only upgrade that HTTP/2 knows (RFC 9113 8.6). Others go upstream without it. */
export function asksForWebSocket(request: UpstreamRequest): boolean {
  return request.upgrade !== null && request.upgrade.toLowerCase() === WEBSOCKET;
}

/** Makes the fields of an upstream's 200 to CONNECT those of a 101 to `request`. Upgrade is not among them: onSwitch() names it. */
export function toSwitchFields(fields: Fields, request: UpstreamRequest): Fields {
  const key = request.fields.get(SEC_WEBSOCKET_KEY);
  if (key !== null) fields.set(SEC_WEBSOCKET_ACCEPT, acceptWebSocketKey(key));
  return fields;
}
