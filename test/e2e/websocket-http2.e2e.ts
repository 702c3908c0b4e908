// WebSockets over HTTP/2 (RFC 8441) on either side of the gateway, or both: what the two ends see is the same in every combination.

import assert from "node:assert/strict";
import { connect } from "node:http2";
import { after, before, describe, it } from "node:test";
import WebSocket from "ws";
import { whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import * as H2 from "../kit/h2-frames.ts";
import { H2Client } from "../kit/index.ts";
import { frame, readFrames } from "../kit/websocket-frames.ts";
import { Http2Gateway, startOnNode, writePair } from "./http2-gateway.ts";
import { RUNTIME, Stage, waitFor } from "./processes.ts";
import { adopt } from "./websocket-over-http2.ts";

const LARGE_BYTES = 1024 * 1024;
const WAIT_MS = 10_000;
const ONLY_NODE = RUNTIME === "node" ? false : "the ws of Bun takes no stream for its socket";

/** One end's way to open a WebSocket. */
type Opener = (gateway: Http2Gateway, path: string) => Promise<WebSocket>;

async function overHttp1(gateway: Http2Gateway, path: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.plainPort}${path}`, "chat", { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  assert.equal(socket.protocol, "chat");
  return socket;
}

async function overHttp2(gateway: Http2Gateway, path: string, origin = `http://127.0.0.1:${gateway.plainPort}`): Promise<WebSocket> {
  const session = connect(origin, { rejectUnauthorized: false });
  await new Promise((resolve, reject) => session.once("remoteSettings", resolve).once("error", reject));
  assert.equal(session.remoteSettings.enableConnectProtocol, true);
  const stream = session.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":path": path,
    "sec-websocket-version": "13",
    "sec-websocket-protocol": "chat",
  });
  const headers = await new Promise<Record<string, unknown>>((resolve, reject) => stream.once("response", resolve).once("error", reject));
  assert.equal(headers[":status"], 200);
  assert.deepEqual([headers["upgrade"], headers["connection"], headers["sec-websocket-accept"]], [undefined, undefined, undefined]);
  const socket = adopt(stream, false);
  socket.once("close", () => session.close());
  return socket;
}

async function overTls(gateway: Http2Gateway, path: string): Promise<WebSocket> {
  return overHttp2(gateway, path, `https://localhost:${gateway.tlsPort}`);
}

const CLIENTS: readonly (readonly [name: string, open: Opener, skip: string | false])[] = [
  ["HTTP/1.1", overHttp1, false],
  ["HTTP/2", overHttp2, ONLY_NODE],
  ["HTTP/2 over TLS", overTls, ONLY_NODE],
];

