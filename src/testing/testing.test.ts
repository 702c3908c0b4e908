// The kit as its users know it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigurationMistakes, createTestGateway, delayed, hang, rawReply, reset, streamed } from "./index.ts";

const YAML = `version: 1
listeners:
  - { name: http, address: 127.0.0.1:8080, trustedProxies: [10.0.0.0/8] }
  - { name: inner, address: 127.0.0.1:8081, bounds: { body: 5B } }
upstreams:
  catalog: { endpoints: [http://127.0.0.1:3001] }
  orders: { endpoints: [http://127.0.0.1:3001, http://127.0.0.1:8080] }
routes:
  - { name: items, match: { path: /items/* }, public: true, upstream: catalog, timeout: 10s }
  - { name: orders, match: { path: /orders/* }, public: true, upstream: orders }
`;

describe("a test gateway", () => {
  it("routes to fakes and tells what became of a request", async () => {
    await using gateway = await createTestGateway({
      yaml: YAML,
      upstreams: { catalog: (request) => ({ json: { path: request.path }, headers: { "X-Seen": request.method } }) },
    });
    const response = await gateway.request("GET http://shop.test/items/1?q=a%20b", { headers: { "X-A": "1" } });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("X-SEEN"), "GET");
    assert.deepEqual(response.json(), { path: "/items/1" });
    assert.deepEqual([response.route, response.upstream, response.fault], ["items", "catalog", null]);
    const [request] = gateway.upstream("catalog").requests;
    assert.deepEqual([request?.method, request?.target, request?.host], ["GET", "/items/1?q=a%20b", "shop.test"]);
    assert.equal(request?.searchParams.get("q"), "a b");
    assert.equal(request?.headers.get("x-a"), "1");
    assert.equal(request?.headers.get("x-forwarded-for"), "203.0.113.10");
    assert.equal(gateway.log.length, 1);
    assert.equal(gateway.metrics().value("sallyport_requests_total", { route: "items", class: "2xx" }), 1);
    assert.throws(() => gateway.metrics().value("sallyport_request_total"), /no metric sallyport_request_total/);
  });

  it("answers what time brings in no time", async () => {
    await using gateway = await createTestGateway({ yaml: YAML, upstreams: { catalog: hang() } });
    const pending = gateway.request("GET http://a/items/1");
    await gateway.clock.advance("9s");
    assert.equal(gateway.records.length, 0);
    await gateway.clock.advance("1100ms");
    const response = await pending;
    assert.equal(response.status, 504);
    assert.equal(response.fault, "SP_EXCHANGE_DEADLINE");
  });

  it("waits for asynchronous handlers before time passes", async () => {
    const handler = async () => {
      for (let i = 0; i < 20; i++) await Promise.resolve();
      return { body: "late" };
    };
    await using gateway = await createTestGateway({ yaml: YAML, upstreams: { catalog: handler } });
    const pending = gateway.request("GET http://a/items/1");
    gateway.clock.advance("1h");
    assert.equal((await pending).text(), "late");
  });

  it("plays slow and streaming upstreams by the gateway's clock", async () => {
    await using gateway = await createTestGateway({
      yaml: YAML,
      upstreams: { catalog: delayed("2s", { body: "a" }), orders: streamed(["a", "b", "c"], "1s") },
    });
    const slow = gateway.request("GET http://a/items/1");
    await gateway.clock.advance("1s");
    assert.equal(gateway.records.length, 0);
    await gateway.clock.advance("1s");
    assert.equal((await slow).text(), "a");
    const stream = gateway.request("GET http://a/orders/1");
    await gateway.clock.advance("2s");
    assert.equal((await stream).text(), "abc");
    assert.equal((await stream).record?.durationMs, 2000);
  });

  it("plays failures of upstreams", async () => {
    await using gateway = await createTestGateway({ yaml: YAML });
    const catalog = gateway.upstream("catalog");
    catalog.handle(reset());
    assert.equal((await gateway.request("POST http://a/items/1")).fault, "SP_UPSTREAM_RESET");
    catalog.handle(reset({ reply: { body: "0123456789" }, bodyBytes: 4 }));
    const cut = await gateway.request("GET http://a/items/1");
    assert.deepEqual([cut.status, cut.complete, cut.text()], [200, false, "0123"]);
    catalog.handle(rawReply("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"));
    assert.equal((await gateway.request("GET http://a/items/1")).status, 502);
    catalog.refuseConnections();
    assert.equal((await gateway.request("GET http://a/items/1")).fault, "SP_UPSTREAM_CONNECT_FAILED");
    catalog.ignoreConnections();
    const ignored = gateway.request("GET http://a/items/1");
    gateway.clock.advance("2s");
    assert.equal((await ignored).fault, "SP_UPSTREAM_CONNECT_TIMEOUT");
    catalog.acceptConnections();
    catalog.handle({ status: 201 });
    assert.equal((await gateway.request("GET http://a/items/1")).status, 201);
  });

  it("tells upstreams apart that share an address with each other or a listener", async () => {
    await using gateway = await createTestGateway({ yaml: YAML, upstreams: { catalog: { body: "catalog" }, orders: { body: "orders" } } });
    for (let i = 0; i < 4; i++) assert.equal((await gateway.request("GET http://a/orders/1")).text(), "orders");
    assert.equal((await gateway.request("GET http://a/items/1")).text(), "catalog");
    assert.equal(gateway.upstream("orders").requests.length, 4);
  });

  it("plays upstreams that HTTP/2 is spoken to, with as many requests at once", async () => {
    const yaml = YAML.replace(
      "http://127.0.0.1:3001]",
      "http://127.0.0.1:3001], protocol: h2, pool: { connections: 1, streams: 3, pending: 0 }",
    );
    await using gateway = await createTestGateway({ yaml, upstreams: { catalog: delayed("1s", { body: "catalog" }) } });
    const pending = Array.from({ length: 4 }, () => gateway.request("GET http://a/items/1"));
    await gateway.clock.advance("2s");
    const answers = await Promise.all(pending);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 503]);
  });

  it("asks no fake whether it is well, and plays services that pages call by gRPC-Web", async () => {
    const yaml = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { ledger: { endpoints: [http://127.0.0.1:3001], protocol: h2, health: { active: { grpc: {} } } } }
routes: [{ name: ledger, match: { path: /* }, public: true, upstream: ledger, grpcWeb: true }]
`;
    const answer = { headers: { "content-type": "application/grpc", "grpc-status": "5" }, body: "" };
    await using gateway = await createTestGateway({ yaml, upstreams: { ledger: () => answer } });
    await gateway.clock.advance("1m");
    assert.equal(gateway.upstream("ledger").requests.length, 0);
    const response = await gateway.request("POST http://a/ledger.v1.Ledger/Get", {
      headers: { "Content-Type": "application/grpc-web-text" },
      body: "AAAAAAA=",
    });
    assert.deepEqual([response.status, response.headers.get("grpc-status")], [200, "5"]);
    assert.equal(response.headers.get("content-type"), "application/grpc-web-text+proto");
    const [request] = gateway.upstream("ledger").requests;
    assert.equal(request?.headers.get("content-type"), "application/grpc");
  });

  it("reaches listeners whatever they speak, and knows their configuration as it is written", async () => {
    const yaml = YAML.replace("127.0.0.1:8080,", "127.0.0.1:8080, protocols: [h2],");
    await using gateway = await createTestGateway({ yaml });
    assert.equal((await gateway.request("GET http://a/items/1")).status, 200);
    assert.deepEqual(
      gateway.config.listeners.map(({ protocols }) => protocols),
      [["h2"], ["http/1.1"]],
    );
    // The preface of HTTP/2 and a frame of settings: its own settings come back.
    const { text } = await gateway.raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    assert.equal(text.charCodeAt(3), 4);
    assert.equal((await gateway.raw("PRI * HTTP/2.0\r\n\r\n", { listener: "inner" })).responses[0]?.status, 505);
  });

  it("sends targets byte for byte", async () => {
    await using gateway = await createTestGateway({ yaml: YAML });
    for (const [path, seen] of [
      ["/items//a/./b", "/items//a/b"],
      ["/items/a/%2E%2e/b", "/items/b"],
      ["/x/../items/%7ea?..//%2e", "/items/~a?..//%2e"],
    ] as const) {
      assert.equal((await gateway.request(`GET http://a${path}`)).status, 200, path);
      assert.equal(gateway.upstream("catalog").lastRequest.target, seen);
    }
    assert.equal((await gateway.request("GET http://a/items/a\\b")).fault, "SP_URI_BACKSLASH");
    assert.equal((await gateway.request("GET http://a/items/1", { form: "absolute" })).status, 200);
    assert.equal((await gateway.request("GET http://a/items/1", { form: "absolute", headers: { Host: "b" } })).status, 400);
  });

  it("sends bodies of every kind, and waits with one until it is asked for", async () => {
    await using gateway = await createTestGateway({ yaml: YAML, upstreams: { catalog: (request) => ({ body: request.bytes }) } });
    const catalog = gateway.upstream("catalog");
    assert.equal((await gateway.request("POST http://a/items/1", { body: "grün" })).text(), "grün");
    assert.equal((await gateway.request("POST http://a/items/1", { json: { a: 1 } })).text(), '{"a":1}');
    assert.equal(catalog.lastRequest.headers.get("content-type"), "application/json");
    assert.equal((await gateway.request("POST http://a/items/1", { chunks: ["a", "", "b"], trailers: { "X-Sum": "1" } })).text(), "ab");
    assert.equal(catalog.lastRequest.trailers.get("x-sum"), "1");
    const expecting = await gateway.request("POST http://a/items/1", { body: "abc", headers: { Expect: "100-continue" } });
    assert.equal(expecting.text(), "abc");
    assert.deepEqual(
      expecting.interim.map(({ status }) => status),
      [100],
    );
    const refused = await gateway.request("POST http://a/items/1", {
      body: "too much",
      headers: { Expect: "100-continue" },
      listener: "inner",
    });
    assert.deepEqual([refused.status, refused.interim.length], [413, 0]);
    const head = await gateway.request("HEAD http://a/items/1");
    assert.deepEqual([head.status, head.text()], [200, ""]);
  });

  it("comes from where a test says, through a proxy if it says so", async () => {
    await using gateway = await createTestGateway({ yaml: YAML });
    const catalog = gateway.upstream("catalog");
    await gateway.request("GET https://a/items/1", { from: "192.0.2.7" });
    assert.equal(catalog.lastRequest.headers.get("x-forwarded-proto"), "http");
    const response = await gateway.request("GET https://a/items/1", { from: "192.0.2.7", via: "10.0.0.1" });
    assert.equal(catalog.lastRequest.headers.get("x-forwarded-proto"), "https");
    assert.equal(response.record?.client, "192.0.2.7");
  });

  it("takes bytes that are no request", async () => {
    await using gateway = await createTestGateway({ yaml: YAML });
    const { responses, ended } = await gateway.raw("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    assert.deepEqual([responses.map(({ status }) => status), ended], [[400], true]);
    const two = "GET /items/1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /items/2 HTTP/1.1\r\nHost: a\r\n\r\n";
    const pipelined = await gateway.raw(two, { methods: ["GET", "HEAD"] });
    assert.deepEqual(
      pipelined.responses.map(({ status, route }) => [status, route]),
      [
        [200, "items"],
        [200, "items"],
      ],
    );
    const half = gateway.connect();
    half.send("GET /it");
    await gateway.clock.advance("11s");
    assert.equal(half.responses()[0]?.fault, "SP_H1_HEAD_TIMEOUT");
  });

  it("speaks fetch", async () => {
    await using gateway = await createTestGateway({ yaml: YAML, upstreams: { catalog: (request) => ({ json: { got: request.text() } }) } });
    const response = await gateway.fetch("http://a/items/1#top", { method: "POST", body: "x" });
    assert.ok(response instanceof Response);
    assert.deepEqual(await response.json(), { got: "x" });
    assert.equal(gateway.upstream("catalog").lastRequest.path, "/items/1");
  });

  it("takes configurations as text, value and file, and shows mistakes as check does", async () => {
    const config = { version: 1, listeners: [{ name: "http", address: "127.0.0.1:8080" }], routes: [] } as const;
    await using gateway = await createTestGateway({ config: { ...config, listeners: [...config.listeners], routes: [] } });
    assert.equal((await gateway.request("GET /")).status, 404);
    await using again = await createTestGateway({ resolved: gateway.config });
    assert.equal(again.generation, gateway.generation);
    const secretive =
      'routes: [{ name: r, match: { path: /* }, public: true, upstream: u, headers: { request: { set: { X-Key: "${env:KEY}" } } } }]';
    const upstreams = "upstreams: { u: { endpoints: [http://127.0.0.1:3001] } }";
    const text = `version: 1\nlisteners: [{ name: http, address: 127.0.0.1:8080 }]\n${upstreams}\n${secretive}\n`;
    await using third = await createTestGateway({
      file: "nowhere/gateway.yaml",
      files: { "nowhere/gateway.yaml": text },
      env: { KEY: "hush" },
    });
    await third.request("GET /");
    assert.equal(third.upstream("u").lastRequest.headers.get("x-key"), "hush");
    await assert.rejects(createTestGateway({ yaml: text }), /KEY/);
    await assert.rejects(createTestGateway({ yaml: "version: 1\nlistener: []\n" }), (error) => {
      assert.ok(error instanceof ConfigurationMistakes);
      assert.match(error.message, /gateway\.yaml:2:1/);
      return true;
    });
    await assert.rejects(createTestGateway({ file: "no-such-file.yaml" }), /no-such-file\.yaml/);
    await assert.rejects(createTestGateway({ yaml: YAML, upstreams: { catalogue: {} } }), /no upstream of this name/);
  });

  it("rejects the request whose upstream's handler throws", async () => {
    await using gateway = await createTestGateway({
      yaml: YAML,
      upstreams: {
        catalog: () => assert.fail("not like this"),
        orders: async () => assert.fail("nor like that"),
      },
    });
    await assert.rejects(gateway.request("GET http://a/items/1"), /not like this/);
    await assert.rejects(gateway.request("POST http://a/orders/1"), /nor like that/);
  });

  it("does not close over a request that waits", async () => {
    const gateway = await createTestGateway({ yaml: YAML, upstreams: { catalog: hang() } });
    const pending = gateway.request("GET http://a/items/1");
    await assert.rejects(gateway.close(), /GET http:\/\/a\/items\/1 still waits/);
    await assert.rejects(pending, /still waits/);
  });
});
