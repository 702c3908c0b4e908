// A connection over the limit of its address: told why, in constant bytes, and closed. It costs no timer and no parser.

import { H1 } from "../http1/index.ts";
import type { Socket, SocketHandler } from "../transport/index.ts";

const BODY = `${JSON.stringify({
  type: "about:blank",
  title: H1.TOO_MANY_CONNECTIONS.title,
  status: 503,
  code: H1.TOO_MANY_CONNECTIONS.code,
})}\n`;
const ANSWER = `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\nContent-Length: ${BODY.length}\r\nConnection: close\r\n\r\n${BODY}`;

/** Answers and closes as soon as the client has sent anything or said goodbye, so that the answer is not lost to a reset. */
export function rejectConnection(socket: Socket): SocketHandler {
  socket.writeText(ANSWER);
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
