// What a client connection has become with a 101: bytes both ways, watched for as long as they move. @hot
// A WebSocket is its own room's; what else may run in a tunnel we do not know.

import type { FaultDefinition, Timer } from "../base/index.ts";
import { type ClientEvents, FIELD, type ResponseHead } from "../http/index.ts";
import { WebSocketTunnel } from "../websocket/index.ts";
import type { ClientOutput } from "./client-output.ts";
import { TUNNEL_IDLE } from "./faults.ts";
import type { ServerContext } from "./server-context.ts";

export class Tunnel {
  readonly #context: ServerContext;
  readonly #timer: Timer;
  readonly #output: ClientOutput;
  readonly #exchange: ClientEvents;
  readonly #webSocket: WebSocketTunnel | null;
  #isEnded = false;
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
    const { wheel, bounds } = context;
    this.#webSocket = isWebSocket ? new WebSocketTunnel(output, exchange, wheel, timer, bounds.idleTimeoutMs) : null;
    if (!isWebSocket) this.#armIdle();
  }

  /** The client has been told to close, for a fault: what it still sends has left before it heard of that. */
  get isToldToClose(): boolean {
    return this.#webSocket !== null && this.#webSocket.fault !== null;
  }

  /** The gateway, or this part of it, stops. */
  leave(): void {
    this.#webSocket?.leave();
  }

  /** The timer has fired. A fault: the connection ends now, for this reason. */
  check(): FaultDefinition | null {
    if (this.#webSocket !== null) return this.#webSocket.check();
    if (this.#moved === this.#movedBefore) return TUNNEL_IDLE;
    this.#armIdle();
    return null;
  }

  toClient(chunk: Uint8Array): boolean {
    if (this.#webSocket !== null) return this.#webSocket.toClient(chunk);
    this.#moved += chunk.length;
    return this.#output.write(chunk);
  }

  toUpstream(chunk: Uint8Array): boolean {
    if (this.#webSocket !== null) return this.#webSocket.toUpstream(chunk);
    this.#moved += chunk.length;
    return this.#exchange.onRequestChunk(chunk);
  }

  /** Once; further calls do nothing. */
  endFromClient(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#webSocket !== null) this.#webSocket.endFromClient();
    else this.#exchange.onRequestEnd(null);
  }

  #armIdle(): void {
    const idleMs = this.#context.bounds.idleTimeoutMs;
    this.#movedBefore = this.#moved;
    if (idleMs !== null) this.#context.wheel.armFromTouch(this.#timer, idleMs);
    else this.#context.wheel.disarm(this.#timer);
  }
}
