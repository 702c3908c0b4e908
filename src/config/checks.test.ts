// What the corpus in testdata/ can't show: the context of a team's file, the clock, tables beside what they repeat.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CheckContext } from "./check-context.ts";
import { checkMeaning } from "./check-meaning.ts";
import { checkReferences, LISTENER_BOUNDS } from "./checks.ts";
import { parseConfig } from "./index.ts";
import { REFUSED_BY_KIND } from "./kinds.ts";

const GATEWAY = {
  gateway: { kind: "edge", identityHeaders: ["X-Caller"] },
  defaults: { paths: { encodedSlash: "keep" } },
  listeners: [{ name: "http", address: "127.0.0.1:8080", bounds: { line: "1KiB" } }],
  upstreams: { shared: { endpoints: ["http://a"] } },
  apis: { orders: { versionBy: { hostPrefix: "v" }, versions: { 1: {} } } },
};
const PLAIN = { name: "r", match: { path: "/a" }, public: true, upstream: "own" };

function ofTeam(route: object, team: object = { name: "shop" }): string[] {
  const value = { version: 1, team, upstreams: { own: { endpoints: ["http://b"] } }, routes: [{ ...PLAIN, ...route }] };
  return check(value, { nowMs: 0, gateway: GATEWAY });
}

function check(value: unknown, context: CheckContext): string[] {
  return checkReferences(value, context).map(({ code, path }) => `${code} ${path.join(".")}`);
}

describe("the checks of a team's file", () => {
  it("know the gateway's upstreams, identity headers, kind, bounds and path rules", () => {
    assert.deepEqual(ofTeam({}), []);
    assert.deepEqual(ofTeam({ upstream: "shared" }), []);
    assert.deepEqual(ofTeam({ upstream: "sharde" }), ["SP_CONFIG_UNKNOWN_REFERENCE routes.0.upstream"]);
    assert.deepEqual(ofTeam({ headers: { request: { set: { X_Caller: "me" } } } }), [
      "SP_CONFIG_HEADER_REFUSED routes.0.headers.request.set.X_Caller",
    ]);
    assert.deepEqual(ofTeam({ headers: { request: { set: { "X-User-Id": "me" } } } }), []);
    assert.deepEqual(ofTeam({ errors: { upstream: "problem", read: {} } }), ["SP_CONFIG_KIND routes.0.errors.read"]);
    assert.deepEqual(ofTeam({ bounds: { line: "2KiB" } }), ["SP_CONFIG_BOUND_IDLE routes.0.bounds.line"]);
    assert.deepEqual(ofTeam({ match: { path: "/a%2Fb" } }), []);
  });

  it("take the team's hosts where a route names none", () => {
    const route = { api: { name: "orders", versions: ["1"] } };
    assert.deepEqual(ofTeam(route), ["SP_CONFIG_CONTRADICTION routes.0.api"]);
    assert.deepEqual(ofTeam(route, { name: "shop", hosts: ["api.example.com"] }), []);
    assert.deepEqual(ofTeam(route, { name: "shop", hosts: ["*.example.com"] }), ["SP_CONFIG_CONTRADICTION routes.0.api"]);
  });

  it("find an entry that stands twice in what it claims", () => {
    assert.deepEqual(ofTeam({}, { name: "shop", hosts: ["a.b", "A.b"], paths: ["/a", "/a"] }), [
      "SP_CONFIG_DUPLICATE_ENTRY team.hosts.1",
      "SP_CONFIG_DUPLICATE_ENTRY team.paths.1",
    ]);
  });
});

