// Calls over node:http and node:https, which both runtimes have. Strict where their defaults are not: names in certificates are checked
// whatever the environment says, no proxy of the environment is used, a redirect is an answer like any other, and an answer that was cut
// short is none.

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { Clock } from "../base/index.ts";
import { type Call, type CallAnswer, CallFailure, type Calls } from "./call.ts";

/** How long a connection that nobody uses is kept. */
const IDLE_MS = 30_000;
/** To one service. Who comes then waits, within its own time. */
const MOST_CONNECTIONS = 256;
/** Private authorities come and go with configurations. */
const MOST_AGENTS = 64;

/** What reads as a connection that its other side had closed before it saw the request. */
const STALE = new Set(["ECONNRESET", "EPIPE", "ERR_SOCKET_CLOSED", "ConnectionClosed"]);

export class HttpCalls implements Calls {
  readonly #clock: Clock;
  readonly #plain = new HttpAgent(AGENT);
  /** By the authorities that they trust. */
  readonly #secure = new Map<string | null, HttpsAgent>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async call(call: Call): Promise<CallAnswer> {
    const url = readUrl(call.url);
    if (this.#isClosed) throw new CallFailure("connect", "the gateway is stopping");
    const untilMs = this.#clock.now() + call.timeoutMs;
    const first = await this.#tryAttempt(url, call, call.timeoutMs, false);
    if (!(first instanceof Stale)) return settle(first);
    // Its connection had been closed for idleness. A GET can be sent again; on a connection of its own, since others may be as old.
    if (call.method !== "GET" || this.#isClosed) throw first.failure;
    const second = await this.#tryAttempt(url, call, Math.max(1, untilMs - this.#clock.now()), true);
    return settle(second instanceof Stale ? second.failure : second);
  }

  close(): void {
    this.#isClosed = true;
    this.#plain.destroy();
    for (const agent of this.#secure.values()) agent.destroy();
    this.#secure.clear();
  }

  /** The clients throw at once for what can't be sent, and for authorities that they can't read. */
  async #tryAttempt(url: URL, call: Call, timeoutMs: number, isAlone: boolean): Promise<CallAnswer | CallFailure | Stale> {
    try {
      return await this.#attempt(url, call, timeoutMs, isAlone);
    } catch (error) {
      return toFailure(error, placeOf(url), false);
    }
  }

  #attempt(url: URL, call: Call, timeoutMs: number, isAlone: boolean): Promise<CallAnswer | CallFailure | Stale> {
    const { promise, resolve } = Promise.withResolvers<CallAnswer | CallFailure | Stale>();
    const isSecure = url.protocol === "https:";
    const { body, ca, headers, maxBytes, method } = call;
    const place = placeOf(url);
    const request = (isSecure ? requestHttps : requestHttp)({
      method,
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      headers: {
        ...headers,
        "Accept-Encoding": "identity",
        ...(body !== null && { "Content-Length": String(Buffer.byteLength(body)) }),
      },
      agent: isAlone ? false : isSecure ? this.#agentFor(ca) : this.#plain,
      insecureHTTPParser: false,
      ...(isSecure && secureOptions(ca)),
    });
    let answered: IncomingMessage | null = null;
    const late = this.#clock.schedule(() => fail(new CallFailure("timeout", `${place} gave no answer within ${timeoutMs} ms`)), timeoutMs);
    const finish = (result: CallAnswer | CallFailure | Stale) => {
      late.cancel();
      resolve(result);
    };
    const fail = (failure: CallFailure) => {
      finish(failure);
      request.destroy();
    };
    const onError = (error: unknown) => {
      const failure = toFailure(error, place, answered !== null);
      finish(answered === null && STALE.has(codeOf(error)) ? new Stale(failure) : failure);
    };
    request.on("error", onError);
    request.on("response", (response) => {
      answered = response;
      const chunks: Uint8Array[] = [];
      let length = 0;
      response.on("error", onError);
      response.on("data", (chunk: Uint8Array) => {
        length += chunk.length;
        if (length > maxBytes) fail(new CallFailure("too-large", `${place} answered with more than ${maxBytes} bytes`));
        else chunks.push(chunk);
      });
      const end = () => finish(response.complete ? toAnswer(response, chunks, place) : cutShort(place));
      response.on("end", end);
      // Without an end.
      response.on("close", () => finish(cutShort(place)));
    });
    request.on("close", () => {
      if (answered === null) finish(new CallFailure("broken", `${place} closed the connection without an answer`));
    });
    request.end(body ?? undefined);
    return promise;
  }

  #agentFor(ca: string | null): HttpsAgent {
    let agent = this.#secure.get(ca);
    if (agent !== undefined) return agent;
    for (const [oldest, old] of this.#secure) {
      if (this.#secure.size < MOST_AGENTS) break;
      this.#secure.delete(oldest);
      // What is under way there ends; only what idles is closed, and later on by its time.
      old.maxFreeSockets = 0;
    }
    agent = new HttpsAgent({ ...AGENT, ...secureOptions(ca) });
    this.#secure.set(ca, agent);
    return agent;
  }
}

const AGENT = { keepAlive: true, maxSockets: MOST_CONNECTIONS, maxFreeSockets: 32, timeout: IDLE_MS, scheduling: "lifo" } as const;

/** The attempt failed in a way that says nothing of the service. */
class Stale {
  readonly failure: CallFailure;

  constructor(failure: CallFailure) {
    this.failure = failure;
  }
}

function secureOptions(ca: string | null) {
  return { rejectUnauthorized: true, minVersion: "TLSv1.2", ...(ca !== null && { ca }) } as const;
}

/** Of a URL what may be told. */
function placeOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

function settle(result: CallAnswer | CallFailure): CallAnswer {
  if (result instanceof CallFailure) throw result;
  return result;
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new CallFailure("connect", "what is to be called is no URL of http or https");
  }
  return url;
}

function toAnswer(response: IncomingMessage, chunks: readonly Uint8Array[], place: string): CallAnswer | CallFailure {
  const headers: Record<string, string> = Object.create(null);
  const { rawHeaders } = response;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    const value = rawHeaders[at + 1]!;
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const coding = headers["content-encoding"] ?? "identity";
  if (coding.toLowerCase() !== "identity") return new CallFailure("broken", `${place} answered in a content coding that was not asked for`);
  return { status: response.statusCode ?? 0, headers, body: new Uint8Array(Buffer.concat(chunks)) };
}

function cutShort(place: string): CallFailure {
  return new CallFailure("broken", `the answer of ${place} was cut short`);
}

function toFailure(error: unknown, place: string, isAnswered: boolean): CallFailure {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (isAnswered) return cutShort(place);
  if (STALE.has(code)) return new CallFailure("broken", `${place} closed the connection without an answer`);
  const isParsing = code.startsWith("HPE_") || code.startsWith("InvalidHTTP");
  return new CallFailure(isParsing ? "broken" : "connect", `${place}: ${message.replace(/\s+/g, " ").slice(0, 200)}`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
