// What a gateway makes of requests, told with the users' kit. What the kit hides (ports, generations, stopping) is in gateway.test.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestGateway } from "../testing/index.ts";

const HEAD = `version: 1
listeners:
  - { name: http, address: 127.0.0.1:8080, bounds: { body: 100B } }
  - { name: inner, address: 127.0.0.1:8081 }
upstreams:
  one: { endpoints: [http://127.0.0.1:3001] }
  two: { endpoints: [http://127.0.0.1:3002] }
`;

const ROUTES = `${HEAD}routes:
  - { name: items, match: { path: /items/* }, public: true, upstream: one }
  - { name: item-get, match: { path: /only, methods: [GET, POST] }, public: true, upstream: one }
  - { name: upload, match: { path: /upload }, public: true, upstream: one, bounds: { body: 1000B } }
  - { name: tiny, match: { path: /tiny }, public: true, upstream: one, bounds: { body: 5B } }
  - { name: host, match: { hosts: [two.test], path: /* }, public: true, upstream: two }
`;

describe("a gateway", () => {
  it("judges a path by the rules of its own route, as the client spelt it", async () => {
    await using gateway = await createTestGateway({
      yaml: `${HEAD}routes:
  - { name: strict, match: { path: /strict/* }, public: true, upstream: one, paths: { dotSegments: reject, duplicateSlashes: reject } }
  - { name: loose, match: { path: /* }, public: true, upstream: one, paths: { encodedSlash: keep } }
`,
    });
    for (const [path, outcome] of [
      ["/strict/a", "/strict/a"],
      ["/strict/a/../b", "SP_URI_DOT_SEGMENT"],
      ["/strict/%2e/a", "SP_URI_DOT_SEGMENT"],
      ["/loose/../strict/a", "SP_URI_DOT_SEGMENT"],
      ["/strict//a", "SP_URI_DUPLICATE_SLASH"],
      ["/strict/a%2Fb", "SP_URI_ENCODED_SLASH"],
      ["/strict/../loose/a", "/loose/a"],
      ["/loose/a%2Fb//c", "/loose/a%2Fb//c"],
    ] as const) {
      const { fault } = await gateway.request(`GET http://a${path}`);
      assert.equal(fault ?? gateway.upstream("one").lastRequest.target, outcome, path);
    }
  });

  it("lets no field that a route sets or removes come in behind the body", async () => {
    await using gateway = await createTestGateway({
      yaml: `${HEAD}routes:
  - name: r
    match: { path: /* }
    public: true
    upstream: one
    headers: { request: { set: { X-Edge: "1" }, remove: [X-Debug] } }
`,
    });
    const trailers = { "X-Edge": "2", x_debug: "1", "X-Forwarded-User": "root", "X-Sum": "kept" };
    assert.equal((await gateway.request("POST /", { chunks: ["a"], trailers })).status, 200);
    assert.deepEqual(gateway.upstream("one").lastRequest.trailers.list, [["x-sum", "kept"]]);
  });

  it("routes by host and path to upstreams", async () => {
    await using gateway = await createTestGateway({ yaml: ROUTES });
    for (const [request, listener, upstream, target] of [
      ["GET http://a/items/1?q=1", "http", "one", "/items/1?q=1"],
      ["GET http://TWO.test:8080/items/1", "http", "two", "/items/1"],
      ["GET http://a/items/%31/../2", "inner", "one", "/items/2"],
    ] as const) {
      assert.equal((await gateway.request(request, { listener })).upstream, upstream);
      assert.equal(gateway.upstream(upstream).lastRequest.target, target);
    }
  });

  it("answers 404 where there is no route, and 405 with Allow where there is one for other methods", async () => {
    await using gateway = await createTestGateway({ yaml: ROUTES });
    const none = await gateway.request("GET http://a/nothing");
    assert.deepEqual([none.status, none.fault, none.route], [404, "SP_ROUTE_NOT_FOUND", null]);
    assert.equal(none.json<{ code: string }>().code, "SP_ROUTE_NOT_FOUND");
    assert.equal(none.headers.get("content-type"), "application/problem+json");
    assert.ok(none.headers.has("x-request-id"));
    const other = await gateway.request("DELETE http://a/only");
    assert.equal(other.status, 405);
    assert.deepEqual(new Set(other.headers.get("allow")?.split(/, ?/)), new Set(["GET", "HEAD", "POST"]));
    assert.equal(gateway.upstream("one").requests.length, 0);
    assert.equal(gateway.log.length, 2);
  });

  it("bounds bodies by the listener, and by the route where it says so", async () => {
    await using gateway = await createTestGateway({ yaml: ROUTES });
    for (const [path, length, status] of [
      ["/items/1", 100, 200],
      ["/items/1", 101, 413],
      ["/upload", 1000, 200],
      ["/upload", 1001, 413],
      ["/tiny", 5, 200],
      ["/tiny", 6, 413],
    ] as const) {
      assert.equal((await gateway.request(`POST http://a${path}`, { body: "x".repeat(length) })).status, status, `${path} ${length}`);
    }
    assert.equal((await gateway.request("POST http://a/tiny", { chunks: ["abc", "def"] })).fault, "SP_EXCHANGE_BODY_TOO_LARGE");
  });

  it("removes identity fields from heads and trailers, on every route and none", async () => {
    await using gateway = await createTestGateway({ yaml: ROUTES });
    const trailers = {
      "X-User-Id": "1",
      x_user__roles: "admin",
      Authorization: "x",
      Cookie: "a",
      "X-Forwarded-For": "1.1.1.1",
      Via: "x",
      "X-Sum": "1",
    };
    await gateway.request("POST http://a/items/1", { headers: { "X-User-Id": "1", x_tenant_id: "2" }, chunks: ["a"], trailers });
    const request = gateway.upstream("one").lastRequest;
    assert.deepEqual(
      request.headers.list.filter(([name]) => /user|tenant/.test(name)),
      [],
    );
    assert.deepEqual(request.trailers.list, [["x-sum", "1"]]);
  });
});
