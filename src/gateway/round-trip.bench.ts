// One request through the whole gateway without sockets: what our own code costs between the reads and the writes.
// Pool, attempt, exchange, policies and records are all on the way. The transport is a stub that hands over canned bytes and throws away what is written.

import { Buffer } from "node:buffer";
import { TOKEN_AUDIENCE, TOKEN_ISSUER, tokenFiles } from "../../bench/token-files.ts";
import { FakeClock } from "../base/index.ts";
import { parseConfig, systemConfigHost } from "../config/index.ts";
import type { LineSink } from "../telemetry/index.ts";
import {
  type AcceptedSocket,
  type Listener,
  type Socket,
  type SocketAddress,
  type SocketHandler,
  type Transport,
  Turn,
} from "../transport/index.ts";
import { createGateway } from "./index.ts";

class StubSocket implements AcceptedSocket {
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 50000;
  readonly localAddress = "127.0.0.1";
  readonly localPort = 8080;
  readonly closed = false;
  readonly queuedBytes = 0;
  readonly tls = null;
  readonly errorDetail = "";
  readonly turn = new Turn(queueMicrotask);
  written = 0;
  cork(): void {}
  uncork(): void {}
  write(chunk: Uint8Array): boolean {
    this.written += chunk.length;
    return true;
  }
  writeText(text: string): boolean {
    // Reading one unit flattens the rope, as a real socket would.
    this.written += text.length + (text.charCodeAt(text.length - 1) & 0);
    return true;
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  close(): void {}
  reset(): void {}
  present(): void {}
  setHandler(): void {}
  startTls(): void {}
}

class StubTransport implements Transport {
  readonly name = "memory";
  accept: ((socket: AcceptedSocket) => SocketHandler) | null = null;
  upstream: SocketHandler | null = null;
  async listen(address: SocketAddress, accept: (socket: AcceptedSocket) => SocketHandler): Promise<Listener> {
    this.accept = accept;
    return { address, close() {} };
  }
  connect(_address: SocketAddress, handler: SocketHandler): Socket {
    this.upstream = handler;
    return new StubSocket();
  }
}

function toConfig(listener: string, route: string, accessLog: string, action = "upstream: a"): string {
  return `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080${listener} }]
upstreams: { a: { endpoints: [http://127.0.0.1:3000] } }
routes: [{ name: r, match: { path: /api/* }, public: true, ${action}${route} }, { name: rest, match: { path: /rest }, public: true, upstream: a }]
telemetry: { accessLog: ${accessLog} }
`;
}

const FIELDS = "Host: 127.0.0.1:8080\r\nAccept: */*\r\nUser-Agent: bench/1\r\n";
const GET = Buffer.from(`GET /api/products/1 HTTP/1.1\r\n${FIELDS}\r\n`);
const PROXIED = Buffer.from(`GET /api/products/1 HTTP/1.1\r\n${FIELDS}X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n`);
const POST = Buffer.from(`POST /api/products HTTP/1.1\r\n${FIELDS}Content-Length: 1024\r\n\r\n${"x".repeat(1024)}`);
const BODY = `{"id":1,"name":"Lantern","price":1299,"currency":"EUR"}`;
const RESPONSE = Buffer.from(
  `HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Tue, 24 Nov 2026 07:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\nConnection: keep-alive\r\n\r\n${BODY}`,
);
const NOT_FOUND = Buffer.from(`GET /nowhere HTTP/1.1\r\n${FIELDS}\r\n`);
const EDITS =
  ", rewrite: { stripPrefix: /api }, headers: { request: { set: { X-Edge: '1' } }, response: { remove: [Server], set: { X-Frame-Options: DENY } } }";

/** As many edits as EDITS has, their values made of the request. */
const TEMPLATES =
  ", rewrite: { path: '/v2/*' }, headers: { request: { set: { X-Edge: '${param:*} ${request:id}' } }, response: { remove: [Server], set: { X-For: '${request:id}' } } }";
const QUERY = ", rewrite: { query: { remove: [utm_source, fbclid], set: { tenant: a } } }";
const SEARCH = Buffer.from(`GET /api/products?page=2&utm_source=mail&q=lamp HTTP/1.1\r\n${FIELDS}\r\n`);

const { token, keySet } = tokenFiles();
const WITH_TOKEN = Buffer.from(`GET /api/products/1 HTTP/1.1\r\n${FIELDS}Authorization: Bearer ${token}\r\n\r\n`);
const IDENTIFIED = toConfig("", "", "off")
  .replace("public: true, upstream: a }, {", "auth: [users], upstream: a }, {")
  .concat(
    `identities:
  users:
    jwt: { issuer: "${TOKEN_ISSUER}", audience: ${TOKEN_AUDIENCE}, jwks: { file: keys.json }, headers: { X-User-Id: sub, X-Tenant-Id: tid, X-User-Roles: roles } }
`,
  );
const HOST = { ...systemConfigHost(), readFile: () => Buffer.from(keySet) };

const CASES: readonly (readonly [name: string, config: string, request: Buffer, answer: Buffer | null])[] = [
  ["GET, access log off", toConfig("", "", "off"), GET, RESPONSE],
  ["GET, access log on", toConfig("", "", "{ to: stdout }"), GET, RESPONSE],
  ["GET from a trusted proxy", toConfig(", trustedProxies: [127.0.0.0/8]", "", "off"), PROXIED, RESPONSE],
  ["GET, path rewritten and headers edited", toConfig("", EDITS, "off"), GET, RESPONSE],
  ["GET, the same with values from templates", toConfig("", TEMPLATES, "off"), GET, RESPONSE],
  ["GET, query edited", toConfig("", QUERY, "off"), SEARCH, RESPONSE],
  ["GET, method overrides kept", toConfig("", ", methodOverride: keep", "off"), GET, RESPONSE],
  ["redirect of our own", toConfig("", "", "off", "redirect: { to: '/v2/*' }"), SEARCH, null],
  [
    "fixed answer of our own",
    toConfig("", "", "off", "respond: { json: { id: 1, name: Lantern, price: 1299, currency: EUR, ok: true } }"),
    GET,
    null,
  ],
  ["POST of 1 KiB", toConfig("", "", "off"), POST, RESPONSE],
  ["GET with a token, public route", toConfig("", "", "off"), WITH_TOKEN, RESPONSE],
  ["GET with a token, verified and told upstream", IDENTIFIED, WITH_TOKEN, RESPONSE],
  ["404 of our own", toConfig("", "", "off"), NOT_FOUND, null],
];

const ROUNDS = 100_000;
/** Takes lines as a sink does, as far as their text is concerned. */
const logSink: LineSink = {
  write: (line) => void line.charCodeAt(line.length - 1),
  flush: async () => {},
  close: async () => {},
  reopen: async () => {},
  droppedLines: 0,
  heldBytes: 0,
};

for (const [name, text, request, answer] of CASES) {
  const { config, issues } = parseConfig(text, "bench.yaml", HOST);
  if (config === null) throw new Error(issues.map((issue) => issue.message).join("\n"));
  const transport = new StubTransport();
  // A sink that the host brings gets every line, also when the log is off.
  const sinks = config.telemetry.accessLog === null ? {} : { logSink };
  await createGateway(config, { transport, clock: new FakeClock(1000, Date.now()), ...sinks });
  const socket = new StubSocket();
  const client = transport.accept!(socket);
  client.onData(request);
  const upstream = transport.upstream;
  upstream?.onOpen();
  upstream?.onData(RESPONSE);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 7; run++) {
    const before = socket.written;
    const start = performance.now();
    for (let i = 0; i < ROUNDS; i++) {
      client.onData(request);
      if (answer !== null) upstream!.onData(answer);
    }
    best = Math.min(best, ((performance.now() - start) / ROUNDS) * 1e6);
    if (socket.written - before < ROUNDS * BODY.length) throw new Error(`${name}: not every request was answered`);
  }
  console.log(`${name.padEnd(48)} ${best.toFixed(0).padStart(7)} ns`);
}
process.exit(0);
