// What routes do besides forwarding, from a configuration's text to what clients and upstreams see. The policies by themselves are
// proven in their rooms; here they stand together, in their order, behind routing.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RawClient, type RawMessage, readResponse, ScriptedUpstream, statusOf, valuesOf } from "../../test/kit/index.ts";
import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import { MemoryLineSink } from "../telemetry/index.ts";
import { MemoryNetwork } from "../transport/index.ts";
import { createGateway, type Gateway } from "./index.ts";

const CONFIG = (port: number) => `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
defaults: { headers: { response: { set: { X-Edge: "\${request:id}" } } } }
apis:
  shop:
    versionBy: { header: X-Api-Version }
    default: "1"
    versions: { "1": { deprecated: 2025-06-01, sunset: 2026-06-01, link: "https://a.test/v1", afterSunset: gone } }
upstreams: { one: { endpoints: ["http://127.0.0.1:${port}"] } }
routes:
  - { name: old, match: { path: /old/* }, public: true, redirect: { to: "/*", status: 301 } }
  - { name: tls, match: { path: /tls/* }, public: true, redirect: { scheme: https } }
  - { name: health, match: { path: /health }, public: true, respond: { json: { up: true } } }
  - { name: none, match: { path: /none }, public: true, respond: { status: 204 } }
  - { name: closed, match: { path: /closed }, public: true, upstream: one, maintenance: { retryAfter: 10m, message: "Back at noon.", allowFrom: [192.0.2.9] } }
  - { name: shut, match: { path: /shut }, public: true, respond: { body: never }, maintenance: {} }
  - name: item
    match: { path: "/items/:id/*" }
    public: true
    upstream: one
    rewrite: { path: "/v2/:id/*", host: api.internal, query: { remove: [api_key], set: { id: "\${param:id}", via: "\${request:host}" } } }
    headers: { request: { set: { X-Item: "\${param:id}:\${param:*}" } } }
    bounds: { line: 60B, fields: 4 }
  - { name: endpoint, match: { path: /endpoint }, public: true, upstream: one, rewrite: { host: endpoint } }
  - { name: override, match: { path: /override }, public: true, upstream: one, methodOverride: keep }
  - { name: shop-1, match: { path: /shop }, api: { name: shop, versions: ["1"] }, public: true, upstream: one }
`;

const SUNSET_MS = Date.UTC(2026, 5, 1);

class Stage {
  readonly network = new MemoryNetwork({ schedule: null });
  /** A second before the first version's sunset: nobody should have to wait for months. */
  readonly clock = new FakeClock(1000, SUNSET_MS - 1000);
  readonly upstream = new ScriptedUpstream();
  readonly clients: RawClient[] = [];
  gateway!: Gateway;

