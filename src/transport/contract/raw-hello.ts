// For tests: ClientHellos made by hand, as no library would send them, and what a server answers to bytes.
import { connect, type Socket } from "node:net";
import type { SocketAddress } from "../socket.ts";
import { portOf } from "./tls-rig.ts";

export interface HelloOptions {
  /** Sent as it is, one name for each; none: no extension. */
  readonly serverNames?: readonly (string | Uint8Array)[];
  readonly protocols?: readonly string[];
  /** 0x0301 for TLS 1.0 to 0x0303 for TLS 1.2. */
  readonly version?: number;
  /** Sends the server_name extension twice. */
  readonly twice?: boolean;
}

/** A ClientHello of TLS 1.2 or below, in one record. */
export function makeHello(options: HelloOptions = {}): Buffer {
  const { serverNames = [], protocols = [], version = 0x0303, twice = false } = options;
  const names = serverNames.map((name) => Buffer.concat([Buffer.of(0), vector(2, Buffer.from(name as string))]));
  const nameExtension = names.length === 0 ? [] : [extension(0, vector(2, Buffer.concat(names)))];
  const extensions = [
    ...nameExtension,
    ...(twice ? nameExtension : []),
    ...(protocols.length === 0 ? [] : [extension(16, vector(2, Buffer.concat(protocols.map((name) => vector(1, Buffer.from(name))))))]),
    extension(10, vector(2, Buffer.from("0017001d", "hex"))),
    extension(11, vector(1, Buffer.of(0))),
    extension(13, vector(2, Buffer.from("04030804040105030805050102030201", "hex"))),
    extension(0xff01, vector(1, Buffer.alloc(0))),
  ];
  const body = Buffer.concat([
    number(version, 2),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(0)),
    vector(2, Buffer.from("c02bc02fc009c013002f", "hex")),
    vector(1, Buffer.of(0)),
    vector(2, Buffer.concat(extensions)),
  ]);
  return record(22, Buffer.concat([Buffer.of(1), vector(3, body)]), Math.min(version, 0x0301));
}

export function record(type: number, content: Uint8Array, version = 0x0301): Buffer {
  return Buffer.concat([Buffer.of(type), number(version, 2), vector(2, Buffer.from(content))]);
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([number(type, 2), vector(2, content)]);
}

function vector(lengthBytes: number, content: Buffer): Buffer {
  return Buffer.concat([number(content.length, lengthBytes), content]);
}

function number(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** "hello": the server goes on with the handshake. "alert 40": it said why not. "closed": it did not. */
export type Answer = "hello" | "closed" | `alert ${number}`;

/** A plain connection to a TLS port. */
export class RawClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  constructor(address: SocketAddress) {
    this.socket = connect({ port: portOf(address), host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    this.socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    for (const event of ["end", "close", "error"]) {
      this.socket.on(event, () => {
        this.#isClosed = true;
        this.#wake();
      });
    }
  }

  /** Writes, each piece in a segment of its own as far as that can be had. */
  async send(...pieces: readonly Uint8Array[]): Promise<this> {
    for (const piece of pieces) {
      await new Promise<void>((resolve) => this.socket.write(piece, () => resolve()));
      if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
    }
    return this;
  }

  /** What the server's first record says, or that it closed. Closes the connection. */
  async answer(): Promise<Answer> {
    await this.until(() => this.#isClosed || this.#received.length >= 7);
    const bytes = this.#received;
    this.socket.destroy();
    if (bytes.length < 7) return "closed";
    if (bytes[0] === 22 && bytes[5] === 2) return "hello";
    return bytes[0] === 21 ? `alert ${bytes[6] as number}` : "closed";
  }

  async closed(): Promise<void> {
    await this.until(() => this.#isClosed);
    this.socket.destroy();
  }

  async until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
