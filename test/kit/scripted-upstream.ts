// An upstream that records every byte it sees, reads it with the naive reader, and answers as its script says.

import { type RawHead, type RawMessage, readHead, readRequest } from "../../src/testing/raw-message.ts";
import type { Listener, Socket, SocketAddress, SocketError, SocketHandler, Transport } from "../../src/transport/index.ts";

export interface UpstreamScript {
  /** A request's head has come; not called for one whose end has come with it. */
  onHead(connection: UpstreamRecord, head: RawHead): void;
  /** A whole request has come. */
  onRequest(connection: UpstreamRecord, request: RawMessage): void;
}

/** One connection that the gateway opened. */
export class UpstreamRecord implements SocketHandler {
  readonly #upstream: ScriptedUpstream;
  readonly #socket: Socket;
  text = "";
  /** Where the first incomplete request begins in `text`. */
  at = 0;
  /** What a strict reader has to say against the bytes; null when nothing. */
  problem: string | null = null;
  /** The gateway sent FIN, reset or closed. */
  dropped = false;
  #headSeen = false;

  constructor(upstream: ScriptedUpstream, socket: Socket) {
    this.#upstream = upstream;
    this.#socket = socket;
  }

  /** What has come of a request that is not complete. */
  get unfinished(): string {
    return this.text.slice(this.at);
  }

  send(latin1: string): void {
    this.#socket.writeText(latin1);
  }

  end(): void {
    this.#socket.end();
  }

  close(): void {
    this.#socket.close();
  }

  reset(): void {
    this.#socket.reset();
  }

  onOpen(): void {}

  onDrain(): void {}

  onData(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    try {
      this.#read();
    } catch (error) {
      this.problem ??= String(error);
    }
  }

  #read(): void {
    while (this.at < this.text.length) {
      const request = readRequest(this.text, this.at);
      if (request === null) {
        const head = this.#headSeen ? null : readHead(this.text, this.at);
        if (head === null) return;
        this.#headSeen = true;
        this.#upstream.script.onHead(this, head);
        return;
      }
      this.at = request.end;
      this.#headSeen = false;
      this.#upstream.seen.push(request);
      this.#upstream.script.onRequest(this, request);
    }
  }

  onEnd(): void {
    this.dropped = true;
    this.#socket.end();
  }

  onClose(_error: SocketError | null): void {
    this.dropped = true;
  }
}

export class ScriptedUpstream {
  script: UpstreamScript = SILENT;
  /** Whole requests in the order in which they ended. */
  seen: RawMessage[] = [];
  records: UpstreamRecord[] = [];
  #listener: Listener | null = null;

  get address(): SocketAddress {
    if (this.#listener === null) throw new Error("the upstream does not listen yet");
    return this.#listener.address;
  }

  async listen(transport: Transport): Promise<void> {
    this.#listener = await transport.listen({ host: "127.0.0.1", port: 0 }, (socket) => {
      const record = new UpstreamRecord(this, socket);
      this.records.push(record);
      return record;
    });
  }

  /** Forgets what was seen; connections that are still open go on being read. */
  forget(): void {
    this.seen = [];
    this.records = this.records.filter((record) => !record.dropped);
    for (const record of this.records) {
      record.text = record.unfinished;
      record.at = 0;
    }
  }

  closeConnections(): void {
    for (const record of this.records) record.close();
  }

  stop(): void {
    this.#listener?.close();
    this.closeConnections();
  }
}

export const SILENT: UpstreamScript = { onHead() {}, onRequest() {} };

/** 200 with the request's own line for a body; asks for the body of a request that expects 100. */
export const ECHO: UpstreamScript = {
  onHead(connection, head) {
    if (head.fields.some(([name]) => name === "expect")) connection.send("HTTP/1.1 100 Continue\r\n\r\n");
  },
  onRequest(connection, request) {
    const body = echoOf(request);
    const isHead = request.startLine.startsWith("HEAD ");
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${isHead ? "" : body}`);
  },
};

/** What ECHO answers. */
export function echoOf(request: RawHead): string {
  return request.startLine.slice(0, -" HTTP/1.1".length);
}
