// What routes allow their WebSockets, with clients and servers that know nothing of it: each limit is a Close that both read.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import WebSocket from "ws";
import { type GatewayProcess, RUNTIME, Stage, waitFor } from "./processes.ts";

const KIB = 1024;

describe(`limits of WebSockets on ${RUNTIME}`, () => {
  const stage = new Stage();
  let gateway: GatewayProcess;
  let service: string;

  before(async () => {
    service = await stage.startService();
    gateway = await stage.startConfigured(toConfig(service));
  });

  after(() => stage.stop());

  it("let compressed messages pass by their compressed length, and the two ends inflate them", async () => {
    const socket = await open(gateway, "/deflate", "deflated");
    assert.match(socket.extensions, /permessage-deflate/);
    const messages = ["short", "x".repeat(1000 * KIB), "äöü ".repeat(10_000), ""];
    const echoes: string[] = [];
    socket.on("message", (data) => echoes.push(String(data)));
    for (const message of messages) socket.send(message);
    await waitFor(() => echoes.length === messages.length, 10_000, "every echo");
    assert.deepEqual(echoes, messages);
    assert.equal(await closeBy(socket, () => socket.close(1000, "done")), "1000 done");
    assert.equal(await closedAt(service, "deflated"), "1000 done");
  });

  it("let a message pass that is just as long as allowed, and close with 1009 for one byte more", async () => {
    const socket = await open(gateway, "/ws", "long");
    const echoes: number[] = [];
    socket.on("message", (data) => echoes.push((data as Buffer).length));
    socket.send(Buffer.alloc(64 * KIB));
    await waitFor(() => echoes.length === 1, 10_000, "the echo");
    assert.match(await closeBy(socket, () => socket.send(Buffer.alloc(64 * KIB + 1))), /^1009 /);
    assert.equal(await closedAt(service, "long"), "1009 SP_WS_MESSAGE_TOO_LARGE");
    assert.deepEqual(echoes, [64 * KIB]);
    await waitFor(() => gateway.out.includes('"fault":"SP_WS_MESSAGE_TOO_LARGE"'), 5000, "the line of the log");
  });

  it("close with 1009 for a message that is long when compressed, and for one in pieces", async () => {
    const compressed = await open(gateway, "/deflate", "random");
    assert.match(await closeBy(compressed, () => compressed.send(randomBytes(100 * KIB))), /^1009 /);
    assert.equal(await closedAt(service, "random"), "1009 SP_WS_MESSAGE_TOO_LARGE");
    const pieces = await open(gateway, "/ws", "pieces");
    const send = () => {
      for (let i = 0; i < 10; i++) pieces.send(Buffer.alloc(10 * KIB), { fin: i === 9 });
    };
    assert.match(await closeBy(pieces, send), /^1009 /);
    assert.equal(await closedAt(service, "pieces"), "1009 SP_WS_MESSAGE_TOO_LARGE");
  });

  it("let the Close through to a client that is busy sending megabytes", async () => {
    const socket = await open(gateway, "/ws", "megabytes");
    assert.match(await closeBy(socket, () => socket.send(Buffer.alloc(8 * KIB * KIB))), /^1009 /);
    assert.equal(await closedAt(service, "megabytes"), "1009 SP_WS_MESSAGE_TOO_LARGE");
  });

  it("close with 1008 for messages that come too fast, pings among them", async () => {
    const socket = await open(gateway, "/ws", "fast");
    const send = () => {
      for (let i = 0; i < 190; i++) socket.send("x");
      // Few: a service of this library ends a WebSocket by itself to which it owes too many pongs.
      for (let i = 0; i < 40; i++) socket.ping();
    };
    assert.match(await closeBy(socket, send), /^1008 /);
    assert.equal(await closedAt(service, "fast"), "1008 SP_WS_TOO_MANY_MESSAGES");
  });

  it("close with 1001 where nothing moves, and not where somebody pings", async () => {
    const [quiet, pinging] = [await open(gateway, "/quiet", "quiet"), await open(gateway, "/quiet", "pinging")];
    const beat = setInterval(() => pinging.ping(), 200);
    assert.match(await closeBy(quiet, () => undefined), /^1001 /);
    assert.equal(await closedAt(service, "quiet"), "1001 SP_WS_IDLE");
    assert.equal(pinging.readyState, WebSocket.OPEN);
    clearInterval(beat);
    assert.match(await closeBy(pinging, () => undefined), /^1001 /);
  });

  it("refuse to open one where the route takes none", async () => {
    const answer = await fetch(`${gateway.url}/none`);
    assert.equal(answer.status, 200);
    const socket = new WebSocket(new URL("/none", gateway.url.replace("http", "ws")));
    const outcome = await new Promise<string>((resolve) => {
      socket.once("open", () => resolve("open")).once("error", (error) => resolve(String(error)));
    });
    assert.notEqual(outcome, "open");
    await waitFor(() => gateway.out.includes('"fault":"SP_WS_NOT_ALLOWED"'), 5000, "the line of the log");
  });
});

function toConfig(service: string): string {
  return `version: 1
gateway: { name: e2e, workers: 1, watch: false }
admin: off
listeners: [{ name: main, address: "127.0.0.1:0" }]
upstreams: { main: { endpoints: ["${service}"] } }
routes:
  - { name: main, match: { path: /* }, public: true, upstream: main, websocket: { maxMessage: 64KiB, messagesPerSecond: 200 } }
  - { name: quiet, match: { path: /quiet }, public: true, upstream: main, websocket: { idleTimeout: 2s } }
  - { name: none, match: { path: /none }, public: true, upstream: main, websocket: off }
`;
}

async function open(gateway: GatewayProcess, path: string, id: string): Promise<WebSocket> {
  const socket = new WebSocket(new URL(`${path}?id=${id}`, gateway.url.replace("http", "ws")), { perMessageDeflate: path === "/deflate" });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return socket;
}

/** How the client hears of the end that `act` brings about. */
function closeBy(socket: WebSocket, act: () => void): Promise<string> {
  const closed = new Promise<string>((resolve) => socket.once("close", (code, reason) => resolve(`${code} ${String(reason)}`)));
  socket.on("error", () => undefined);
  act();
  return closed;
}

/** How the service heard of it. */
async function closedAt(service: string, id: string): Promise<string> {
  let seen = "";
  await waitFor(
    async () => {
      seen = await (await fetch(`${service}/closed?id=${id}`)).text();
      return seen !== "";
    },
    5000,
    "the service's end of it",
  );
  return seen;
}
