// What compileRouter refuses and how it says so.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileRouter, ROUTE_FOUND, type RouteCondition, type RouteDefinition, type RouteIssue } from "./index.ts";

function route(name: string, path: string, methods: readonly string[] = [], hosts: readonly string[] = []): RouteDefinition<null> {
  return { name, hosts, paths: [path], methods, conditions: [], value: null };
}

function issuesOf(...routes: RouteDefinition<null>[]): readonly RouteIssue[] {
  return compileRouter(routes).issues;
}

function codes(...routes: RouteDefinition<null>[]): string[] {
  return issuesOf(...routes).map(({ code, routes: names }) => `${code} ${names.join(" ")}`);
}

describe("patterns", () => {
  it("refuses paths outside the language", () => {
    const bad = [
      "",
      "a",
      "*",
      "/a*",
      "/*/a",
      "/a/**",
      "/:",
      "/:1",
      "/:a-b",
      "/a/:x.json",
      "/:x/:x",
      "/a//b",
      "/a//*",
      "//",
      "//*",
      "/a?b",
      "/a#b",
      "/a b",
      "/{id}",
      "/é",
    ];
    for (const path of bad) assert.deepEqual(codes(route("r", path)), ["SP_ROUTE_PATH r"], path);
  });

  it("refuses paths in a spelling that no normal form has", () => {
    for (const path of ["/%61", "/%c3%a9", "/a/../b", "/./a", "/a/.", "/a\\b", "/%00", "/%C0%AF", "/..;/a"]) {
      assert.deepEqual(codes(route("r", path)), ["SP_ROUTE_PATH r"], path);
    }
    assert.match(issuesOf(route("r", "/%7euser/*"))[0]?.message ?? "", /is spelt `\/~user\/\*`|is spelt \/~user/);
    assert.deepEqual(codes(route("r", "/%C3%A9/%2F/:x/a;v=1/*")), []);
  });

  it("bounds the segments of a path", () => {
    assert.deepEqual(codes(route("r", `${"/a".repeat(64)}/*`)), []);
    assert.deepEqual(codes(route("r", "/a".repeat(65))), ["SP_ROUTE_PATH r"]);
  });

  it("refuses hosts outside the language", () => {
    for (const host of [
      "",
      "*",
      "*.",
      "a.*",
      "**.a",
      "*a.b",
      "*.*.a",
      "a:80",
      "[::1]:80",
      "a.",
      "a..b",
      "a/b",
      "http://a",
      "127.1",
      "::1",
    ]) {
      assert.deepEqual(codes(route("r", "/", [], [host])), ["SP_ROUTE_HOST r"], host);
    }
    assert.deepEqual(codes(route("r", "/", [], ["A.b", "*.B", "127.0.0.1", "[::1]", "_x.y"])), []);
  });

  it("refuses methods that are not upper-case tokens", () => {
    for (const method of ["", "get", "GE T", "G,T", "A".repeat(33)])
      assert.deepEqual(codes(route("r", "/", [method])), ["SP_ROUTE_METHOD r"], method);
    assert.deepEqual(codes(route("r", "/", ["M-SEARCH", "VERSION-CONTROL"])), []);
  });

  it("reports everything at once and gives no router", () => {
    const result = compileRouter([route("a", "x", ["get"], ["*"]), route("b", "/b"), route("c", "/b")]);
    assert.equal(result.router, null);
    assert.deepEqual(result.issues.map(({ code }) => code).sort(), [
      "SP_ROUTE_CONFLICT",
      "SP_ROUTE_HOST",
      "SP_ROUTE_METHOD",
      "SP_ROUTE_PATH",
    ]);
  });

  it("compiles an empty table", () => {
    assert.deepEqual(compileRouter([]).router?.match("a", "/", "GET"), { outcome: 2, allow: "" });
  });
});

describe("conflicts", () => {
  it("names both routes and a request that both match", () => {
    assert.deepEqual(issuesOf(route("a", "/x/:id", ["GET", "PUT"]), route("b", "/x/:name", ["PUT", "POST"])), [
      {
        code: "SP_ROUTE_CONFLICT",
        routes: ["a", "b"],
        message: "routes a and b both match PUT http://x1/x/x1 and neither is more specific",
        sample: { method: "PUT", host: "x1", anyHost: true, path: "/x/x1", query: "", headers: [] },
      },
    ]);
  });

  it("finds them under each kind of host, upper case folded", () => {
    assert.equal(issuesOf(route("a", "/", [], ["a.B"]), route("b", "/", [], ["A.b", "c"]))[0]?.sample?.host, "a.b");
    assert.equal(issuesOf(route("a", "/", [], ["*.b"]), route("b", "/", [], ["*.b"]))[0]?.sample?.host, "x.b");
    assert.equal(issuesOf(route("a", "/"), route("b", "/"))[0]?.sample?.host, "x");
  });

  it("shows a request that no more specific route takes away", () => {
    const [issue] = issuesOf(
      ...["GET", "POST", "PUT", "PATCH"].map((method) => route(method, "/x/*", [method])),
      route("a", "/x/*"),
      route("b", "/x/*"),
      route("c", "/x"),
      route("d", "/x/"),
      route("e", "/x/:y"),
      route("f", "/x/:y/*"),
    );
    assert.deepEqual(issue?.routes, ["a", "b"]);
    assert.deepEqual(issue?.sample, { method: "DELETE", host: "x1", anyHost: true, path: "/x//x1", query: "", headers: [] });
  });

  it("sees none where the host, the shape or the method decides", () => {
    assert.deepEqual(codes(route("a", "/x"), route("b", "/x/")), []);
    assert.deepEqual(codes(route("a", "/x/:a"), route("b", "/x/:a/*")), []);
    assert.deepEqual(codes(route("a", "/x", ["GET"]), route("b", "/x", ["HEAD"]), route("c", "/x"), route("d", "/x", ["POST"])), []);
    assert.deepEqual(codes(route("a", "/x", [], ["a.b"]), route("b", "/x", [], ["*.b"]), route("c", "/x")), []);
  });

  it("lets a route name a host or a method twice", () => {
    assert.deepEqual(codes(route("a", "/x", ["GET", "GET"], ["a", "A"])), []);
  });

  it("reports each further route once", () => {
    assert.equal(issuesOf(...Array.from({ length: 50 }, (_, index) => route(`r${index}`, "/x"))).length, 49);
  });
});

