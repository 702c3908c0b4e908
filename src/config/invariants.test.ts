import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RouteConfig } from "./config.ts";
import { invariant } from "./invariant-schema.ts";
import { checkInvariants } from "./invariants.ts";
import { parseConfig } from "./load.ts";

const HEAD = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { a: { endpoints: [http://a] }, b: { endpoints: [http://b] } }
routes:
`;

function resolve(...lines: readonly string[]): readonly RouteConfig[] {
  const { config, issues } = parseConfig(HEAD + lines.map((line) => `  - { public: true, ${line} }\n`).join(""), "f.yaml");
  assert.ok(config !== null, JSON.stringify(issues));
  return config.routes;
}

const routes = resolve(
  "name: admin, match: { hosts: [admin.example.com], path: /admin/* }, upstream: a",
  "name: admin-open, match: { path: /admin/x }, upstream: a",
  "name: orders, match: { hosts: [api.example.com, '*.shop.example.com'], path: /orders/:id, methods: [GET, POST] }, upstream: b, bounds: { body: 1KiB }",
  "name: old, match: { hosts: [old.example.com], path: /* }, redirect: { to: 'https://api.example.com/*' }",
  "name: read, match: { path: /read, methods: [GET] }, upstream: b, cors: { origins: ['*'] }",
);

/** The names of routes that break it, each with what is said. */
function judge(written: object, list = routes): Record<string, string> {
  const parsed = invariant.parse({ name: "i", ...written });
  const { broken } = checkInvariants(list, [parsed], ["invariants"]);
  return Object.fromEntries(
    broken.map(({ route, message }) => [route.name, message.replace(/^the route .* breaks the invariant `i`: /, "")]),
  );
}

function idle(where: object): number {
  return checkInvariants(routes, [invariant.parse({ name: "i", where, require: {} })], ["invariants"]).idle.length;
}

describe("an invariant", () => {
  it("demands keys that routes have, of their own or by default", () => {
    assert.deepEqual(Object.keys(judge({ require: { has: ["hosts", "timeout"] } })), ["admin-open", "read"]);
    assert.equal(judge({ require: { has: ["hosts", "methods"] } })["admin-open"], "it must have `hosts` and `methods` and has not");
    assert.deepEqual(judge({ require: { lacks: ["cors", "redirect"] } }), {
      old: "it must not have `redirect` and has",
      read: "it must not have `cors` and has",
    });
    assert.deepEqual(Object.keys(judge({ where: { has: ["bounds"] }, require: { has: ["cors"] } })), ["orders"]);
  });

  it("says that every public route has limits", () => {
    const every = { where: { has: ["public"] }, require: { has: ["rateLimits"] } };
    const limited = routes.map((route) => ({ ...route, rateLimits: route.name === "read" ? [] : [{ limit: "per-ip", cost: null }] }));
    assert.deepEqual(judge(every, limited), { read: "it must have `rateLimits` and has not" });
  });

  it("says that every route which is not public has auth", () => {
    const every = { where: { lacks: ["public"] }, require: { has: ["auth"] } };
    assert.deepEqual(judge(every), {});
    const auth = { identities: ["users"], optional: false };
    const closed = routes.map((route) => (route.name === "read" ? { ...route, auth } : route));
    assert.deepEqual(judge(every, closed), {});
    assert.deepEqual(judge({ where: { has: ["auth"] }, require: { has: ["authorize"] } }, closed), {
      read: "it must have `authorize` and has not",
    });
    assert.deepEqual(judge({ where: { names: ["read"] }, require: { has: ["public"] } }, closed), {
      read: "it must have `public` and has not",
    });
  });

  it("speaks of routes that take some path of a pattern, whatever else they take", () => {
    const judged = judge({ where: { takes: ["/admin/*"] }, require: { hosts: ["admin.example.com"] } });
    assert.deepEqual(Object.keys(judged), ["admin-open", "old"]);
    assert.match(
      judge({ require: { takes: ["/orders/:id"] } })["admin-open"] ?? "",
      /^it must take paths of `\/orders\/:id`, but it takes/,
    );
  });

  it("keeps paths on hosts", () => {
    assert.deepEqual(judge({ where: { paths: ["/admin/*"] }, require: { hosts: ["admin.example.com"] } }), {
      "admin-open": "its hosts must be within `admin.example.com`, but it takes any host",
    });
    assert.deepEqual(judge({ where: { names: ["orders"] }, require: { hosts: ["*.example.com"] } }), {});
    assert.deepEqual(judge({ where: { names: ["orders"] }, require: { hosts: ["api.example.com"] } }), {
      orders: "its hosts must be within `api.example.com`, but it takes `*.shop.example.com`",
    });
    assert.deepEqual(judge({ where: { hosts: ["old.example.com"] }, require: { paths: ["/old/*", "/new/*"] } }), {
      old: "its paths must be within `/old/*` or `/new/*`, but it takes `/*`",
    });
  });

  it("demands methods, where a HEAD follows GET and none named is any", () => {
    assert.deepEqual(judge({ where: { methods: ["POST"] }, require: { has: ["bounds"] } }), {
      admin: "it must have `bounds` and has not",
      "admin-open": "it must have `bounds` and has not",
      old: "it must have `bounds` and has not",
    });
    assert.deepEqual(judge({ where: { has: ["methods"] }, require: { onlyMethods: ["GET"] } }), {
      orders: "it may take `GET` alone, but it takes `POST`",
    });
    assert.equal(judge({ require: { onlyMethods: ["GET"] } })["admin"], "it may take `GET` alone, but it takes any method");
    assert.deepEqual(judge({ where: { names: ["read"] }, require: { methods: ["HEAD"] } }), {});
    assert.deepEqual(judge({ where: { names: ["read"] }, require: { methods: ["PUT", "POST"] } }), {
      read: "it must take `PUT` or `POST`, but it takes `GET` alone",
    });
  });

  it("demands upstreams, names and teams", () => {
    assert.deepEqual(judge({ where: { hosts: ["*.example.com"] }, require: { upstreams: ["b"] } }), {
      admin: "`b` must answer, but what answers is `a`",
      old: "`b` must answer, but what answers is a `redirect`",
    });
    assert.deepEqual(Object.keys(judge({ require: { names: ["admin*", "o*d*", "*ead"] } })), []);
    assert.deepEqual(Object.keys(judge({ require: { names: ["*dm*in", "old", "orders"] } })), ["admin-open", "read"]);
    const owned = routes.map((route) => ({ ...route, team: route.name === "old" ? null : "shop" }));
    assert.deepEqual(judge({ require: { teams: ["shop", "x"] } }, owned), {
      old: "it must be of the team `shop` or `x`, but it is of no team",
    });
    assert.match(judge({ require: { teams: ["x"] } }, owned)["admin"] ?? "", /but it is of `shop`$/);
  });

  it("knows alternatives and exclusions", () => {
    const where = { noneOf: [{ names: ["admin*"] }, { has: ["redirect"] }] };
    assert.deepEqual(judge({ where, require: { anyOf: [{ has: ["bounds"] }, { upstreams: ["a"], hosts: ["x.y"] }] } }), {
      read: "one of these must be so: (1) it must have `bounds` and has not, or (2) its hosts must be within `x.y`, but it takes any host, and `a` must answer, but what answers is `b`",
    });
    assert.deepEqual(
      judge({ where: { anyOf: [{ names: ["old"] }, { has: ["cors"] }] }, require: { noneOf: [{ has: ["redirect"], methods: ["GET"] }] } }),
      {
        old: "it must not be that it has `redirect` and it takes `GET`",
      },
    );
  });

  it("carries its reason and its level", () => {
    const parsed = invariant.parse({ name: "i", require: { has: ["hosts"] }, level: "warning", because: "we share the address" });
    const [first] = checkInvariants(routes, [parsed], ["invariants"]).broken;
    assert.equal(first?.code, "SP_CONFIG_INVARIANT_WARNING");
    assert.equal(first?.hint, "the reason: we share the address");
    assert.equal(first?.message, "the route `admin-open` breaks the invariant `i`: it must have `hosts` and has not");
  });

  it("that names no route is idle, one that every route fulfils is not", () => {
    assert.equal(idle({ paths: ["/amdin/*"] }), 1);
    assert.equal(idle({ anyOf: [{ names: ["x"] }, { hosts: ["y.z"] }] }), 1);
    assert.equal(idle({ anyOf: [{ names: ["x"] }, { names: ["old"] }] }), 0);
    assert.equal(idle({ anyOf: [{ names: ["x"] }, { lacks: ["public"] }] }), 0);
    assert.equal(idle({ paths: ["/admin/*"], has: ["auth"] }), 0);
    assert.equal(idle({}), 0);
  });
});
