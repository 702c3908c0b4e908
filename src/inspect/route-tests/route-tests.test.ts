import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../../config/index.ts";
import { type RouteTestHost, runRouteTests } from "./index.ts";

const CONFIG = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080, trustedProxies: [10.0.0.0/8] }]
upstreams:
  catalog: { endpoints: [http://catalog.internal:3001] }
routes:
  - name: products
    match: { hosts: [shop.test], path: /api/products/*, methods: [GET] }
    public: true
    timeout: 2s
    upstream: catalog
    rewrite: { stripPrefix: /api }
    headers: { request: { set: { X-Edge: "1" }, remove: [X-Debug] } }
  - { name: old, match: { path: /old/* }, public: true, redirect: { to: "/new/*" } }
`;

const HOST: RouteTestHost = {
  load: (file) => parseConfig(CONFIG, file),
};

const run = (text: string) => runRouteTests(text, "/tests/routes.yaml", HOST);

describe("route tests", () => {
  it("pass where everything is as expected", async () => {
    const { issues, results } = await run(`version: 1
config: gateway.yaml
upstreams: { catalog: { body: "{\\"a\\": 1}", headers: { Content-Type: application/json } } }
tests:
  - name: products are rewritten
    request:
      line: GET http://shop.test/api/products/%2e/1?q=1
      headers: { X-Debug: "1", X-User-Id: root }
      from: 192.0.2.1
      via: 10.0.0.1
    expect:
      route: products
      status: 200
      fault: none
      body: { json: { a: 1 } }
      headers: { Content-Type: application/json, Server: absent, X-Request-Id: present }
      upstream: { name: catalog, method: GET, path: /products/1, query: q=1, headers: { X-Edge: "1", X-Debug: absent, X-User-Id: absent } }
  - name: other methods are refused
    request: POST http://shop.test/api/products/1
    expect: { route: none, status: 405, fault: SP_ROUTE_METHOD_NOT_ALLOWED, headers: { Allow: present }, upstream: none, body: { contains: SP_ROUTE } }
  - name: old paths are redirected
    request: GET /old/a?b
    expect: { route: old, status: 308, headers: { Location: "/new/a?b" }, upstream: none }
  - name: a slow catalogue is given up
    request: GET http://shop.test/api/products/1
    upstream: { delay: 3s }
    expect: { status: 504, fault: SP_EXCHANGE_DEADLINE, upstream: { name: catalog } }
  - name: one that is down is said to be
    request: GET http://shop.test/api/products/1
    upstream: { fail: refuse }
    expect: { status: 502, upstream: { name: catalog } }
`);
    assert.deepEqual(issues, []);
    assert.deepEqual(
      results.map(({ name, failures, line }) => ({ name, failures, line })).filter(({ failures }) => failures.length > 0),
      [],
    );
    assert.deepEqual(
      results.map(({ line }) => line),
      [5, 18, 21, 24, 28],
    );
  });

  it("tell everything that is not as expected", async () => {
    const { results } = await run(`version: 1
config: gateway.yaml
tests:
  - name: all wrong
    request: GET http://shop.test/api/products/1
    upstream: { body: hello, status: 203, headers: { X-A: "1" } }
    expect:
      route: old
      status: 200
      fault: SP_X
      body: bye
      headers: { X-A: absent, X-B: present, X-C: c }
      upstream: { name: orders, method: POST, path: /, query: a, host: h, body: b, headers: { X-Edge: "2" } }
`);
    assert.deepEqual(
      results[0]?.failures.map(({ what, expected, actual }) => `${what}: ${expected} / ${actual}`),
      [
        "route: old / products",
        "status: 200 / 203",
        "fault: SP_X / none",
        "headers.X-A: absent / 1",
        "headers.X-B: present / absent",
        "headers.X-C: c / absent",
        "body: bye / hello",
        "upstream.name: orders / catalog",
        "upstream.method: POST / GET",
        "upstream.path: / / /products/1",
        "upstream.query: a / ",
        "upstream.host: h / shop.test",
        "upstream.body: b / ",
        "upstream.headers.X-Edge: 2 / 1",
      ],
    );
    assert.equal(results[0]?.passed, false);
  });

  it("are refused with every mistake at its place", async () => {
    const { issues, results } = await run(`version: 1
config: gateway.yaml
tests:
  - name: a
    request: http://shop.test/
    expects: { status: 200 }
    expect: { status: "200", rout: x }
`);
    assert.deepEqual(results, []);
    assert.deepEqual(
      issues.map(({ code, line, path, hint }) => [code, line, path, hint]),
      [
        ["SP_CONFIG_BAD_VALUE", 5, "tests[0].request", undefined],
        ["SP_CONFIG_UNKNOWN_KEY", 6, "tests[0].expects", "did you mean `expect`?"],
        ["SP_CONFIG_WRONG_TYPE", 7, "tests[0].expect.status", undefined],
        ["SP_CONFIG_UNKNOWN_KEY", 7, "tests[0].expect.rout", "did you mean `route`?"],
      ],
    );
    const stranger = await run("version: 1\nconfig: g.yaml\nupstreams: { orders: {} }\ntests: [{ name: a, request: GET /, expect: {} }]\n");
    assert.match(stranger.issues[0]?.message ?? "", /no upstream `orders`/);
    const late = await run("version: 1\nconfig: g.yaml\nnow: tomorrow\ntests: [{ name: a, request: GET /, expect: {} }]\n");
    assert.equal(late.issues[0]?.path, "now");
    const missing = await runRouteTests(
      "version: 1\nconfig: g.yaml\ntests: [{ name: a, request: GET /, expect: {} }]\n",
      "/nowhere/t.yaml",
    );
    assert.equal(missing.issues[0]?.code, "SP_CONFIG_FILE_UNREADABLE");
  });

  it("are green for the example that the guide shows", async () => {
    const file = fileURLToPath(new URL("../../../examples/testing/routes.yaml", import.meta.url));
    const { issues, results } = await runRouteTests(readFileSync(file, "utf8"), file);
    assert.deepEqual(issues, []);
    assert.equal(results.length, 6);
    assert.deepEqual(
      results.flatMap(({ failures }) => failures),
      [],
    );
  });

  it("run by the thousand", async () => {
    const tests = Array.from(
      { length: 1000 },
      (_, i) => `  - { name: t${i}, request: "GET http://shop.test/api/products/${i}", expect: { upstream: { path: /products/${i} } } }`,
    );
    const { results } = await run(`version: 1\nconfig: gateway.yaml\ntests:\n${tests.join("\n")}\n`);
    assert.equal(results.filter(({ passed }) => passed).length, 1000);
  });
});

describe("route tests of somebody", () => {
  const CLOSED = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
identities:
  users: { jwt: { issuer: https://a.example.com/, audience: api, jwks: { url: https://a.example.com/keys }, headers: { X-User-Id: sub, X-Org: org } } }
upstreams: { a: { endpoints: [http://a.internal:3001] } }
routes: [{ name: orders, match: { path: /orders }, auth: [users], authorize: { scopes: [read] }, upstream: a }]
`;
  const ask = (tests: string) => {
    const text = `version: 1\nconfig: gateway.yaml\ntests:\n${tests}`;
    return runRouteTests(text, "/tests/routes.yaml", { load: (file) => parseConfig(CLOSED, file) });
  };

  it("are who they say, without a credential", async () => {
    const { issues, results } = await ask(`
  - name: whoever has the scope gets in
    request: { line: GET /orders, as: { id: alice, scopes: [read], claims: { org: acme } } }
    expect: { status: 200, upstream: { headers: { X-User-Id: alice, X-Org: acme, Authorization: absent } } }
  - name: whoever lacks it does not
    request: { line: GET /orders, as: { identity: users, id: bob } }
    expect: { status: 403, fault: SP_AUTH_SCOPE, upstream: none }
  - name: nobody does not
    request: GET /orders
    expect: { status: 401, fault: SP_AUTH_REQUIRED, headers: { WWW-Authenticate: present }, upstream: none }
`);
    assert.deepEqual(issues, []);
    assert.deepEqual(
      results.flatMap(({ failures }) => failures),
      [],
    );
    assert.equal(results.length, 3);
  });

  it("are known by an identity that there is", async () => {
    const { issues } = await ask("  - { name: a, request: { line: GET /orders, as: { identity: user, id: a } }, expect: {} }");
    assert.deepEqual(
      issues.map(({ code, path }) => [code, path]),
      [["SP_CONFIG_UNKNOWN_REFERENCE", "tests[0].request.as.identity"]],
    );
  });
});
