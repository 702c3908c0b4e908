// What node:http's own parser (llhttp, in its strict mode) makes of bytes: the second opinion of the differential fuzzing.
// Only Node has it: Bun's node:http reads with another parser, whose opinion is not worth ours.

import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { Duplex } from "node:stream";

export const HAS_LLHTTP = process.versions.bun === undefined;

/** One message, request or response, as its reader understood it. */
export interface ReadMessage {
  /** `METHOD target version`, or `status version`. */
  readonly start: string;
  /** `name: value`, in order, as received. */
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

export interface Reading {
  /** The messages that were read to their end. */
  readonly messages: readonly ReadMessage[];
  /** Why reading stopped, or empty. */
  readonly fault: string;
}

/** A connection whose far side has sent `text` and FIN, and reads nothing. */
class SaidAll extends Duplex {
  readonly #text: string;

  constructor(text: string) {
    super({ autoDestroy: false });
    this.#text = text;
  }

  override _read(): void {
    this.push(Buffer.from(this.#text, "latin1"));
    this.push(null);
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  setTimeout(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

interface Collected {
  readonly message: IncomingMessage;
  body: string;
}

function collect(message: IncomingMessage): Collected {
  const collected: Collected = { message, body: "" };
  message.setEncoding("latin1");
  message.on("data", (chunk: string) => {
    collected.body += chunk;
  });
  message.on("error", () => undefined);
  return collected;
}

function toMessage({ message, body }: Collected): ReadMessage {
  const version = message.httpVersion === "1.0" ? 10 : message.httpVersion === "1.1" ? 11 : message.httpVersion;
  const start = message.statusCode ? `${message.statusCode} ${version}` : `${message.method} ${message.url} ${version}`;
  return { start, fields: toLines(message.rawHeaders), body, trailers: toLines(message.rawTrailers) };
}

function toLines(raw: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < raw.length; i += 2) lines.push(`${raw[i]}: ${raw[i + 1]}`);
  return lines;
}

/** Everything that the text causes happens in ticks of one turn of the event loop; the second turn is for certainty. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

let server: Server | null = null;

/** Reads `text` as the requests of one connection. */
export async function readRequestsAsNode(text: string): Promise<Reading> {
  server ??= createServer({
    insecureHTTPParser: false,
    requireHostHeader: false,
    maxHeaderSize: 64 * 1024,
  });
  const collected: Collected[] = [];
  let fault = "";
  const onRequest = (message: IncomingMessage) => void collected.push(collect(message));
  const onError = (error: Error & { code?: string }) => {
    fault ||= error.code ?? error.message;
  };
  for (const event of ["request", "checkContinue", "checkExpectation", "connect"]) server.on(event, onRequest);
  server.on("clientError", onError);
  const connection = new SaidAll(text);
  connection.on("error", () => undefined);
  server.emit("connection", connection);
  await settled();
  for (const event of ["request", "checkContinue", "checkExpectation", "connect"]) server.off(event, onRequest);
  server.off("clientError", onError);
  connection.destroy();
  return { messages: collected.filter(({ message }) => message.complete).map(toMessage), fault };
}

/** Reads `text` as the response to one request; `fault` also tells of a body that was cut. */
export async function readResponseAsNode(text: string, method: string): Promise<Reading> {
  const connection = new SaidAll(text);
  let collected: Collected | null = null;
  let fault = "";
  const asked = request({
    method,
    host: "u",
    insecureHTTPParser: false,
    maxHeaderSize: 128 * 1024,
    createConnection: () => connection,
  });
  asked.on("response", (message) => {
    collected = collect(message);
    message.on("error", (error: Error & { code?: string }) => {
      fault ||= error.code ?? error.message;
    });
  });
  asked.on("upgrade", () => {
    fault ||= "switched protocols";
  });
  asked.on("error", (error: Error & { code?: string }) => {
    fault ||= error.code ?? error.message;
  });
  asked.end();
  await settled();
  connection.destroy();
  const found = collected as Collected | null;
  return { messages: found?.message.complete ? [toMessage(found)] : [], fault };
}
