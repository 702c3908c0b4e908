// A WebSocket is, between the two sides of the gateway, always an upgrade in the manner of HTTP/1.1 (RFC 6455 4); over HTTP/2 it is an
// extended CONNECT (RFC 8441), which knows neither key nor accept. What one needs of the other is made here.

import { randomBytes } from "node:crypto";
import type { Fields, UpstreamRequest } from "../../http/index.ts";
import { acceptWebSocketKey, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY } from "../../websocket/index.ts";

export const WEBSOCKET = "websocket";

/** The key that an HTTP/1.1 upstream is shown: RFC 6455 4.1 has it made anew for each connection. */
export function makeWebSocketKey(): string {
  return randomBytes(16).toString("base64");
}

/** Whether the request asks for a WebSocket: the only upgrade that HTTP/2 knows (RFC 9113 8.6). Others go upstream without it. */
export function asksForWebSocket(request: UpstreamRequest): boolean {
  return request.upgrade !== null && request.upgrade.toLowerCase() === WEBSOCKET;
}

/** Makes the fields of an upstream's 200 to CONNECT, which has no accept, those of a 101 to `request`. Upgrade is not among them: onSwitch() names it. */
export function toSwitchFields(fields: Fields, request: UpstreamRequest): Fields {
  const key = request.fields.get(SEC_WEBSOCKET_KEY);
  if (key !== null) fields.set(SEC_WEBSOCKET_ACCEPT, acceptWebSocketKey(key));
  return fields;
}
