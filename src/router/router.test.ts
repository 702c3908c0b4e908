// The rule of index.ts, sentence by sentence; random-tables.test.ts compares it with a second reading.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileRouter, METHOD_NOT_ALLOWED, ROUTE, ROUTE_FOUND, ROUTE_NOT_FOUND, type RouteDefinition, type Router } from "./index.ts";

function route(name: string, path: string, methods: readonly string[] = [], hosts: readonly string[] = []): RouteDefinition<string> {
  return { name, hosts, paths: [path], methods, conditions: [], value: `value of ${name}` };
}

function compiled(...routes: RouteDefinition<string>[]): Router<string> {
  const { router, issues } = compileRouter(routes);
  assert.deepEqual(issues, []);
  assert.ok(router !== null);
  return router;
}

/** The name of the route that wins, `404`, or `405` with Allow. */
function answer<T>(router: Router<T>, path: string, method = "GET", host = ""): string {
  const match = router.match(host, path, method);
  if (match.outcome === ROUTE_FOUND) return match.name;
  return match.outcome === ROUTE_NOT_FOUND ? "404" : `405 ${match.allow}`;
}

describe("paths", () => {
  it("matches a static path as a whole, with its case and its slash", () => {
    const router = compiled(route("root", "/"), route("a", "/a"), route("slash", "/b/"));
    assert.equal(answer(router, "/"), "root");
    assert.equal(answer(router, "/a"), "a");
    assert.equal(answer(router, "/b/"), "slash");
    for (const path of ["/A", "/a/", "/b", "/a/b", "//", "/ab"]) assert.equal(answer(router, path), "404", path);
  });

  it("gives the value and the name of the route", () => {
    const match = compiled(route("a", "/a")).match("", "/a", "GET");
    assert.ok(match.outcome === ROUTE_FOUND);
    assert.equal(match.value, "value of a");
    assert.ok(Object.isFrozen(match));
  });

  it("takes /x, /x/ and all below for /x/*", () => {
    const router = compiled(route("x", "/x/*"));
    for (const path of ["/x", "/x/", "/x/a", "/x/a/b/", "/x//", "/x//a"]) assert.equal(answer(router, path), "x", path);
    for (const path of ["/", "/xy", "/y/x", "//x"]) assert.equal(answer(router, path), "404", path);
  });

  it("takes every path for /*", () => {
    const router = compiled(route("all", "/*"));
    for (const path of ["/", "//", "/a", "/a/b/"]) assert.equal(answer(router, path), "all", path);
  });

  it("takes one segment that is not empty for a parameter", () => {
    const router = compiled(route("item", "/a/:id"), route("part", "/a/:id/parts/:part"));
    assert.equal(answer(router, "/a/1"), "item");
    assert.equal(answer(router, "/a/1/parts/%20"), "part");
    for (const path of ["/a", "/a/", "/a/1/", "/a/1/parts", "/a/1/parts/", "/a//parts/2"]) assert.equal(answer(router, path), "404", path);
  });

  it("prefers static to parameter to tail, from the left", () => {
    const router = compiled(
      route("static", "/a/b"),
      route("param", "/a/:x"),
      route("tail", "/a/*"),
      route("left", "/a/:x/c"),
      route("right", "/:x/b/c"),
      route("all", "/*"),
    );
    assert.equal(answer(router, "/a/b"), "static");
    assert.equal(answer(router, "/a/z"), "param");
    assert.equal(answer(router, "/a"), "tail");
    assert.equal(answer(router, "/a/b/c"), "left");
    assert.equal(answer(router, "/z/b/c"), "right");
    assert.equal(answer(router, "/z/b"), "all");
  });

  it("comes back from a branch that leads nowhere", () => {
    const router = compiled(route("deep", "/a/b/c/d"), route("param", "/a/:x/c/e"), route("other", "/:y/b/:z/f"), route("tail", "/a/b/*"));
    assert.equal(answer(router, "/a/b/c/d"), "deep");
    assert.equal(answer(router, "/a/b/c/e"), "tail");
    assert.equal(answer(router, "/a/q/c/e"), "param");
    assert.equal(answer(router, "/q/b/c/f"), "other");
    assert.equal(answer(router, "/a/q/c/f"), "404");
  });

  it("does not take the names of object properties for routes", () => {
    const router = compiled(route("a", "/a/:id/b"));
    for (const path of ["/__proto__", "/constructor", "/a/__proto__", "/a/toString/c"]) assert.equal(answer(router, path), "404");
    assert.equal(answer(router, "/a/__proto__/b"), "a");
  });
});

