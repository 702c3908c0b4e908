// The service behind the gateway in end-to-end tests, a process of its own on Node: it tells what it saw. Prints its port, ends at
// SIGTERM.

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { patternBlock } from "./pattern.ts";

const SSE_HEAD = { "Content-Type": "text/event-stream", "Cache-Control": "no-store" };

/** What became of a request that named itself with ?id=. */
interface Sighting {
  startedMs: number;
  /** The client's side of the exchange is gone before the answer was complete. */
  cancelledMs: number | null;
  bytes: number;
}

const sightings = new Map<string, Sighting>();
const streams = new Map<string, ServerResponse>();
const maxPayload = 16 * 1024 * 1024;
const socketServer = new WebSocketServer({ noServer: true, maxPayload });
/** Compresses whatever it sends, however short. */
const deflatingServer = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: { threshold: 0 } });
/** How WebSockets that named themselves with ?id= were closed: code and reason. */
const closes = new Map<string, string>();

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://service");
  const id = url.searchParams.get("id");
  const sighting: Sighting = { startedMs: Date.now(), cancelledMs: null, bytes: 0 };
  if (id !== null && url.pathname !== "/seen" && url.pathname !== "/next") {
    sightings.set(id, sighting);
    response.once("close", () => {
      if (!response.writableFinished) sighting.cancelledMs = Date.now();
    });
  }
  switch (url.pathname) {
    case "/echo":
      response.writeHead(200, { "Content-Type": request.headers["content-type"] ?? "application/octet-stream" });
      request.pipe(response);
      return;
    case "/digest":
      void digest(request, response, sighting);
      return;
    case "/bytes":
      sendBytes(response, Number(url.searchParams.get("n")), url.searchParams.has("chunked"));
      return;
    case "/hang":
      request.resume();
      return;
    case "/slow":
      request.resume();
      setTimeout(() => response.end("late"), Number(url.searchParams.get("ms")));
      return;
    case "/stall":
      // Takes the head and a little of the body, and no more.
      request.once("data", () => request.pause());
      return;
    case "/endless":
      sendBytes(response, Number.MAX_SAFE_INTEGER, true);
      return;
    case "/events":
      response.writeHead(200, SSE_HEAD);
      response.write("data: 0\n\n");
      streams.set(id ?? "", response);
      return;
    case "/next":
      streams.get(id ?? "")?.write(`data: ${url.searchParams.get("data")}\n\n`);
      response.end();
      return;
    case "/page":
      response.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
      return;
    case "/page-events":
      response.writeHead(200, SSE_HEAD);
      sendEvents(response, 0);
      return;
    case "/seen":
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(sightings.get(id ?? "") ?? null));
      return;
    case "/closed":
      response.writeHead(200, { "Content-Type": "text/plain" }).end(closes.get(id ?? "") ?? "");
      return;
    default:
      request.resume();
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(`${JSON.stringify({ method: request.method, url: request.url, headers: request.headers })}\n`);
  }
});

server.on("upgrade", (request, socket, head) => {
  const url = new URL(request.url ?? "/", "http://service");
  (url.pathname === "/deflate" ? deflatingServer : socketServer).handleUpgrade(request, socket, head, (peer) => {
    peer.on("close", (code, reason) => closes.set(url.searchParams.get("id") ?? "", `${code} ${String(reason)}`));
    peer.on("message", (data, isBinary) => {
      const text = isBinary ? "" : String(data);
      const close = /^close (\d+) (.*)$/.exec(text);
      if (close !== null) peer.close(Number(close[1]), close[2]);
      else peer.send(data, { binary: isBinary });
    });
  });
});

async function digest(request: IncomingMessage, response: ServerResponse, sighting: Sighting): Promise<void> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of request) {
      hash.update(chunk);
      sighting.bytes += chunk.length;
    }
  } catch {
    return;
  }
  response.writeHead(200, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ bytes: sighting.bytes, sha256: hash.digest("hex") }));
}

function sendBytes(response: ServerResponse, count: number, chunked: boolean): void {
  response.writeHead(200, chunked ? {} : { "Content-Length": count });
  let sent = 0;
  const more = (): void => {
    while (sent < count) {
      const block = patternBlock(sent);
      const take = Math.min(block.length, count - sent);
      sent += take;
      if (!response.write(take === block.length ? block : block.subarray(0, take))) {
        response.once("drain", more);
        return;
      }
      if (response.destroyed) return;
    }
    response.end();
  };
  more();
}

function sendEvents(response: ServerResponse, count: number): void {
  response.write(`data: event ${count}\n\n`);
  if (count < 4) setTimeout(() => sendEvents(response, count + 1), 50);
}

const PAGE = `<!doctype html><title>through</title><script>
const socket = new WebSocket(location.origin.replace("http", "ws") + "/ws");
const results = { posted: null, events: [], messages: [] };
globalThis.results = results;
fetch("/echo", { method: "POST", body: "posted by a browser" }).then((r) => r.text()).then((text) => { results.posted = text; });
const events = new EventSource("/page-events");
events.onmessage = (event) => { results.events.push(event.data); if (results.events.length === 5) events.close(); };
socket.onopen = () => { socket.send("one"); socket.send("two"); };
socket.onmessage = (event) => { results.messages.push(event.data); if (results.messages.length === 2) socket.close(1000); };
socket.onclose = (event) => { results.closed = event.code; };
</script>`;

server.listen(0, "127.0.0.1", 4096, () => console.log((server.address() as AddressInfo).port));
server.requestTimeout = 0;
process.on("SIGTERM", () => process.exit(0));
// The test is gone, however it ended.
process.stdin.resume().on("close", () => process.exit(0));
