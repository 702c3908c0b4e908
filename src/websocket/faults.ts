// What ends a WebSocket: its bounds, and frames that can't be told apart. Both ends are told by a Close; `closeCodeOf` has its code.

import { defineFault, type FaultDefinition, type FaultKind } from "../base/index.ts";

/** RFC 6455 7.4.1. */
export const GOING_AWAY = 1001;
const PROTOCOL_ERROR = 1002;
const POLICY_VIOLATION = 1008;
const MESSAGE_TOO_BIG = 1009;

const closeCodes = new Map<FaultKind, number>();

/** The code of the Close by which both ends hear of a fault. */
export function closeCodeOf(kind: FaultKind): number {
  return closeCodes.get(kind) ?? GOING_AWAY;
}

function ending(code: string, closeCode: number, grpc: number, title: string, remedy: string): FaultDefinition {
  // The status is the log's alone: the 101 has long been sent.
  const kind = { status: 499, grpc, blame: "client", retry: "never", closes: true } as const;
  const fault = defineFault({ code: `SP_WS_${code}`, ...kind, title, remedy });
  closeCodes.set(fault.kind, closeCode);
  return fault;
}

export const BAD_FRAME = ending(
  "BAD_FRAME",
  PROTOCOL_ERROR,
  3,
  "The client sent a frame that no WebSocket has.",
  "The client breaks RFC 6455, or the tunnel is used for something else. The access log has its address.",
);
export const MESSAGE_TOO_LARGE = ending(
  "MESSAGE_TOO_LARGE",
  MESSAGE_TOO_BIG,
  8,
  "The client sent a longer message than allowed.",
  "Raise `websocket.maxMessage` of the route if such messages are meant to pass.",
);
export const TOO_MANY_MESSAGES = ending(
  "TOO_MANY_MESSAGES",
  POLICY_VIOLATION,
  8,
  "The client sends messages faster than allowed.",
  "A flood, or a client that says more than was thought; `websocket.messagesPerSecond` of the route sets the rate.",
);
export const IDLE = ending(
  "IDLE",
  GOING_AWAY,
  4,
  "Nothing moved in the WebSocket for too long.",
  "Neither end sent anything for `websocket.idleTimeout` of the route, or `bounds.idleTimeout` of the listener: raise it, or have the application ping.",
);
export const CREDENTIAL_EXPIRED = ending(
  "CREDENTIAL_EXPIRED",
  POLICY_VIOLATION,
  16,
  "The credential that opened the WebSocket has expired.",
  "Nothing by itself: the client connects anew with a fresh one.",
);
