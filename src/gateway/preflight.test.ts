// Preflights and CORS through the whole gateway: which route answers them, and what browsers are told of faults.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RawClient, type RawMessage, readResponse, ScriptedUpstream } from "../../test/kit/index.ts";
import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import { MemoryLineSink } from "../telemetry/index.ts";
import { MemoryNetwork } from "../transport/index.ts";
import { createGateway } from "./index.ts";

const SHOP = "https://shop.example.com";
const CONFIG = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { a: { endpoints: [http://127.0.0.1:3001] } }
routes:
  - name: read
    match: { path: /orders/*, methods: [GET] }
    public: true
    upstream: a
    cors: { origins: [${SHOP}] }
    errors: { type: "https://errors.example.com/" }
  - { name: write, match: { path: /orders/*, methods: [PUT] }, public: true, upstream: a }
  - { name: any, match: { path: /orders/* }, public: true, upstream: a, cors: { origins: ["https://any.test"] } }
  - name: strict
    match: { path: /strict/* }
    public: true
    upstream: a
    bounds: { body: 3B }
    paths: { duplicateSlashes: reject }
    cors: { origins: [${SHOP}] }
    errors: { type: "https://errors.example.com/" }
  - name: cut
    match: { path: /closed }
    public: true
    upstream: a
    cors: { origins: [${SHOP}] }
    maintenance: { retryAfter: 5s }
`;

/** The answer to one request, and how many requests reached the upstream. */
async function ask(request: string): Promise<{ response: RawMessage; upstream: number; fields: Record<string, string> }> {
  const network = new MemoryNetwork({ schedule: null });
  const { transport } = network;
  const upstream = new ScriptedUpstream();
  await upstream.listen({ ...transport, listen: (_, accept) => transport.listen({ host: "127.0.0.1", port: 3001 }, accept) });
  upstream.script = { onHead() {}, onRequest: (connection) => connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") };
  const { config, issues } = parseConfig(CONFIG, "gateway.yaml");
  assert.deepEqual(issues, []);
  assert.ok(config);
  await createGateway(config, { transport, clock: new FakeClock(0), logSink: new MemoryLineSink() });
  const client = new RawClient(transport, { host: "127.0.0.1", port: 8080 });
  network.pump();
  client.send(request);
  network.pump();
  const response = readResponse(client.text, 0, request.slice(0, request.indexOf(" ")), false);
  assert.ok(response, client.text);
  return { response, upstream: upstream.seen.length, fields: Object.fromEntries(response.fields) };
}

function preflight(path: string, method: string, origin = SHOP): string {
  return `OPTIONS ${path} HTTP/1.1\r\nHost: a.test\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: ${method}\r\n\r\n`;
}

describe("a preflight", () => {
  it("is answered by the route of the announced method", async () => {
    const { response, upstream, fields } = await ask(preflight("/orders/7", "GET"));
    assert.match(response.startLine, / 204 /);
    assert.equal(fields["access-control-allow-origin"], SHOP);
    assert.equal(fields["access-control-allow-methods"], "GET");
    assert.equal(upstream, 0);
  });

  it("is an OPTIONS as any other where the announced request has no `cors`, even if another route of the path has", async () => {
    const { response, upstream, fields } = await ask(preflight("/orders/7", "PUT", "https://any.test"));
    assert.match(response.startLine, / 200 /);
    assert.equal(upstream, 1);
    assert.equal("access-control-allow-methods" in fields, false);
  });

  it("of a method that only the route for any method takes is that route's", async () => {
    const { response, fields } = await ask(preflight("/orders/7", "DELETE", "https://any.test"));
    assert.match(response.startLine, / 204 /);
    assert.equal(fields["access-control-allow-methods"], "DELETE");
  });

  it("goes by the path rules of its route", async () => {
    assert.match((await ask(preflight("/strict/a", "GET"))).response.startLine, / 204 /);
    assert.match((await ask(preflight("/strict//a", "GET"))).response.startLine, / 400 /);
  });

  it("is answered before a route that is closed says so, and the page may read that it is", async () => {
    assert.match((await ask(preflight("/closed", "GET"))).response.startLine, / 204 /);
    const { response, fields } = await ask(`GET /closed HTTP/1.1\r\nHost: a.test\r\nOrigin: ${SHOP}\r\n\r\n`);
    assert.match(response.startLine, / 503 /);
    assert.equal(fields["access-control-allow-origin"], SHOP);
  });

  it("that is refused has the route's type of problem", async () => {
    const { response, upstream } = await ask(preflight("/orders/7", "GET", "https://evil.test"));
    assert.match(response.startLine, / 403 /);
    const problem = JSON.parse(response.body) as Record<string, unknown>;
    assert.deepEqual([problem["code"], problem["type"]], ["SP_CORS_ORIGIN", "https://errors.example.com/SP_CORS_ORIGIN"]);
    assert.equal(upstream, 0);
  });

  it("for what no route takes is 404, without allow fields", async () => {
    const { response, fields } = await ask(preflight("/nowhere", "GET"));
    assert.match(response.startLine, / 404 /);
    assert.equal(
      Object.keys(fields).some((name) => name.startsWith("access-control")),
      false,
    );
  });
});

describe("a fault of a route", () => {
  it("before its steps have run is told with the route's type and CORS fields", async () => {
    const { response, fields } = await ask(`POST /strict/a HTTP/1.1\r\nHost: a.test\r\nOrigin: ${SHOP}\r\nContent-Length: 4\r\n\r\n1234`);
    assert.match(response.startLine, / 413 /);
    assert.equal(fields["access-control-allow-origin"], SHOP);
    assert.equal(fields["vary"], "Origin");
    assert.equal((JSON.parse(response.body) as Record<string, unknown>)["type"], "https://errors.example.com/SP_EXCHANGE_BODY_TOO_LARGE");
  });

  it("of no route has no type of a route's", async () => {
    const { response } = await ask("GET /nowhere HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert.equal((JSON.parse(response.body) as Record<string, unknown>)["type"], "about:blank");
  });
});
