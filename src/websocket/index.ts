export * as WS from "./faults.ts";
export { acceptWebSocketKey, isWebSocketAccepted, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY } from "./handshake.ts";
export { CLOSE_ANSWER_MS, type ClientWriter, WebSocketTunnel } from "./websocket-tunnel.ts";
