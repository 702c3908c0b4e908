// For tests: a man in the middle. It passes bytes both ways until it is told to cut, hold back or change some.
import { connect, createServer, type Server, type Socket } from "node:net";
import type { SocketAddress } from "../socket.ts";
import { portOf } from "./tls-rig.ts";

export interface Direction {
  /** Sees every chunk; what it returns goes on instead. */
  tamper: (chunk: Buffer) => Buffer;
  /** Bytes that have gone on. */
  passed: number;
}

export class Relay {
  /** From the client to the server, and back. */
  readonly up: Direction = { tamper: (chunk) => chunk, passed: 0 };
  readonly down: Direction = { tamper: (chunk) => chunk, passed: 0 };
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  /** A relay in front of `target`, with the address to connect to. */
  static async open(target: SocketAddress): Promise<{ relay: Relay; address: SocketAddress }> {
    const server = createServer({ allowHalfOpen: true });
    const relay = new Relay(server);
    server.on("connection", (near) => {
      const far = connect({ port: portOf(target), host: "127.0.0.1", allowHalfOpen: true });
      relay.#sockets.push(near, far);
      relay.#pass(near, far, relay.up);
      relay.#pass(far, near, relay.down);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("a bound port");
    return { relay, address: { host: "127.0.0.1", port: bound.port } };
  }

  /** Sends a FIN to the client and the server, whatever they were saying, and passes nothing more. */
  cut(): void {
    for (const direction of [this.up, this.down]) direction.tamper = () => Buffer.alloc(0);
    for (const socket of this.#sockets) socket.end();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(from: Socket, to: Socket, direction: Direction): void {
    from.on("data", (chunk: Buffer) => {
      const bytes = direction.tamper(chunk);
      direction.passed += bytes.length;
      if (bytes.length > 0 && !to.writableEnded) to.write(bytes);
    });
    from.on("end", () => to.end());
    from.on("error", () => to.resetAndDestroy());
  }
}
