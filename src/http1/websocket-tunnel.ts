// A tunnel that carries a WebSocket, and how it is taken leave of: both ends are told 1001 (going away) between two frames of
// theirs, so that clients connect anew rather than see a connection break. @hot
//
// The client is told first. What it has sent by then, and its own Close, still go to the upstream, which so hears of the leave in
// the client's own words; only one that does not answer is spoken for. What the upstream says behind our Close is thrown away: behind
// a Close there is nothing (RFC 6455 5.5.1). Both connections end as they would without us: the upstream, being the server, ends first.

import type { ClientEvents } from "../http/index.ts";
import type { ClientOutput } from "./client-output.ts";
import { WebSocketBoundary } from "./websocket-boundary.ts";

const GOING_AWAY = 1001;
const CLOSE_TO_CLIENT = Uint8Array.of(0x88, 2, GOING_AWAY >> 8, GOING_AWAY & 255);

export class WebSocketTunnel {
  readonly #output: ClientOutput;
  readonly #exchange: ClientEvents;
  readonly #down = new WebSocketBoundary();
  readonly #up = new WebSocketBoundary();
  #isLeaving = false;
  #isInsisting = false;
  #clientTold = false;
  #upstreamTold = false;

  constructor(output: ClientOutput, exchange: ClientEvents) {
    this.#output = output;
    this.#exchange = exchange;
  }

  /** Tells the client, at once or when the frame on its way has ended. False where somebody has said Close already, or we have. */
  leave(): boolean {
    if (this.#isLeaving || this.#down.hasClosed || this.#up.hasClosed) return false;
    this.#isLeaving = true;
    if (this.#down.isBetween) this.#tellClient();
    return true;
  }

  /** The client has not answered in time: tells the upstream in its place. False when there is no need to, or not again. */
  insist(): boolean {
    if (!this.#isLeaving || this.#isInsisting) return false;
    this.#isInsisting = true;
    if (this.#up.isBetween && !this.#up.hasClosed) this.#tellUpstream();
    return true;
  }

  /** Bytes from the upstream. False asks for a pause. */
  toClient(chunk: Uint8Array): boolean {
    if (this.#clientTold) return !this.#output.isBlocked;
    const down = this.#down;
    for (let at = 0; at < chunk.length; ) {
      at = down.advance(chunk, at);
      if (!this.#isLeaving || !down.isBetween || down.hasClosed || this.#up.hasClosed) continue;
      this.#output.write(chunk.subarray(0, at));
      return this.#tellClient();
    }
    return this.#output.write(chunk);
  }

  /** Bytes from the client. False asks for a pause. */
  toUpstream(chunk: Uint8Array): boolean {
    if (this.#upstreamTold) return true;
    const up = this.#up;
    for (let at = 0; at < chunk.length; ) {
      at = up.advance(chunk, at);
      if (!this.#isInsisting || !up.isBetween || up.hasClosed) continue;
      this.#exchange.onRequestChunk(chunk.subarray(0, at));
      return this.#tellUpstream();
    }
    return this.#exchange.onRequestChunk(chunk);
  }

  #tellClient(): boolean {
    this.#clientTold = true;
    return this.#output.write(CLOSE_TO_CLIENT);
  }

  #tellUpstream(): boolean {
    this.#upstreamTold = true;
    return this.#exchange.onRequestChunk(encodeMaskedClose());
  }
}

/** A mask is to be unpredictable (RFC 6455 5.3). */
function encodeMaskedClose(): Uint8Array {
  const frame = crypto.getRandomValues(new Uint8Array(8));
  frame[0] = 0x88;
  frame[1] = 0x82;
  frame[6] = (GOING_AWAY >> 8) ^ frame[2]!;
  frame[7] = (GOING_AWAY & 255) ^ frame[3]!;
  return frame;
}
