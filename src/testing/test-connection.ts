// A client connection of a test: bytes out, bytes in, and what a strict reader makes of them. What `request()` and `raw()` are built on,
// and what tests take that need several requests on one connection, pauses, or bytes that are no request.

import type { Socket, SocketError, SocketHandler } from "../transport/index.ts";
import { type BodyInput, toLatin1 } from "./body-bytes.ts";
import { type RawHead, readHead, readResponse, statusOf } from "./raw-message.ts";
import type { AccessRecord } from "./recording-sink.ts";
import { TestHeaders } from "./test-headers.ts";
import { type InterimResponse, type ResponseParts, TestResponse } from "./test-response.ts";
import type { Wiring } from "./wiring.ts";

export type RecordFinder = (requestId: string | null) => AccessRecord | null;

export class TestConnection implements SocketHandler {
  readonly #wiring: Wiring;
  readonly #socket: Socket;
  readonly #findRecord: RecordFinder;
  #chunks: string[] = [];
  /** The gateway ended the connection, in order or not. */
  ended = false;
  /** Why the connection broke; null when it did not. */
  error: SocketError | null = null;

  constructor(wiring: Wiring, connect: (handler: SocketHandler) => Socket, findRecord: RecordFinder) {
    this.#wiring = wiring;
    this.#findRecord = findRecord;
    this.#socket = connect(this);
  }

  /** The client's own. */
  get port(): number {
    return this.#socket.localPort;
  }

  /** All that came, as latin1. */
  get text(): string {
    if (this.#chunks.length > 1) this.#chunks = [this.#chunks.join("")];
    return this.#chunks[0] ?? "";
  }

  /** Bytes as they are; text is sent as UTF-8. */
  send(bytes: BodyInput): void {
    this.#socket.writeText(toLatin1(bytes));
    this.#wiring.pump();
  }

  /** Resolves when nothing happens any more without the clock. */
  settle(): Promise<void> {
    return this.#wiring.settle();
  }

  /** Sends FIN: nothing more will come, though answers are still awaited. */
  end(): void {
    this.#socket.end();
    this.#wiring.pump();
  }

  /** Reads no more until resume(), so that the gateway has to wait. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
    this.#wiring.pump();
  }

  close(): void {
    this.#socket.close();
    this.#wiring.pump();
  }

  /** Breaks the connection. */
  reset(): void {
    this.#socket.reset();
    this.#wiring.pump();
  }

  /** The final responses that have come whole, to requests of these methods in their order; GET where there is no word of it. */
  responses(...methods: readonly string[]): TestResponse[] {
    const found: TestResponse[] = [];
    for (let at = 0; at < this.text.length; ) {
      const next = this.#read(at, methods[found.length] ?? "GET");
      if (next === null) break;
      found.push(new TestResponse(next.parts, this.#findRecord));
      at = next.end;
    }
    return found;
  }

  /** The kit's: the first response, also when it was cut off; null while more of it may come. */
  firstResponse(method: string): TestResponse | null {
    const whole = this.#read(0, method);
    if (whole !== null) return new TestResponse(whole.parts, this.#findRecord);
    if (!this.ended) return null;
    const { interim, at } = this.#readInterim(0);
    const head = readHead(this.text, at);
    if (head === null) return null;
    const rest = this.text.slice(head.end);
    const body = isChunked(head) ? joinChunks(rest) : rest;
    const parts = { status: statusOf(head), fields: head.fields, body, trailers: [], interim, complete: false };
    return new TestResponse(parts, this.#findRecord);
  }

  /** The kit's: whether a 100 has come, or the final head. */
  get isBodyWelcome(): boolean {
    const { interim, at } = this.#readInterim(0);
    return interim.some(({ status }) => status === 100) || readHead(this.text, at) !== null;
  }

  #read(from: number, method: string): { parts: ResponseParts; end: number } | null {
    const { interim, at } = this.#readInterim(from);
    const message = readResponse(this.text, at, method, this.ended && this.error === null);
    if (message === null) return null;
    const { body, trailers, fields, end } = message;
    return { parts: { status: statusOf(message), fields, body, trailers, interim, complete: true }, end };
  }

  #readInterim(from: number): { interim: InterimResponse[]; at: number } {
    const interim: InterimResponse[] = [];
    for (let at = from; ; ) {
      const head = readHead(this.text, at);
      if (head === null || statusOf(head) >= 200 || statusOf(head) === 101) return { interim, at };
      interim.push({ status: statusOf(head), headers: new TestHeaders(head.fields) });
      at = head.end;
    }
  }

  onOpen(): void {}

  onData(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1"));
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

function isChunked(head: RawHead): boolean {
  return head.fields.some(([name]) => name === "transfer-encoding");
}

/** The data of the chunks that have come, the last one perhaps in part. */
function joinChunks(text: string): string {
  let body = "";
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    const size = lineEnd < 0 ? 0 : Number.parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) return body;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}
