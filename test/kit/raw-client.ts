// A client that knows bytes only: sends what it is told and keeps what comes back.

import type { Socket, SocketAddress, SocketError, SocketHandler, Transport } from "../../src/transport/index.ts";

export class RawClient implements SocketHandler {
  readonly #socket: Socket;
  #chunks: string[] = [];
  receivedBytes = 0;
  /** FIN or close came: nothing more will. */
  ended = false;
  /** Why the connection broke; null when it did not. */
  error: SocketError | null = null;

  constructor(transport: Transport, address: SocketAddress) {
    this.#socket = transport.connect(address, this);
  }

  /** Everything received, as latin1. */
  get text(): string {
    if (this.#chunks.length > 1) this.#chunks = [this.#chunks.join("")];
    return this.#chunks[0] ?? "";
  }

  send(latin1: string): void {
    this.#socket.writeText(latin1);
  }

  /** Reads no more, so that the gateway has to wait. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.close();
  }

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1"));
    this.receivedBytes += chunk.length;
  }

  onDrain(): void {}

  onEnd(): void {
    this.ended = true;
  }

  onClose(error: SocketError | null): void {
    this.ended = true;
    this.error = error;
  }
}
