// WebSockets of a real browser over HTTP/2 (RFC 8441), compressed as browsers do, to a service that speaks HTTP/1.1.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { type BrowserContext, chromium } from "playwright-core";
import { whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { Http2Gateway, writePair } from "./http2-gateway.ts";
import { missing, RUNTIME, Stage, waitFor } from "./processes.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const MORE_FLAGS = ["--disable-component-update", "--disable-sync", "--ignore-certificate-errors"];

const skip = existsSync(CHROMIUM) ? whyNoForge() : missing("chromium") || `no browser at ${CHROMIUM}`;

/** Opens, says everything, and tells what came back, how it was closed, and by which extensions. */
const CONVERSE = `async ([url, messages]) => {
  const socket = new WebSocket(url);
  const seen = [];
  const closed = new Promise((resolve) => socket.addEventListener("close", ({ code, reason }) => resolve(code + " " + reason)));
  socket.addEventListener("message", ({ data }) => seen.push(data.length > 100 ? data.length : data));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("close", ({ code }) => reject(new Error("closed with " + code)));
  });
  for (const message of messages) socket.send(typeof message === "number" ? "x".repeat(message) : message);
  return { seen, closed: await closed, extensions: socket.extensions };
}`;

/** A message that does not compress. */
const RANDOM = `async (url) => {
  const socket = new WebSocket(url);
  const closed = new Promise((resolve) => socket.addEventListener("close", ({ code, reason }) => resolve(code + " " + reason)));
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const bytes = new Uint8Array(65536);
  crypto.getRandomValues(bytes);
  socket.send(bytes);
  socket.send(bytes);
  return closed;
}`;

describe(`a browser's WebSockets on ${RUNTIME}`, { skip }, () => {
  const stage = new Stage();
  let gateway: Http2Gateway;
  let context: BrowserContext;

  before(async () => {
    gateway = await Http2Gateway.start(stage, {
      pair: writePair(stage),
      accessLog: true,
      upstreams: { h1: { url: await stage.startService(), protocol: "http/1.1" } },
      routes: [
        "  - { name: main, match: { path: /* }, public: true, upstream: h1 }",
        "  - { name: small, match: { path: /small }, public: true, upstream: h1, websocket: { maxMessage: 32KiB } }",
      ],
    });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...MORE_FLAGS] });
    stage.onStop(() => browser.close());
    context = await browser.newContext({ ignoreHTTPSErrors: true });
  });

  after(() => stage.stop());

  it("go by the connection of HTTP/2 that the page came by, compressed, and are closed by either side's words", async () => {
    const page = await context.newPage();
    await page.goto(`https://localhost:${gateway.tlsPort}/`);
    const url = `wss://localhost:${gateway.tlsPort}`;
    const messages = ["grüße", 100_000, "close 4001 goodbye"];
    const talk = await page.evaluate(`(${CONVERSE})(${JSON.stringify([`${url}/deflate`, messages])})`);
    assert.deepEqual(talk, { seen: ["grüße", 100_000], closed: "4001 goodbye", extensions: "permessage-deflate" });
    assert.equal(await page.evaluate(`(${RANDOM})(${JSON.stringify(`${url}/small`)})`), "1009 SP_WS_MESSAGE_TOO_LARGE");
    await waitFor(() => gateway.process.out.includes('"fault":"SP_WS_MESSAGE_TOO_LARGE"'), 5000, "the lines of the log");
    const lines = gateway.process.out.split("\n").filter((line) => line.includes('"status":101'));
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as Record<string, unknown>)["protocol"]),
      ["HTTP/2.0", "HTTP/2.0"],
    );
    await page.close();
  });
});
