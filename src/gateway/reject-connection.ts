// A connection that there is no room for: told why, in constant bytes, and closed. It costs no timer and no parser.

import type { FaultDefinition } from "../base/index.ts";
import { H1 } from "../http1/index.ts";
import type { Socket, SocketHandler } from "../transport/index.ts";

const TOO_MANY = encodeRejection(H1.TOO_MANY_CONNECTIONS);
const FULL = encodeRejection(H1.GATEWAY_FULL);

function encodeRejection(fault: FaultDefinition): string {
  const body = `${JSON.stringify({ type: "about:blank", title: fault.title, status: fault.status, code: fault.code })}\n`;
  const head = `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n`;
  return `${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

/** Answers, and closes as soon as the client has sent anything or said goodbye, so that the answer is not lost to a reset. */
export function rejectConnection(socket: Socket, reason: "address" | "full"): SocketHandler {
  socket.writeText(reason === "address" ? TOO_MANY : FULL);
  socket.end();
  return {
    onOpen() {},
    onData() {
      socket.close();
    },
    onDrain() {},
    onEnd() {
      socket.close();
    },
    onClose() {},
  };
}
