// Whether a route takes WebSockets, and what one may do. It is said before the request goes upstream and holds from the 101 on, in
// websocket/; what expires with a credential is added by whoever knows the credential.

import type { WebSocketConfig } from "../../config/index.ts";
import type { RequestHead, WebSocketLimits } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";
import { NOT_ALLOWED } from "./faults.ts";

/** Null where they are taken and nothing but the listener's idle timeout bounds them. */
export function compileWebSocket(config: WebSocketConfig | null): Policy | null {
  if (config === null) {
    return {
      name: "websocket",
      phase: "guard",
      request: (exchange) => (opensWebSocket(exchange.head) ? exchange.answerFault(NOT_ALLOWED) : CONTINUE),
    };
  }
  const { idleMs, messageBytes, messagesPerSecond } = config;
  if (idleMs === undefined && messageBytes === null && messagesPerSecond === null) return null;
  const limits: WebSocketLimits = Object.freeze({ idleMs, messageBytes, messagesPerSecond, untilMs: null });
  return {
    name: "websocket",
    phase: "guard",
    request(exchange) {
      if (opensWebSocket(exchange.head)) exchange.webSocket = limits;
      return CONTINUE;
    },
  };
}

/** An upstream that switches to something that was not asked for is refused by the engine. */
function opensWebSocket({ upgrade }: RequestHead): boolean {
  return upgrade !== null && upgrade.toLowerCase() === "websocket";
}
