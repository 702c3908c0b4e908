// A client that knows bytes only: sends what it is told and keeps what comes back.

import type { Socket, SocketAddress, SocketError, SocketHandler, Transport } from "../../src/transport/index.ts";

export class RawClient implements SocketHandler {
  readonly #socket: Socket;
  /** Everything received, as latin1. */
  text = "";
  /** FIN or close came: nothing more will. */
  ended = false;
  /** Why the connection broke; null when it did not. */
  error: SocketError | null = null;

  constructor(transport: Transport, address: SocketAddress) {
    this.#socket = transport.connect(address, this);
  }

  send(latin1: string): void {
    this.#socket.writeText(latin1);
  }

  close(): void {
    this.#socket.close();
  }

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
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
