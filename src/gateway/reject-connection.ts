// A connection that there is no room for: told why, in constant bytes, and closed. No parser, and little time.

import { type FaultDefinition, Timer, type TimerOwner, type TimerWheel } from "../base/index.ts";
import { H1 } from "../http1/index.ts";
import type { Socket, SocketHandler } from "../transport/index.ts";

const TOO_MANY = encodeRejection(H1.TOO_MANY_CONNECTIONS);
const FULL = encodeRejection(H1.GATEWAY_FULL);

/** A client that neither sends nor says goodbye holds a descriptor, which is just what there is no room for. */
const LINGER_MS = 1000;
/** So many at once are told why; others are only closed, since each holds a descriptor for as long as it may linger. */
const MAX_LINGERING = 32;
let lingering = 0;

function encodeRejection(fault: FaultDefinition): string {
  const body = `${JSON.stringify({ type: "about:blank", title: fault.title, status: fault.status, code: fault.code })}\n`;
  const head = `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n`;
  return `${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

/** Answers, and closes once the client has sent anything or said goodbye, so that the answer is not lost to a reset; or after a second. */
export class RejectedConnection implements SocketHandler, TimerOwner {
  readonly #socket: Socket;
  readonly #wheel: TimerWheel;
  readonly #timer = new Timer(this, 0);
  readonly #lingers: boolean;

  /** `silently`: no word could be said before a handshake, and there is no room for one. */
  constructor(socket: Socket, wheel: TimerWheel, reason: "address" | "full" | "silently") {
    this.#socket = socket;
    this.#wheel = wheel;
    this.#lingers = reason !== "silently" && lingering < MAX_LINGERING;
    if (!this.#lingers) {
      socket.reset();
      return;
    }
    lingering++;
    wheel.arm(this.#timer, LINGER_MS);
    socket.writeText(reason === "address" ? TOO_MANY : FULL);
    socket.end();
  }

  onOpen(): void {}

  onData(): void {
    this.#socket.close();
  }

  onDrain(): void {}

  onEnd(): void {
    this.#socket.close();
  }

  onTimer(): void {
    this.#socket.close();
  }

  onClose(): void {
    this.#wheel.disarm(this.#timer);
    if (this.#lingers) lingering--;
  }
}