  static async open(): Promise<Stage> {
    const stage = new Stage();
    await stage.upstream.listen(stage.network.transport);
    stage.upstream.script = { onHead() {}, onRequest: (connection) => connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") };
    const { address } = stage.upstream;
    const { config, issues } = parseConfig(CONFIG("port" in address ? address.port : 0), "gateway.yaml");
    assert.deepEqual(issues, []);
    const options = { transport: stage.network.transport, clock: stage.clock, logSink: new MemoryLineSink() };
    stage.gateway = await createGateway(config ?? assert.fail(), options);
    return stage;
  }

  ask(path: string, lines = "", method = "GET", from = "192.0.2.1", rest = ""): RawMessage {
    const client = new RawClient(this.network.transportFrom(from), { host: "127.0.0.1", port: 8080 });
    this.clients.push(client);
    client.send(`${method} ${path} HTTP/1.1\r\nHost: a.test:8080\r\n${lines}\r\n${rest}`);
    this.network.pump();
    return readResponse(client.text, 0, method, client.ended) ?? assert.fail(`no whole response in ${JSON.stringify(client.text)}`);
  }

  /** What the last forwarded request said. */
  seen(name: string): string[] {
    return valuesOf(this.upstream.seen.at(-1) ?? assert.fail("nothing was forwarded"), name);
  }

  async finish(): Promise<void> {
    for (const client of this.clients) client.close();
    this.network.pump();
    const stopped = this.gateway.stop(0);
    this.network.pump();
    this.clock.advance(10_000);
    this.network.pump();
    await stopped;
    this.upstream.stop();
    this.network.pump();
    assert.equal(this.network.openSockets.length, 0, "sockets are left open");
  }
}

function brief(answer: RawMessage): string {
  const fault = answer.body.startsWith('{"type"') ? ` ${(JSON.parse(answer.body) as { code: string }).code}` : "";
  return `${statusOf(answer)}${fault}`;
}

describe("a route without an upstream", () => {
  it("redirects, to the same site or to another scheme, and edits that answer too", async () => {
    const stage = await Stage.open();
    const moved = stage.ask("/old//evil.test/%2e%2e/x?q=1");
    assert.deepEqual([statusOf(moved), valuesOf(moved, "location")], [301, ["/x?q=1"]]);
    assert.equal(valuesOf(moved, "x-edge")[0], valuesOf(moved, "x-request-id")[0]);
    assert.deepEqual(valuesOf(stage.ask("/old//evil.test"), "location"), ["/evil.test"]);
    assert.deepEqual(valuesOf(stage.ask("/tls/x?q"), "location"), ["https://a.test/tls/x?q"]);
    assert.equal(stage.upstream.seen.length, 0);
    await stage.finish();
  });

  it("answers by itself, and is closed like any other", async () => {
    const stage = await Stage.open();
    const health = stage.ask("/health", "Content-Length: 4\r\n", "POST", undefined, "body");
    assert.deepEqual(
      [statusOf(health), JSON.parse(health.body), valuesOf(health, "content-type")],
      [200, { up: true }, ["application/json"]],
    );
    const none = stage.ask("/none", "", "HEAD");
    assert.deepEqual([statusOf(none), valuesOf(none, "content-length")], [204, []]);
    assert.equal(brief(stage.ask("/shut")), "503 SP_MAINTENANCE_CLOSED");
    await stage.finish();
  });
});

describe("a route", () => {
  it("is closed but for whom it lets through", async () => {
    const stage = await Stage.open();
    const closed = stage.ask("/closed");
    assert.equal(brief(closed), "503 SP_MAINTENANCE_CLOSED");
    assert.deepEqual([valuesOf(closed, "retry-after"), (JSON.parse(closed.body) as { detail: string }).detail], [["600"], "Back at noon."]);
    assert.equal(valuesOf(closed, "x-edge")[0], valuesOf(closed, "x-request-id")[0]);
    assert.equal(brief(stage.ask("/closed", "", "GET", "192.0.2.9")), "200");
    await stage.finish();
  });

  it("rewrites path, query and host by what its own path took, and is judged by its own bounds", async () => {
    const stage = await Stage.open();
    assert.equal(brief(stage.ask("/items/a%20b/c?x=%7e&%61pi_key=s&id=9")), "200");
    assert.equal(stage.upstream.seen[0]?.startLine, "GET /v2/a%20b/c?x=%7e&id=a%20b&via=a.test HTTP/1.1");
    assert.deepEqual(
      [stage.seen("host"), stage.seen("x-item"), stage.seen("x-forwarded-host")],
      [["api.internal"], ["a%20b:c"], ["a.test:8080"]],
    );
    assert.equal(brief(stage.ask(`/items/1/${"x".repeat(60)}`)), "414 SP_ROUTE_BOUNDS_LINE");
    assert.equal(brief(stage.ask("/items/1/x", "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n")), "431 SP_ROUTE_BOUNDS_FIELDS");
    assert.equal(brief(stage.ask("/items/1/x", "A: 1\r\nB: 2\r\nC: 3\r\n")), "200");
    assert.equal(brief(stage.ask("/endpoint")), "200");
    assert.match(stage.seen("host")[0] ?? "", /^127\.0\.0\.1:\d+$/);
    await stage.finish();
  });

  it("passes no wish for another method on, in its trailers neither, unless it says so", async () => {
    const stage = await Stage.open();
    const wish = "X-HTTP-Method-Override: DELETE\r\n";
    stage.ask("/endpoint", wish);
    assert.deepEqual(stage.seen("x-http-method-override"), []);
    stage.ask("/override", wish);
    assert.deepEqual(stage.seen("x-http-method-override"), ["DELETE"]);
    stage.ask(
      "/endpoint",
      "Transfer-Encoding: chunked\r\n",
      "POST",
      undefined,
      `0\r\nX_Http_Method: PUT\r\nX-Api-Version: 1\r\nX-Sum: 1\r\n\r\n`,
    );
    assert.deepEqual(stage.upstream.seen.at(-1)?.trailers, [["x-sum", "1"]]);
    await stage.finish();
  });

  it("tells when its version ends, is gone after that, and lets no look-alike of the version through", async () => {
    const stage = await Stage.open();
    const version = "X-Api-Version: 1\r\nX_Api_Version: 2\r\n";
    const served = stage.ask("/shop", version);
    assert.equal(brief(served), "200");
    assert.deepEqual([stage.seen("x-api-version"), stage.seen("x_api_version")], [["1"], []]);
    assert.deepEqual(valuesOf(served, "deprecation"), [`@${Date.UTC(2025, 5, 1) / 1000}`]);
    assert.deepEqual(valuesOf(served, "sunset"), ["Mon, 01 Jun 2026 00:00:00 GMT"]);
    stage.clock.advance(SUNSET_MS - stage.clock.wall());
    stage.network.pump();
    const gone = stage.ask("/shop", version);
    assert.equal(brief(gone), "410 SP_LIFECYCLE_GONE");
    assert.deepEqual(valuesOf(gone, "sunset"), ["Mon, 01 Jun 2026 00:00:00 GMT"]);
    await stage.finish();
  });
});