describe("overlap", () => {
  /** Every combination of `a` and a parameter over `depth` segments: one request can walk all of them. */
  function doubling(depth: number): RouteDefinition<null>[] {
    return Array.from({ length: 2 ** depth }, (_, bits) => {
      const segments = Array.from({ length: depth }, (_, at) => (bits & (1 << at) ? "a" : `:p${at}`));
      return route(`r${bits}`, `/${segments.join("/")}/end`);
    });
  }

  it("refuses a table in which one request could take more than 1,024 steps", () => {
    assert.deepEqual(codes(...doubling(8)), []);
    const [issue] = issuesOf(...doubling(9));
    assert.equal(issue?.code, "SP_ROUTE_OVERLAP");
    assert.match(issue.message, /could take 1533 steps/);
  });
});

describe("routes that never win", () => {
  const asking = (name: string, ...conditions: RouteCondition[]) => ({ ...route(name, "/x"), conditions });
  const header = (name: string, ...values: string[]): RouteCondition => ({ on: "header", name, absent: false, values });
  const version = (value: string): RouteCondition => ({ on: "mediaType", name: "application/vnd.a", absent: false, values: [value] });

  it("are told with those that take their requests, and with no others", () => {
    const [issue] = issuesOf(
      asking("dead", { on: "header", name: "X-A", absent: false, values: null }),
      asking("one", header("X-A", "1"), { on: "query", name: "q", absent: false, values: null }),
      asking("two", header("X-A", "1"), { on: "query", name: "q", absent: true, values: [] }),
      asking("three", { on: "header", name: "X-A", absent: false, values: null }, { on: "query", name: "q", absent: true, values: [] }),
      asking("four", { on: "header", name: "X-A", absent: false, values: null }, { on: "query", name: "q", absent: false, values: null }),
      asking("without", { on: "header", name: "X-A", absent: true, values: [] }, { on: "query", name: "q", absent: true, values: [] }),
      { ...asking("posts", header("X-A", "1"), header("X-B", "1")), methods: ["POST"] },
    );
    assert.equal(issue?.code, "SP_ROUTE_UNREACHABLE");
    assert.deepEqual(issue.routes, ["dead", "one", "two", "three", "four"]);
  });

  it("are found where Accept says the version, or another than the one asked for", () => {
    assert.deepEqual(
      codes(asking("a", header("Accept", "application/vnd.a.v1")), asking("b", header("accept", "application/vnd.a.v1"), version("1"))),
      ["SP_ROUTE_UNREACHABLE a b"],
    );
    assert.deepEqual(codes(asking("a", header("Accept", "application/vnd.a.v2"), version("1"))), ["SP_ROUTE_UNREACHABLE a"]);
    assert.deepEqual(codes(asking("a", header("Accept", "application/vnd.a.v2")), asking("b", version("1"))), []);
  });

  it("clash over a version that Content-Type says where Accept says none", () => {
    const [issue] = issuesOf(asking("a", header("Accept", "text/html")), asking("b", version("1")));
    assert.deepEqual(issue?.sample?.headers, [
      ["Accept", "text/html"],
      ["Content-Type", "application/vnd.a.v1+json"],
    ]);
  });
});

describe("size", () => {
  it("proves 10,000 routes of one path that differ by a header's value", () => {
    const tenants = Array.from({ length: 10_000 }, (_, index) => ({
      ...route(`r${index}`, "/x"),
      conditions: [{ on: "header", name: "X-Tenant", absent: false, values: [`t${index}`] }] as const,
    }));
    // Pair by pair it took half a minute.
    const started = performance.now();
    assert.deepEqual(compileRouter(tenants).issues, []);
    assert.ok(performance.now() - started < 5000);
  });

  it("compiles 10,000 routes within a second", () => {
    const table = Array.from({ length: 10_000 }, (_, index) =>
      route(`r${index}`, `/s${index % 500}/:id/part${index}/*`, index % 2 ? ["GET"] : []),
    );
    const started = performance.now();
    const { router } = compileRouter(table);
    assert.ok(performance.now() - started < 1000);
    const match = router?.match("h", "/s499/7/part9999/a/b", "HEAD");
    assert.ok(match?.outcome === ROUTE_FOUND && match.name === "r9999");
  });
});
