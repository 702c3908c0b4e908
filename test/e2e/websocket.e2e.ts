// WebSocket through the gateway (RFC 6455 over RFC 9110 7.8): what a client sees is the same as without it.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import WebSocket from "ws";
import { type GatewayProcess, RUNTIME, Stage, tell, waitFor } from "./processes.ts";
import { RawConnection } from "./raw-connection.ts";

const LARGE_BYTES = 1024 * 1024;
const BURST = 200;

describe(`WebSocket on ${RUNTIME}`, () => {
  const stage = new Stage();
  let gateway: GatewayProcess;
  let service: string;

  before(async () => {
    service = await stage.startService();
    gateway = await stage.startGateway({ upstream: service });
  });

  after(() => stage.stop());

  it("echoes text, binary, fragments, pings and large messages and closes, the same direct and through", async () => {
    const direct = await converse(new URL("/ws", service.replace("http", "ws")));
    const through = await converse(new URL("/ws", gateway.url.replace("http", "ws")));
    assert.deepEqual(through, direct);
    assert.ok(direct.includes("close 4001 goodbye"), direct.join("\n"));
    tell(`WebSocket: ${direct.length} events identical direct and through, among them a message of ${LARGE_BYTES} bytes`);
  });

  for (const code of [1000, 1001, 3000, 4999]) {
    it(`hands on the client's close code ${code}`, async () => {
      const socket = await open(gateway.url);
      const closed = new Promise<string>((resolve) => socket.once("close", (seen, reason) => resolve(`${seen} ${reason}`)));
      socket.close(code, "bye");
      assert.equal(await closed, `${code} bye`);
    });
  }

  it("keeps the order of a burst that is sent before the first echo", async () => {
    const socket = await open(gateway.url);
    const echoes: string[] = [];
    socket.on("message", (data) => echoes.push(String(data)));
    const sent = Array.from({ length: BURST }, (_, index) => `message ${index}`);
    for (const message of sent) socket.send(message);
    await waitFor(() => echoes.length === BURST, 10_000, "all echoes");
    assert.deepEqual(echoes, sent);
    socket.terminate();
  });

  it("takes frames that come in one piece with the handshake", async () => {
    const client = new RawConnection(gateway.port);
    await client.opened;
    // A masked text frame with the mask 0: "hi".
    const frame = "\x81\x82\x00\x00\x00\x00hi";
    client.send(`${handshake()}${frame}`);
    await waitFor(() => client.text.endsWith("\x81\x02hi"), 5000, "the echo");
    assert.equal(client.status, 101);
    assert.match(client.text, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
    client.destroy();
  });

  it("passes the handshake byte by byte", async () => {
    const client = new RawConnection(gateway.port);
    await client.opened;
    for (const byte of handshake()) {
      client.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await waitFor(() => client.status === 101, 5000, "101");
    client.destroy();
  });
});

function handshake(): string {
  return "GET /ws HTTP/1.1\r\nHost: gateway.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(new URL("/ws", url.replace("http", "ws")), { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return socket;
}

/** Says everything a client can say, one after the other, and returns all that came back. */
async function converse(url: URL): Promise<string[]> {
  const socket = await open(url.href);
  const seen: string[] = [];
  socket.on("message", (data, isBinary) => {
    const bytes = data as Buffer;
    seen.push(bytes.length > 100 ? `${isBinary} ${bytes.length} ${sum(bytes)}` : `${isBinary} ${bytes.toString("latin1")}`);
  });
  socket.on("pong", (data) => seen.push(`pong ${String(data)}`));
  const closed = new Promise<void>((resolve) =>
    socket.once("close", (code, reason) => {
      seen.push(`close ${code} ${String(reason)}`);
      resolve();
    }),
  );
  const large = Buffer.alloc(LARGE_BYTES, "0123456789abcdefg");
  const steps: (() => void)[] = [
    () => socket.send("text: grüße"),
    () => socket.send(Buffer.from([0, 1, 2, 254, 255])),
    () => socket.send(""),
    () => {
      socket.send("first ", { fin: false });
      socket.send("second ", { fin: false });
      socket.send("third", { fin: true });
    },
    () => socket.ping("are you there"),
    () => socket.send(large),
    () => socket.send(large.toString("latin1")),
  ];
  for (const [index, step] of steps.entries()) {
    step();
    await waitFor(() => seen.length > index, 10_000, `answer ${index}`);
  }
  socket.send("close 4001 goodbye");
  await closed;
  return seen;
}

function sum(bytes: Uint8Array): number {
  let total = 0;
  for (const byte of bytes) total = (total * 31 + byte) >>> 0;
  return total;
}