describe("the checks", () => {
  it("let an invariant name an upstream of a team", () => {
    const value = { invariants: [{ name: "i", require: { upstreams: ["own"], anyOf: [{ upstreams: ["shared", "none"] }] } }] };
    const teams = [{ upstreams: { own: {}, shared: {} } }];
    assert.deepEqual(check(value, { nowMs: 0, teams }), ["SP_CONFIG_UNKNOWN_REFERENCE invariants.0.require.anyOf.0.upstreams.1"]);
  });

  it("judge a sunset by the clock that they are given", () => {
    const value = { ...GATEWAY, routes: [{ ...PLAIN, upstream: "shared", lifecycle: { sunset: "2026-06-30" } }] };
    const sunset = Date.UTC(2026, 5, 30);
    assert.deepEqual(check(value, { nowMs: sunset - 1 }), []);
    assert.deepEqual(check(value, { nowMs: sunset }), ["SP_CONFIG_SUNSET_PAST routes.0.lifecycle.sunset"]);
  });

  it("take a value with a reference in it for no template", () => {
    const of = (text: string) =>
      check({ ...GATEWAY, routes: [{ ...PLAIN, upstream: "shared", headers: { request: { set: { X: text } } } }] }, { nowMs: 0 });
    assert.deepEqual(of("Bearer ${env:TOKEN}"), []);
    assert.deepEqual(of("${file:/run/token}"), []);
    assert.deepEqual(of("$${env:TOKEN} ${x}"), ["SP_CONFIG_BAD_TEMPLATE routes.0.headers.request.set.X"]);
  });

  it("blame what came of a mistyped word no second time", () => {
    const of = (route: object) => check({ ...GATEWAY, routes: [route] }, { nowMs: 0 });
    assert.deepEqual(of({ name: "r", match: { path: "/a" }, pubilc: true, upstrem: "shared" }), []);
    assert.deepEqual(of({ name: "r", match: { path: "/a" } }), ["SP_CONFIG_NO_ACCESS routes.0", "SP_CONFIG_MISSING_KEY routes.0.upstream"]);
  });

  it("repeat the bounds of listeners as the schema has them", () => {
    const { config } = parseConfig("version: 1\nlisteners: [{ name: http, address: 127.0.0.1:8080 }]\n", "f.yaml");
    const bounds = config?.listeners[0]?.bounds;
    assert.deepEqual(LISTENER_BOUNDS, { line: bounds?.lineBytes, head: bounds?.headBytes, fields: bounds?.fieldCount });
  });

  it("refuse nothing by kind that every kind is refused", () => {
    for (const { at, kinds } of REFUSED_BY_KIND) assert.ok(kinds.length > 0 && kinds.length < 3, at);
  });
});

describe("what is defined", () => {
  const root = { upstreams: { a: {}, b: {}, c: {} }, routes: [{ upstream: "a" }] };
  const team = { upstreams: { a: {}, d: {} }, routes: [{ split: [{ upstream: "b" }] }] };

  it("is used by the gateway's routes and its teams', what a team defines by its own", () => {
    const findings = checkMeaning(
      [
        { value: root, routes: [] },
        { value: team, routes: [] },
      ],
      [],
    );
    assert.deepEqual(
      findings.map(({ part, finding }) => `${part} ${finding.code} ${finding.path.join(".")}`),
      ["0 SP_CONFIG_UNUSED upstreams.c", "1 SP_CONFIG_UNUSED upstreams.a", "1 SP_CONFIG_UNUSED upstreams.d"],
    );
  });
});

describe("ten thousand mistakes", () => {
  const list = (toItem: (index: number) => unknown) => Array.from({ length: 10_000 }, (_, index) => toItem(index));
  // Some 0.1 s each; quadratic work would take minutes.
  const isQuick = (run: () => number, expected: number) => {
    const started = performance.now();
    assert.equal(run(), expected);
    assert.ok(performance.now() - started < 8000);
  };

  it("in the names of upstreams take no quadratic time", () => {
    const upstreams = Object.fromEntries(list((index) => [`service-${index}`, {}]) as [string, object][]);
    const value = { upstreams, routes: list((index) => ({ ...PLAIN, name: `r${index}`, upstream: `servise-${index}` })) };
    isQuick(() => check(value, { nowMs: 0 }).length, 10_000);
  });

  it("in a list of origins take none", () => {
    const cors = { origins: [...list((index) => `https://a${index}.example.com`), "https://*.example.com"] };
    isQuick(
      () => check({ routes: [{ name: "r", match: { path: "/a" }, public: true, redirect: { to: "/b" }, cors }] }, { nowMs: 0 }).length,
      10_000,
    );
  });

  it("of preflights on one path take none", () => {
    const text = `version: 1\nlisteners: [{ name: h, address: 127.0.0.1:1 }]\nroutes: ${JSON.stringify([
      { name: "r", match: { path: "/a" }, public: true, redirect: { to: "/b" } },
    ])}\n`;
    const [route] = parseConfig(text, "f.yaml").config?.routes ?? [];
    assert.ok(route !== undefined);
    const cors = {
      origins: "*",
      methods: [],
      headers: "*",
      exposeHeaders: [],
      credentials: false,
      maxAgeSeconds: null,
      privateNetwork: false,
    } as const;
    const routes = list((index) => ({
      ...route,
      cors: index === 0 ? null : cors,
      match: { ...route.match, conditions: [{ on: "header" as const, name: "X-V", absent: false, values: [String(index)] }] },
    })) as (typeof route)[];
    isQuick(() => checkMeaning([{ value: {}, routes }], []).length, 9999);
  });
});
