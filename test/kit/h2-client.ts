// The raw HTTP/2 end over a real socket, plain or TLS: a client that connects, or a server that a gateway connects to.

import { connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { H2Peer, type H2PeerOptions } from "./h2-peer.ts";

export interface H2ClientOptions extends H2PeerOptions {
  /** Source address, such as 127.0.0.7: the gateway counts connections by it. */
  readonly localAddress?: string;
  /** Over TLS, offering `h2` alone; the certificate is not looked at. */
  readonly tls?: { readonly serverName: string };
}

export class H2Client extends H2Peer {
  readonly socket: Socket;
  /** The far side ended or reset the connection. */
  isClosed = false;
  /** Resolves when it has. */
  readonly closed: Promise<void>;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket, options: H2PeerOptions = {}) {
    super((bytes) => void socket.write(bytes), options);
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      const over = (): void => {
        this.isClosed = true;
        this.#look();
        resolve();
      };
      socket.once("end", over).once("close", over);
    });
    socket.on("data", (chunk: Buffer) => {
      this.receive(chunk);
      this.#look();
    });
    socket.on("error", () => {});
  }

  /** Connects and says the preface with these settings. */
  static async open(port: number, options: H2ClientOptions = {}, ...pairs: readonly (readonly [number, number])[]): Promise<H2Client> {
    const client = await H2Client.connect(port, options);
    client.begin(...pairs);
    return client;
  }

  /** Connects and says nothing yet. */
  static async connect(port: number, options: H2ClientOptions = {}): Promise<H2Client> {
    const from = options.localAddress === undefined ? {} : { localAddress: options.localAddress };
    const socket = connect({ host: "127.0.0.1", port, ...from });
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    if (options.tls === undefined) return new H2Client(socket, options);
    const secure = connectTls({ socket, servername: options.tls.serverName, ALPNProtocols: ["h2"], rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject));
    if (secure.alpnProtocol !== "h2") throw new Error(`the server chose ${secure.alpnProtocol}, not h2`);
    return new H2Client(secure, options);
  }

  /** Resolves when `isDone` holds, looked at whenever something comes; rejects with what was waited for. */
  until(isDone: () => boolean, mostMs: number, what: string): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!isDone()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const seen = `problem ${this.problem}, closed ${this.isClosed}, goodbye ${JSON.stringify(this.goodbye)}`;
        reject(new Error(`waited ${mostMs} ms in vain: ${what} (${seen})`));
      }, mostMs);
      this.#waiting.add(look);
    });
  }

  /** Resolves when the kernel has taken all that was sent, or the connection is over. */
  async flushed(): Promise<void> {
    while (this.socket.writableLength > 0 && !this.isClosed && !this.socket.destroyed) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A server of raw HTTP/2 on a free port; `onConnection` gets each one before anything has come. */
export class H2Upstream {
  readonly #server: Server;
  readonly connections: H2Client[] = [];
  port = 0;

  constructor(onConnection: (peer: H2Client) => void, options: H2PeerOptions = {}) {
    this.#server = createServer((socket) => {
      const peer = new H2Client(socket, { ...options, isServer: true });
      this.connections.push(peer);
      onConnection(peer);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    this.port = address.port;
    return `http://127.0.0.1:${this.port}`;
  }

  stop(): void {
    this.#server.close();
    for (const peer of this.connections) peer.destroy();
  }
}
