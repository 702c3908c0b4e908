// One request through the whole gateway without sockets: what our own code costs between the reads and the writes.
// The transport is a stub that hands over canned bytes and throws away what is written.

import { Buffer } from "node:buffer";
import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import type { Listener, Socket, SocketAddress, SocketHandler, Transport } from "../transport/index.ts";
import { createGateway } from "./index.ts";

class StubSocket implements Socket {
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 50000;
  readonly localAddress = "127.0.0.1";
  readonly localPort = 8080;
  readonly closed = false;
  readonly queuedBytes = 0;
  written = 0;
  cork(): void {}
  uncork(): void {}
  write(chunk: Uint8Array): boolean {
    this.written += chunk.length;
    return true;
  }
  writeText(text: string): boolean {
    // Reading one unit flattens the rope, as a real socket would.
    this.written += text.length + (text.charCodeAt(text.length - 1) & 0);
    return true;
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  close(): void {}
  reset(): void {}
}

class StubTransport implements Transport {
  readonly name = "memory";
  accept: ((socket: Socket) => SocketHandler) | null = null;
  upstream: SocketHandler | null = null;
  async listen(address: SocketAddress, accept: (socket: Socket) => SocketHandler): Promise<Listener> {
    this.accept = accept;
    return { address, close() {} };
  }
  connect(_address: SocketAddress, handler: SocketHandler): Socket {
    this.upstream = handler;
    return new StubSocket();
  }
}

const CONFIG = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { a: { endpoints: [http://127.0.0.1:3000] } }
routes: [{ name: r, match: { path: /api/* }, public: true, upstream: a }]
telemetry: { accessLog: off }
`;
const REQUEST = Buffer.from("GET /api/products/1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\nUser-Agent: bench/1\r\n\r\n");
const BODY = `{"id":1,"name":"Lantern","price":1299,"currency":"EUR"}`;
const RESPONSE = Buffer.from(
  `HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Tue, 24 Nov 2026 07:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\nConnection: keep-alive\r\n\r\n${BODY}`,
);

const { config } = parseConfig(CONFIG, "bench.yaml");
const transport = new StubTransport();
await createGateway(config!, { transport, clock: new FakeClock() });
const socket = new StubSocket();
const client = transport.accept!(socket);
client.onData(REQUEST);
const upstream = transport.upstream!;
upstream.onOpen();
upstream.onData(RESPONSE);

const ROUNDS = 300_000;
let best = Number.POSITIVE_INFINITY;
for (let run = 0; run < 7; run++) {
  const start = performance.now();
  for (let i = 0; i < ROUNDS; i++) {
    client.onData(REQUEST);
    upstream.onData(RESPONSE);
  }
  best = Math.min(best, ((performance.now() - start) / ROUNDS) * 1e6);
}
if (socket.written < ROUNDS * 7 * BODY.length) throw new Error("not every request was answered");
console.log(`gateway round trip without sockets  ${best.toFixed(0)} ns`);
process.exit(0);
