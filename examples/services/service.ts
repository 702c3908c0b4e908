// What both example services share: a port, JSON answers, problem+json for errors, and an end in order.
// Ordinary services on node:http: nothing in them knows that a gateway stands in front.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

// Enough for the examples' orders; what is longer is refused, not kept.
const MAX_BODY_BYTES = 64 * 1024;

/** Serves on `port` of the loopback address until SIGTERM, or until the process that started it is gone. */
export function serve(name: string, port: number, answer: Answer): void {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://service");
    if (url.pathname === "/healthz") return sendJson(response, 200, { status: "ok" });
    Promise.resolve(answer(request, response, url)).catch((error: unknown) => {
      process.stderr.write(`${name}: ${String(error)}\n`);
      if (!response.headersSent) sendProblem(response, 500, "The service failed");
      else response.destroy();
    });
  });
  // Longer than the gateway keeps an idle connection (60 s), so that it is the gateway that closes: no request meets a closing socket.
  server.keepAliveTimeout = 75_000;
  server.on("error", (error) => {
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exit(1);
  });
  server.listen(port, "127.0.0.1", () => process.send?.("ready"));

  function stop(): void {
    server.close();
    server.closeAllConnections();
    process.exit(0);
  }
  process.on("SIGTERM", stop);
  process.on("disconnect", stop);
  // Ctrl-C reaches the whole group. Whoever started this process stops it when the gateway has finished what is in flight.
  process.on("SIGINT", () => {
    if (!process.connected) stop();
  });
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text), ...headers });
  response.end(text);
}

/** An error in the form of RFC 9457. */
export function sendProblem(response: ServerResponse, status: number, title: string, headers: Record<string, string> = {}): void {
  sendJson(response, status, { type: "about:blank", title, status }, { "Content-Type": "application/problem+json", ...headers });
}

/** The body as JSON; undefined when it isn't any, or is too long. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    // Not JSON: the caller answers 400.
    return undefined;
  }
}
