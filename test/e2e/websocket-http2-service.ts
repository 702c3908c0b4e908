// A service that speaks WebSockets over HTTP/2 without TLS, a process of its own on Node. Echoes, closes when told to, and tells how
// WebSockets that named themselves with ?id= were closed. Prints its port.

import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { adopt } from "./websocket-over-http2.ts";

const closes = new Map<string, string>();

const server = createServer({ settings: { enableConnectProtocol: true } });
// Clients that break off are what is tested.
server.on("sessionError", () => {});
server.on("stream", (stream: ServerHttp2Stream, headers) => {
  stream.on("error", () => {});
  const url = new URL(String(headers[":path"]), "http://service");
  const id = url.searchParams.get("id") ?? "";
  if (headers[":protocol"] !== "websocket") {
    stream.respond({ ":status": 200 });
    stream.end(url.pathname === "/closed" ? (closes.get(id) ?? "") : "no WebSocket");
    return;
  }
  if (url.pathname === "/refused") {
    stream.respond({ ":status": 403 });
    stream.end("not here");
    return;
  }
  stream.respond({ ":status": 200, "sec-websocket-protocol": String(headers["sec-websocket-protocol"] ?? "none") });
  const peer = adopt(stream, true);
  peer.on("error", () => {});
  peer.on("close", (code, reason) => closes.set(id, `${code} ${String(reason)}`));
  peer.on("message", (data, isBinary) => {
    const close = isBinary ? null : /^close (\d+) (.*)$/.exec(String(data));
    if (close === null) peer.send(data, { binary: isBinary });
    else peer.close(Number(close[1]), close[2]);
  });
});

server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
process.on("SIGTERM", () => process.exit(0));
// The test is gone, however it ended.
process.stdin.resume().on("close", () => process.exit(0));
