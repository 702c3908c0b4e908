// The sending half of a client connection: cuts the body of a response as its head has promised, remembers back-pressure, and
// watches how fast the client reads. It knows neither requests nor when the connection may be used again. @hot

import { Timer, type TimerOwner, type TimerWheel } from "../base/index.ts";
import type { Fields, ResponseHead } from "../http/index.ts";
import type { Socket } from "../transport/index.ts";
import { chunkHead, LAST_CHUNK, lastChunk } from "./response-writer.ts";

/** How the response body is cut. */
const UNSENT = 0;
const BODILESS = 1;
const LENGTH = 2;
const CHUNKED = 3;
const UNTIL_CLOSE = 4;

/** Rates are judged over windows of this length. */
export const RATE_WINDOW_MS = 5000;

export class ClientOutput implements TimerOwner {
  /** The client has not taken what was sent: nothing more until onDrain. */
  isBlocked = false;
  /** Bytes handed to the socket since the connection began. */
  bytesOut = 0;
  /** Why the socket was reset. */
  isTooSlow = false;
  readonly #socket: Socket;
  readonly #wheel: TimerWheel;
  readonly #minBytesPerWindow: number;
  readonly #timer: Timer;
  #mode = UNSENT;
  #remaining = 0;
  #corked = false;
  #windowSent = 0;

  /** `minBytesPerSecond` null: any progress within a window will do. */
  constructor(socket: Socket, wheel: TimerWheel, minBytesPerSecond: number | null) {
    this.#socket = socket;
    this.#wheel = wheel;
    this.#minBytesPerWindow = Math.max(1, ((minBytesPerSecond ?? 0) * RATE_WINDOW_MS) / 1000);
    this.#timer = new Timer(this, 0);
  }

  /** No final head has been sent for the present request. */
  get isUnsent(): boolean {
    return this.#mode === UNSENT;
  }

  get isChunked(): boolean {
    return this.#mode === CHUNKED;
  }

  /** For the next request. */
  reset(): void {
    this.#mode = UNSENT;
  }

  /** Chooses how the body is cut. False when only the end of the connection can end it (RFC 9112 6.3). */
  startBody(head: ResponseHead, version: number): boolean {
    this.#remaining = head.bodyLength;
    if (head.bodyLength === 0) this.#mode = BODILESS;
    else if (head.bodyLength > 0) this.#mode = LENGTH;
    else if (version === 11) this.#mode = CHUNKED;
    else this.#mode = UNTIL_CLOSE;
    return this.#mode !== UNTIL_CLOSE;
  }

  startTunnel(): void {
    this.#mode = UNTIL_CLOSE;
  }

  sendText(text: string): void {
    this.bytesOut += text.length;
    this.#afterWrite(this.#socket.writeText(text));
  }

  /** Sends a piece of body, framed; false asks for a pause. More than the head promised is not sent; isWrongLength tells. */
  write(chunk: Uint8Array): boolean {
    const length = chunk.length;
    if (length === 0 || this.#socket.closed) return !this.isBlocked;
    if (this.#mode === CHUNKED) return this.#writeChunk(chunk);
    if (this.#mode === LENGTH) {
      this.#remaining -= length;
      if (this.#remaining < 0) return true;
    }
    this.bytesOut += length;
    return this.#afterWrite(this.#socket.write(chunk));
  }

  /** The body is not of the length that its head has promised: the client must see it cut. */
  get isWrongLength(): boolean {
    return this.#mode === LENGTH && this.#remaining !== 0;
  }

  /** The last chunk, where there are chunks. Null trailers: none, or a client that would not know them. */
  endBody(trailers: Fields | null): void {
    if (this.#mode === CHUNKED) this.sendText(trailers === null ? LAST_CHUNK : lastChunk(trailers));
  }

  cork(): boolean {
    if (this.#corked) return false;
    this.#corked = true;
    this.#socket.cork();
    return true;
  }

  uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
    if (this.#socket.queuedBytes > 0) this.#afterWrite(false);
  }

  onDrain(): void {
    this.isBlocked = false;
    this.#wheel.disarm(this.#timer);
  }

  stop(): void {
    this.#wheel.disarm(this.#timer);
  }

  /** The client must read at least at the rate at which it must send; without a rate, make some progress. */
  onTimer(): void {
    const sent = this.bytesOut - this.#socket.queuedBytes;
    if (sent - this.#windowSent < this.#minBytesPerWindow) {
      this.isTooSlow = true;
      this.#socket.reset();
      return;
    }
    this.#windowSent = sent;
    this.#wheel.armFromTouch(this.#timer, RATE_WINDOW_MS);
  }

  #writeChunk(chunk: Uint8Array): boolean {
    const socket = this.#socket;
    const size = chunkHead(chunk.length);
    const corks = !this.#corked;
    if (corks) socket.cork();
    socket.writeText(size);
    socket.write(chunk);
    let goesOn = socket.writeText("\r\n");
    this.bytesOut += size.length + chunk.length + 2;
    if (corks) {
      socket.uncork();
      goesOn = socket.queuedBytes === 0;
    }
    return this.#afterWrite(goesOn);
  }

  #afterWrite(goesOn: boolean): boolean {
    if (goesOn) return true;
    if (!this.isBlocked && !this.#socket.closed) {
      this.isBlocked = true;
      this.#windowSent = this.bytesOut - this.#socket.queuedBytes;
      this.#wheel.armFromTouch(this.#timer, RATE_WINDOW_MS);
    }
    return false;
  }
}
