// A connection over the limit of its address: told why, in constant bytes, and closed. No parser, and little time.

import { Timer, type TimerOwner, type TimerWheel } from "../base/index.ts";
import { H1 } from "../http1/index.ts";
import type { Socket, SocketHandler } from "../transport/index.ts";

const BODY = `${JSON.stringify({
  type: "about:blank",
  title: H1.TOO_MANY_CONNECTIONS.title,
  status: 503,
  code: H1.TOO_MANY_CONNECTIONS.code,
})}\n`;
const ANSWER = `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\nContent-Length: ${BODY.length}\r\nConnection: close\r\n\r\n${BODY}`;

/** A client that neither sends nor says goodbye holds a descriptor, which is just what it must not have. */
const LINGER_MS = 1000;
/** So many at once are told why; the others are only closed, since each costs a descriptor for as long as it may linger. */
const MAX_LINGERING = 256;

/** Refuses what one listener has too much of. */
export class Rejector {
  readonly #wheel: TimerWheel;
  #lingering = 0;

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
  }

  /** Takes the socket over: answers, and closes as soon as the client has sent anything or said goodbye, or after a second. */
  reject(socket: Socket): SocketHandler {
    if (this.#lingering >= MAX_LINGERING) {
      socket.reset();
      return new Rejection(socket, this.#wheel, null);
    }
    this.#lingering++;
    return new Rejection(socket, this.#wheel, () => this.#lingering--);
  }
}

class Rejection implements SocketHandler, TimerOwner {
  readonly #socket: Socket;
  readonly #wheel: TimerWheel;
  readonly #timer: Timer;
  readonly #onGone: (() => void) | null;

  /** With `onGone` null the socket is closed already. */
  constructor(socket: Socket, wheel: TimerWheel, onGone: (() => void) | null) {
    this.#socket = socket;
    this.#wheel = wheel;
    this.#timer = new Timer(this, 0);
    this.#onGone = onGone;
    if (onGone === null) return;
    wheel.arm(this.#timer, LINGER_MS);
    socket.writeText(ANSWER);
    socket.end();
  }

  onOpen(): void {}

  /** Closing later than this would lose the answer to a reset no less: the bytes are unread either way. */
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
    this.#onGone?.();
  }
}
