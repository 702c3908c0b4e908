// What a client connection has become with a 101: bytes both ways, watched for as long as they move. @hot
// Only a WebSocket can be taken leave of; what else may run in a tunnel we do not know.

import type { Timer } from "../base/index.ts";
import { type ClientEvents, FIELD, type ResponseHead } from "../http/index.ts";
import type { ClientOutput } from "./client-output.ts";
import { CLOSE_ANSWER_MS, type ServerContext } from "./server-context.ts";
import { WebSocketTunnel } from "./websocket-tunnel.ts";

export class Tunnel {
  readonly #context: ServerContext;
  readonly #timer: Timer;
  readonly #output: ClientOutput;
  readonly #exchange: ClientEvents;
  readonly #webSocket: WebSocketTunnel | null;
  #moved = 0;
  #movedBefore = 0;

  /** `timer` is the connection's, for as long as this is a tunnel. */
  constructor(head: ResponseHead, context: ServerContext, timer: Timer, output: ClientOutput, exchange: ClientEvents) {
    this.#context = context;
    this.#timer = timer;
    this.#output = output;
    this.#exchange = exchange;
    const protocol = head.fields.get(FIELD.UPGRADE);
    const isWebSocket = protocol !== null && protocol.toLowerCase() === "websocket";
    this.#webSocket = isWebSocket ? new WebSocketTunnel(output, exchange) : null;
    this.#armIdle();
  }

  /** The gateway, or this part of it, stops. */
  leave(): void {
    if (this.#webSocket?.leave()) this.#context.wheel.armFromTouch(this.#timer, CLOSE_ANSWER_MS);
  }

  /** The timer has fired. True: nothing has moved for as long as is allowed. */
  checkIdle(): boolean {
    if (!this.#webSocket?.insist() && this.#moved === this.#movedBefore) return true;
    this.#armIdle();
    return false;
  }

  toClient(chunk: Uint8Array): boolean {
    this.#moved += chunk.length;
    return this.#webSocket === null ? this.#output.write(chunk) : this.#webSocket.toClient(chunk);
  }

  toUpstream(chunk: Uint8Array): boolean {
    this.#moved += chunk.length;
    return this.#webSocket === null ? this.#exchange.onRequestChunk(chunk) : this.#webSocket.toUpstream(chunk);
  }

  #armIdle(): void {
    const idleMs = this.#context.bounds.idleTimeoutMs;
    this.#movedBefore = this.#moved;
    if (idleMs !== null) this.#context.wheel.armFromTouch(this.#timer, idleMs);
    else this.#context.wheel.disarm(this.#timer);
  }
}