describe(`WebSockets over HTTP/2 on ${RUNTIME}`, { skip: whyNoForge() }, () => {
  const stage = new Stage();
  let gateway: Http2Gateway;

  before(async () => {
    const h1 = await stage.startService();
    const { port } = await startOnNode(stage, "websocket-http2-service.ts");
    const limits = "websocket: { maxMessage: 2MiB, messagesPerSecond: 100 }";
    gateway = await Http2Gateway.start(stage, {
      pair: writePair(stage),
      accessLog: true,
      upstreams: { h1: { url: h1, protocol: "http/1.1" }, h2: { url: `http://127.0.0.1:${port}`, protocol: "h2" } },
      routes: ["h1", "h2"].map(
        (name) =>
          `  - { name: ${name}, match: { path: /${name}/* }, public: true, upstream: ${name}, rewrite: { stripPrefix: /${name} }, ${limits} }`,
      ),
    });
  });

  after(() => stage.stop());

  for (const [client, open, skip] of CLIENTS) {
    for (const upstream of ["h1", "h2"]) {
      if (client === "HTTP/1.1" && upstream === "h1") continue;
      describe(`from ${client} to ${upstream}`, { skip }, () => {
        const id = `${client}-${upstream}`.replace(/\W+/g, "-");

        it("echo text, binary, fragments and pings, and close with the upstream's words", async () => {
          const socket = await open(gateway, `/${upstream}/ws?id=${id}`);
          const seen = await converse(socket);
          assert.deepEqual(seen, [
            "false text: grüße",
            "true \x00\x01\xfe\xff",
            "false first second third",
            "pong are you there",
            `true ${LARGE_BYTES} bytes`,
            "close 4001 goodbye",
          ]);
        });

        it("hand the client's own close on", async () => {
          const socket = await open(gateway, `/${upstream}/ws?id=${id}-own`);
          const closed = closeOf(socket);
          socket.close(3001, "bye");
          assert.equal(await closed, "3001 bye");
          assert.equal(await closedAt(gateway, upstream, `${id}-own`), "3001 bye");
        });

        it("close with 1009 on both sides for a message that is too long", async () => {
          const socket = await open(gateway, `/${upstream}/ws?id=${id}-long`);
          const closed = closeOf(socket);
          socket.send(Buffer.alloc(4 * LARGE_BYTES));
          assert.match(await closed, /^1009 /);
          assert.equal(await closedAt(gateway, upstream, `${id}-long`), "1009 SP_WS_MESSAGE_TOO_LARGE");
        });
      });
    }
  }

  it("are sixty beside each other on one connection, each with its own answers", async () => {
    const client = await H2Client.open(gateway.plainPort);
    const streams = Array.from({ length: 60 }, (_, index) => client.request(ask(`/${index % 2 === 0 ? "h1" : "h2"}/ws`), 0));
    await client.until(() => streams.every(({ status }) => status === 200), WAIT_MS, "every answer");
    for (const [index, { id }] of streams.entries()) client.send(H2.data(id, frame(0x81, `message ${index}`, true)));
    const expected = streams.map((_, index) => `message ${index}`);
    await client.until(() => streams.every(({ body }, index) => body.length >= 2 + (expected[index] ?? "").length), WAIT_MS, "every echo");
    assert.deepEqual(
      streams.map(({ body }) => readFrames(body)[0]?.payload),
      expected,
    );
    client.destroy();
  });

  it("end for the upstream when the client resets its stream, and the rest of the connection lives", async () => {
    const client = await H2Client.open(gateway.plainPort);
    for (const upstream of ["h1", "h2"]) {
      const stream = client.request(ask(`/${upstream}/ws?id=reset-${upstream}`), 0);
      await client.until(() => stream.status === 200, WAIT_MS, "200");
      client.send(H2.rstStream(stream.id, 8));
      assert.match(await closedAt(gateway, upstream, `reset-${upstream}`), /^1006 /);
    }
    const other = client.request(ask("/h2/ws"), 0);
    await client.until(() => other.status === 200, WAIT_MS, "200");
    client.destroy();
  });

  it("are refused in the upstream's own words", async () => {
    const client = await H2Client.open(gateway.plainPort);
    const stream = client.request(ask("/h2/refused"), 0);
    await client.until(() => stream.isOver, WAIT_MS, "the answer");
    assert.deepEqual([stream.status, stream.body], [403, "not here"]);
    client.destroy();
  });

  it("say why they ended in the access log", async () => {
    const client = await H2Client.open(gateway.plainPort);
    const stream = client.request(ask("/h2/ws?id=unmasked"), 0);
    await client.until(() => stream.status === 200, WAIT_MS, "200");
    client.send(H2.data(stream.id, frame(0x81, "bare")));
    await client.until(() => stream.isOver, WAIT_MS, "the end");
    assert.equal(readFrames(stream.body)[0]?.payload, "\x03\xeaSP_WS_BAD_FRAME");
    await waitFor(() => gateway.process.out.includes('"fault":"SP_WS_BAD_FRAME"'), WAIT_MS, "the line of the log");
    client.destroy();
  });
});

function ask(path: string): (readonly [string, string])[] {
  return [
    [":method", "CONNECT"],
    [":protocol", "websocket"],
    [":scheme", "http"],
    [":authority", "gateway.test"],
    [":path", path],
    ["sec-websocket-version", "13"],
  ];
}

/** Says everything a client can say, one after the other, and returns all that came back. */
async function converse(socket: WebSocket): Promise<string[]> {
  const seen: string[] = [];
  socket.on("message", (data, isBinary) => {
    const bytes = data as Buffer;
    seen.push(`${isBinary} ${bytes.length > 100 ? `${bytes.length} bytes` : bytes.toString(isBinary ? "latin1" : "utf8")}`);
  });
  socket.on("pong", (data) => seen.push(`pong ${String(data)}`));
  const closed = closeOf(socket);
  const steps: (() => void)[] = [
    () => socket.send("text: grüße"),
    () => socket.send(Buffer.from([0, 1, 254, 255])),
    () => {
      socket.send("first ", { fin: false });
      socket.send("second ", { fin: false });
      socket.send("third", { fin: true });
    },
    () => socket.ping("are you there"),
    () => socket.send(Buffer.alloc(LARGE_BYTES, "0123456789abcdefg")),
  ];
  for (const [index, step] of steps.entries()) {
    step();
    await waitFor(() => seen.length > index, WAIT_MS, `answer ${index}`);
  }
  socket.send("close 4001 goodbye");
  seen.push(`close ${await closed}`);
  return seen;
}

function closeOf(socket: WebSocket): Promise<string> {
  socket.on("error", () => undefined);
  return new Promise((resolve) => socket.once("close", (code, reason) => resolve(`${code} ${String(reason)}`)));
}

/** How the service heard of it. */
async function closedAt(gateway: Http2Gateway, upstream: string, id: string): Promise<string> {
  let seen = "";
  const isClosed = async () => {
    seen = await (await fetch(`http://127.0.0.1:${gateway.plainPort}/${upstream}/closed?id=${id}`)).text();
    return seen !== "";
  };
  await waitFor(isClosed, WAIT_MS, "the service's end of it");
  return seen;
}
