export * as WS from "./faults.ts";
export { CLOSE_ANSWER_MS, type ClientWriter, WebSocketTunnel } from "./websocket-tunnel.ts";
