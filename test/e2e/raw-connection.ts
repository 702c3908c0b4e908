// A client made of a bare socket, for what no well-behaved client does: it sends bytes as told, reads or does not, and keeps when
// and how its connection ended.

import { connect, type Socket } from "node:net";

export interface RawOptions {
  /** Source address, such as 127.0.0.7: the gateway counts connections by it. */
  readonly localAddress?: string;
  /** Receive only so much of the response's text; the rest is counted. */
  readonly keepBytes?: number;
  /** Does not read until `read` is called. */
  readonly paused?: boolean;
}

export class RawConnection {
  readonly socket: Socket;
  readonly opened: Promise<void>;
  /** Resolves when the gateway has ended the connection, by FIN or RST, and all before that is read. */
  readonly over: Promise<void>;
  text = "";
  receivedBytes = 0;
  isEnded = false;
  isClosed = false;
  isReset = false;
  endedMs = 0;
  #keepBytes: number;

  constructor(port: number, options: RawOptions = {}) {
    this.#keepBytes = options.keepBytes ?? 64 * 1024;
    const from = options.localAddress === undefined ? {} : { localAddress: options.localAddress };
    this.socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true, ...from });
    this.socket.setNoDelay(true);
    this.opened = new Promise((resolve) => this.socket.once("connect", resolve).once("close", () => resolve()));
    if (options.paused === true) this.socket.pause();
    else this.read();
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.isReset ||= error.code === "ECONNRESET" || error.code === "EPIPE";
    });
    this.over = new Promise((resolve) => {
      this.socket.once("end", () => {
        this.isEnded = true;
        this.endedMs ||= performance.now();
        resolve();
      });
      this.socket.once("close", () => {
        this.isClosed = true;
        this.endedMs ||= performance.now();
        resolve();
      });
    });
  }

  /** Whether the gateway has ended the connection, by FIN or RST. */
  get isOver(): boolean {
    return this.isEnded || this.isClosed;
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.text)?.[1] ?? 0);
  }

  get code(): string {
    return /"code":"(SP_\w+)"/.exec(this.text)?.[1] ?? "";
  }

  send(bytes: string | Uint8Array): boolean {
    return this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Begins to read. */
  read(): void {
    this.socket.on("data", (chunk: Buffer) => {
      this.receivedBytes += chunk.length;
      if (this.#keepBytes > 0) {
        const text = chunk.toString("latin1", 0, Math.min(chunk.length, this.#keepBytes));
        this.#keepBytes -= text.length;
        this.text += text;
      }
    });
    this.socket.resume();
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export function get(path: string, fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: gateway.test\r\n${fields}\r\n`;
}