describe("hosts", () => {
  const router = compiled(
    route("exact", "/a", [], ["api.example.com"]),
    route("long", "/a", [], ["*.api.example.com"]),
    route("short", "/a", [], ["*.example.com"]),
    route("any", "/a"),
    route("short b", "/b", [], ["*.Example.com"]),
    route("any c", "/c/*"),
    route("six", "/a", [], ["[::1]"]),
  );

  it("prefers the exact host, then the longer suffix, then no host", () => {
    assert.equal(answer(router, "/a", "GET", "api.example.com"), "exact");
    assert.equal(answer(router, "/a", "GET", "v1.api.example.com"), "long");
    assert.equal(answer(router, "/a", "GET", "www.example.com"), "short");
    assert.equal(answer(router, "/a", "GET", "example.org"), "any");
    assert.equal(answer(router, "/a", "GET", "[::1]"), "six");
    assert.equal(answer(router, "/a", "GET", ""), "any");
  });

  it("takes one label or more for *, never none", () => {
    assert.equal(answer(router, "/b", "GET", "x.example.com"), "short b");
    assert.equal(answer(router, "/b", "GET", "x.y.z.example.com"), "short b");
    assert.equal(answer(router, "/b", "GET", `${"x.".repeat(100)}example.com`), "short b");
    for (const host of ["example.com", "xexample.com", "example.com.x", "com"])
      assert.equal(answer(router, "/b", "GET", host), "404", host);
  });

  it("leaves what a more specific host has no route for to the less specific ones", () => {
    assert.equal(answer(router, "/b", "GET", "api.example.com"), "short b");
    assert.equal(answer(router, "/b", "GET", "x.api.example.com"), "short b");
    assert.equal(answer(router, "/c/d", "GET", "x.api.example.com"), "any c");
  });

  it("forgets nothing between hosts that alternate", () => {
    for (let round = 0; round < 3; round++) {
      assert.equal(answer(router, "/a", "GET", "api.example.com"), "exact");
      assert.equal(answer(router, "/a", "GET", "www.example.com"), "short");
    }
  });

  it("compares hosts before paths", () => {
    const table = compiled(route("host tail", "/*", [], ["h.example"]), route("static", "/a/b"));
    assert.equal(answer(table, "/a/b", "GET", "h.example"), "host tail");
    assert.equal(answer(table, "/a/b", "GET", "other.example"), "static");
  });
});

describe("methods", () => {
  it("prefers a route that names the method to one for any", () => {
    const router = compiled(route("any", "/a"), route("post", "/a", ["POST"]), route("more", "/a", ["PUT", "PATCH"]));
    assert.equal(answer(router, "/a", "POST"), "post");
    assert.equal(answer(router, "/a", "PATCH"), "more");
    assert.equal(answer(router, "/a", "GET"), "any");
    assert.equal(answer(router, "/a", "BREW"), "any");
  });

  it("lets HEAD follow GET unless a route names it", () => {
    const router = compiled(
      route("get", "/a", ["GET"]),
      route("any", "/a"),
      route("get b", "/b", ["GET"]),
      route("head b", "/b", ["HEAD"]),
    );
    assert.equal(answer(router, "/a", "HEAD"), "get");
    assert.equal(answer(router, "/b", "HEAD"), "head b");
    assert.equal(answer(router, "/b", "GET"), "get b");
  });

  it("leaves a method that the more specific path does not take to the less specific one", () => {
    const router = compiled(route("read", "/a/b", ["GET"]), route("item", "/a/:x", ["PUT"]), route("tail", "/a/*", ["DELETE", "PUT"]));
    assert.equal(answer(router, "/a/b", "GET"), "read");
    assert.equal(answer(router, "/a/b", "PUT"), "item");
    assert.equal(answer(router, "/a/b", "DELETE"), "tail");
  });

  it("answers 405 with the sorted methods of all that match, HEAD with GET", () => {
    const router = compiled(
      route("read", "/a/b", ["POST", "GET"]),
      route("tail", "/a/*", ["DELETE"]),
      route("host", "/a/b", ["PUT"], ["h.example"]),
      route("options", "/o/:x", ["OPTIONS"]),
    );
    assert.equal(answer(router, "/a/b", "PATCH"), "405 DELETE, GET, HEAD, POST");
    assert.equal(answer(router, "/a/b", "PATCH", "h.example"), "405 DELETE, GET, HEAD, POST, PUT");
    assert.equal(answer(router, "/a/c", "GET"), "405 DELETE");
    assert.equal(answer(router, "/o/1", "GET"), "405 OPTIONS");
    assert.equal(answer(router, "/z", "GET"), "404");
    assert.equal(router.match("", "/a/b", "get").outcome, METHOD_NOT_ALLOWED);
  });

  it("has a fault for each answer that is no route", () => {
    assert.equal(ROUTE.NOT_FOUND.status, 404);
    assert.equal(ROUTE.METHOD_NOT_ALLOWED.status, 405);
  });
});
