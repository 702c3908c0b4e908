// A gateway that is asked to stop: busy clients lose no request, and WebSockets are told where their connection goes.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, describe, it } from "node:test";
import WebSocket, { WebSocketServer } from "ws";
import { RUNTIME, Stage, sleep, tell, waitFor } from "./processes.ts";

/** Each way; what makes a FIN cross with a request. */
const LATENCY_MS = 5;
const CLIENTS = 100;

describe(`a gateway that drains, on ${RUNTIME}`, () => {
  const stage = new Stage();
  after(() => stage.stop());

  for (const [pace, thinkMs] of [
    ["at once", 20],
    ["after half a second", 1000],
  ] as const) {
    it(`loses no request of clients that ask again ${pace}`, async () => {
      const gateway = await stage.startGateway({ upstream: await stage.startService() });
      const clients = Array.from({ length: CLIENTS }, () => new SteadyClient(gateway.port, thinkMs));
      await waitFor(() => clients.every(({ answers }) => answers > 0), 10_000, "every client's first answer");
      await sleep(500);
      gateway.child.kill("SIGTERM");
      await waitFor(() => clients.every(({ isOver }) => isOver), 8000, "the end of all connections");
      const lost = clients.filter(({ wasCut }) => wasCut).length;
      const answers = clients.reduce((sum, client) => sum + client.answers, 0);
      tell(`drain, ${CLIENTS} clients that wait ${thinkMs / 2} ms on average: ${answers} answers, ${lost} requests lost`);
      assert.equal(lost, 0);
      assert.equal(await gateway.ended, 0);
    });
  }

  it("tells the client and the upstream of an idle WebSocket 1001", async () => {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    stage.onStop(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const atUpstream = Promise.withResolvers<number>();
    server.on("connection", (socket) => {
      socket.on("message", (data) => socket.send(String(data)));
      socket.on("close", (code) => atUpstream.resolve(code));
    });
    const gateway = await stage.startGateway({ upstream: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/`);
    const echoed = new Promise((resolve) => client.once("message", resolve));
    const atClient = new Promise<number>((resolve) => client.once("close", resolve));
    client.once("open", () => client.send("hello"));
    await echoed;
    const startedMs = performance.now();
    gateway.child.kill("SIGTERM");
    assert.deepEqual(await Promise.all([atClient, atUpstream.promise]), [1001, 1001]);
    assert.equal(await gateway.ended, 0);
    tell(`drain: a WebSocket and the gateway were gone ${(performance.now() - startedMs).toFixed(0)} ms after the signal`);
  });

  it("lets a WebSocket's large message come to its end first", async () => {
    const half = Buffer.alloc(3_000_000, "0123456789abcdefg");
    const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(2 * half.length, 6);
    const accepted = Promise.withResolvers<Socket>();
    const heard: Buffer[] = [];
    const server = createServer((socket) => {
      socket.once("data", (request) => {
        const key = /sec-websocket-key: (\S+)/i.exec(String(request))?.[1] ?? "";
        const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        socket.on("data", (chunk) => {
          heard.push(Buffer.from(chunk));
          // A masked Close of two bytes is eight.
          if (Buffer.concat(heard).length >= 8) socket.end();
        });
        accepted.resolve(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stage.onStop(() => server.close());
    const gateway = await stage.startGateway({ upstream: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/`, { perMessageDeflate: false });
    const messages: Buffer[] = [];
    client.on("message", (data) => messages.push(data as Buffer));
    const atClient = new Promise<number>((resolve) => client.once("close", resolve));
    const upstream = await accepted.promise;
    upstream.write(Buffer.concat([head, half]));
    await sleep(300);
    gateway.child.kill("SIGTERM");
    await sleep(300);
    assert.equal(messages.length, 0);
    upstream.write(half);
    assert.equal(await atClient, 1001);
    assert.equal(messages.length, 1);
    assert.ok(messages[0]?.equals(Buffer.concat([half, half])), "the message is whole");
    const close = Buffer.concat(heard);
    const mask = close.subarray(2, 6);
    assert.deepEqual([close[0], close[1]], [0x88, 0x82]);
    assert.equal(close.readUInt16BE(6) ^ mask.readUInt16BE(0), 1001);
    assert.equal(await gateway.ended, 0);
  });
});

/** Asks again and again on one connection, some way away, until it is told or sees that there is no more. */
class SteadyClient {
  answers = 0;
  isOver = false;
  /** A request was sent, and the connection ended without an answer to it. */
  wasCut = false;
  readonly #socket: Socket;
  readonly #thinkMs: number;
  #isWaiting = false;

  constructor(port: number, thinkMs: number) {
    this.#thinkMs = thinkMs;
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.on("data", (chunk) => setTimeout(() => this.#onData(String(chunk)), LATENCY_MS));
    for (const end of ["end", "error", "close"] as const) this.#socket.on(end, () => setTimeout(() => this.#onEnd(), LATENCY_MS));
    this.#ask();
  }

  #ask(): void {
    if (this.isOver) return;
    this.#isWaiting = true;
    setTimeout(() => this.#socket.write("POST /things HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 2\r\n\r\n{}"), LATENCY_MS);
  }

  #onData(text: string): void {
    // Answers are small: their heads come whole.
    if (!text.startsWith("HTTP/1.1 ")) return;
    this.answers++;
    this.#isWaiting = false;
    if (/\r\nconnection: close\r\n/i.test(text)) this.#finish();
    else setTimeout(() => this.#ask(), Math.random() * this.#thinkMs);
  }

  #onEnd(): void {
    if (this.isOver) return;
    this.wasCut = this.#isWaiting;
    this.#finish();
  }

  #finish(): void {
    this.isOver = true;
    this.#socket.destroy();
  }
}
