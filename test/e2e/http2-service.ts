// One service in both versions of HTTP, a process of its own on Node: the same handler behind node:http and, without TLS, node:http2. Tells
// what it saw and answers in all the ways that a gateway must pass on. Prints both ports, ends at SIGTERM.

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo } from "node:net";
import { BLOCK_BYTES, patternBlock } from "./pattern.ts";

type Request = IncomingMessage | Http2ServerRequest;
/** What both classes have in common, by the names that are typed alike. */
type Response = Pick<ServerResponse, "write" | "once" | "statusCode" | "setHeader" | "addTrailers" | "destroyed" | "writeEarlyHints"> & {
  end(text?: string): unknown;
};

/** Ids of requests whose client left before the answer was complete. */
const cancelled = new Set<string>();
const started = new Set<string>();
/** Of HTTP/1.1, since the start: a request that is given up costs a gateway one. */
let http1Connections = 0;

/** `cut` breaks the answer off; `left` calls back when the client does. */
function handle(request: Request, response: Response, cut: () => void, left: (then: () => void) => void): void {
  const url = new URL(request.url ?? "/", "http://service");
  const id = url.searchParams.get("id") ?? "";
  const n = Number(url.searchParams.get("n"));
  if (url.pathname !== "/seen") {
    started.add(id);
    left(() => cancelled.add(id));
  }
  switch (url.pathname) {
    case "/echo":
      void echo(request, response);
      return;
    case "/digest":
      void digest(request, response);
      return;
    case "/bytes":
      if (url.searchParams.has("length")) response.setHeader("content-length", n);
      sendBytes(response, n);
      return;
    case "/status":
      response.statusCode = n;
      response.setHeader("etag", '"1"');
      if (n !== 204 && n !== 304) response.setHeader("content-length", 4);
      response.end(n === 204 || n === 304 || request.method === "HEAD" ? undefined : "body");
      return;
    case "/hints":
      response.writeEarlyHints({ link: "</style.css>; rel=preload" }, () => {});
      response.end("hinted");
      return;
    case "/large":
      response.setHeader("x-large", "b".repeat(n));
      response.end(`${String(request.headers["x-large"] ?? "").length}`);
      return;
    case "/cookies":
      response.setHeader("set-cookie", ["a=1; Path=/", "b=2; Path=/"]);
      response.end(String(request.headers.cookie));
      return;
    case "/hang":
      request.resume();
      return;
    case "/connections":
      response.end(`${http1Connections}`);
      return;
    case "/seen":
      response.end(JSON.stringify({ started: started.has(id), cancelled: cancelled.has(id) }));
      return;
    case "/cut":
      if (n === 0) cut();
      else {
        if (url.searchParams.has("length")) response.setHeader("content-length", n * 2);
        response.write("c".repeat(n));
        setTimeout(cut, 50);
      }
      return;
    default:
      request.resume();
      request.once("end", () => {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ version: request.httpVersion, method: request.method, url: request.url, headers: request.headers }));
      });
  }
}

/** The body as it came, then how long it was and what trailers came behind it. */
async function echo(request: Request, response: Response): Promise<void> {
  response.setHeader("trailer", "x-bytes, x-got");
  response.setHeader("x-length", String(request.headers["content-length"] ?? "none"));
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += chunk.length;
      if (!response.write(chunk)) await new Promise((resolve) => response.once("drain", () => resolve(null)));
    }
  } catch {
    return;
  }
  response.addTrailers({ "x-bytes": `${bytes}`, "x-got": String(request.trailers["x-sum"] ?? "none") });
  response.end();
}

async function digest(request: Request, response: Response): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of request) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch {
    return;
  }
  response.end(JSON.stringify({ bytes, sha256: hash.digest("hex") }));
}

function sendBytes(response: Response, count: number): void {
  let sent = 0;
  const more = (): void => {
    while (sent < count && !response.destroyed) {
      const take = Math.min(BLOCK_BYTES, count - sent);
      const block = patternBlock(sent).subarray(0, take);
      sent += take;
      if (!response.write(block)) {
        response.once("drain", more);
        return;
      }
    }
    response.end();
  };
  more();
}

const h1 = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
  const left = (then: () => void): void => {
    response.once("close", () => {
      if (!response.writableFinished) then();
    });
  };
  handle(request, response, () => request.socket.destroy(), left);
});
const h2 = createHttp2Server({ settings: { maxHeaderListSize: 64 * 1024 } }, (request, response: Http2ServerResponse) => {
  const { stream } = response;
  stream.on("error", () => {});
  const left = (then: () => void): void => {
    stream.once("aborted", then);
  };
  handle(request, response as unknown as Response, () => stream.close(2), left);
});
h1.requestTimeout = 0;
h1.on("connection", () => {
  http1Connections++;
});
// Clients that break off are what is tested.
h2.on("sessionError", () => {});

h1.listen(0, "127.0.0.1", () => {
  h2.listen(0, "127.0.0.1", () => console.log(`${(h1.address() as AddressInfo).port} ${(h2.address() as AddressInfo).port}`));
});
process.on("SIGTERM", () => process.exit(0));
// The test is gone, however it ended.
process.stdin.resume().on("close", () => process.exit(0));
