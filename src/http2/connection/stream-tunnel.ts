// A stream that has become a WebSocket (RFC 8441): the same tunnel as behind a 101, with the stream for a connection. @hot

import { Timer, type TimerOwner, type TimerWheel } from "../../base/index.ts";
import type { ClientEvents } from "../../http/index.ts";
import { CLOSE_ANSWER_MS, type ClientWriter, WebSocketTunnel } from "../../websocket/index.ts";
import type { ServerStream } from "./server-stream.ts";

export class StreamTunnel implements TimerOwner, ClientWriter {
  readonly webSocket: WebSocketTunnel;
  readonly #stream: ServerStream;
  readonly #wheel: TimerWheel;
  readonly #timer = new Timer(this, 0);
  #isAwaiting = false;

  constructor(stream: ServerStream, exchange: ClientEvents, wheel: TimerWheel, idleTimeoutMs: number | null) {
    this.#stream = stream;
    this.#wheel = wheel;
    this.webSocket = new WebSocketTunnel(this, exchange, wheel, this.#timer, idleTimeoutMs);
  }

  write(chunk: Uint8Array): boolean {
    return this.#stream.sendInTunnel(chunk);
  }

  onTimer(): void {
    if (this.#isAwaiting) {
      this.#stream.stopClient();
      return;
    }
    const fault = this.webSocket.check();
    if (fault !== null) this.#stream.endTunnel(fault);
  }

  /** Our half has ended: the client has a moment for its own. */
  awaitClient(): void {
    this.#isAwaiting = true;
    this.#wheel.armFromTouch(this.#timer, CLOSE_ANSWER_MS);
  }

  stop(): void {
    this.#wheel.disarm(this.#timer);
  }
}
