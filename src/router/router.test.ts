// The rule of index.ts, sentence by sentence, and then against the reference on random tables and requests.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compileRouter, METHOD_NOT_ALLOWED, ROUTE, ROUTE_FOUND, ROUTE_NOT_FOUND, type RouteDefinition, type Router } from "./index.ts";
import { matchByReference, type ReferenceRoute } from "./router.reference.ts";

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

const segment = fc.constantFrom("a", "a", "b", "c");
const patternSegment = fc.oneof({ weight: 3, arbitrary: segment }, { weight: 2, arbitrary: fc.constant(":") });
const pathPattern = fc.tuple(fc.array(patternSegment, { maxLength: 4 }), fc.constantFrom("", "", "/", "/*")).map(([segments, end]) => {
  const text = segments.map((part, index) => (part === ":" ? `/:p${index}` : `/${part}`)).join("");
  return text + end === "" ? "/" : text + end;
});
const hosts = fc.uniqueArray(fc.constantFrom("a.x", "b.a.x", "*.x", "*.a.x", "*.B.a.x"), { maxLength: 2 });
const methods = fc.uniqueArray(fc.constantFrom("GET", "HEAD", "POST", "OPTIONS"), { maxLength: 2 });
const tables = fc.array(fc.record({ paths: fc.tuple(pathPattern), hosts, methods }), { minLength: 1, maxLength: 14 });
const requests = fc.array(
  fc.record({
    host: fc.constantFrom("", "a.x", "b.a.x", "c.b.a.x", "c.x", "x", "q"),
    path: fc.array(fc.constantFrom("a", "b", "c", "d", ""), { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join("/")}`),
    method: fc.constantFrom("GET", "HEAD", "POST", "OPTIONS", "PUT"),
  }),
  { minLength: 20, maxLength: 20 },
);

/** The table without the routes that would tie with an earlier one, by the reference's own judgement of each sample. */
function withoutConflicts(table: readonly RouteDefinition<number>[]): RouteDefinition<number>[] {
  let kept = [...table];
  for (;;) {
    const { issues } = compileRouter(kept);
    if (issues.length === 0) return kept;
    const losers = new Set(issues.map((issue) => issue.routes[1]));
    kept = kept.filter(({ name }) => !losers.has(name));
  }
}

describe("the router", () => {
  it("agrees with the reference on random tables and requests", () => {
    fc.assert(
      fc.property(tables, requests, (parts, asked) => {
        const table = withoutConflicts(parts.map((part, index) => ({ ...part, conditions: [], name: `r${index}`, value: index })));
        const { router } = compileRouter(table);
        assert.ok(router !== null);
        for (const { host, path, method } of asked) {
          const expected = matchByReference(table, host, path, method);
          assert.ok(expected.winners.length <= 1, "a table that compiles has no ties");
          const name = expected.winners[0] ?? (expected.allow === "" ? "404" : `405 ${expected.allow}`);
          assert.equal(answer(router, path, method, host), name, `${method} ${host} ${path}`);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("reports a conflict exactly for pairs that tie, with a request that shows it", () => {
    fc.assert(
      fc.property(tables, requests, (parts, asked) => {
        const table = parts.map((part, index) => ({ ...part, conditions: [], name: `r${index}`, value: index }));
        const { issues } = compileRouter(table);
        for (const { code, routes, sample } of issues) {
          assert.equal(code, "SP_ROUTE_CONFLICT");
          assert.ok(sample !== null);
          const { winners } = matchByReference(table, sample.host, sample.path, sample.method);
          for (const name of routes)
            assert.ok(winners.includes(name), `${routes.join(", ")}: ${JSON.stringify(sample)} gives ${winners.join(", ")}`);
        }
        const reported: ReferenceRoute[][] = [];
        for (const { routes } of issues) reported.push(table.filter(({ name }) => routes.includes(name)));
        for (const { host, path, method } of asked) {
          const { winners } = matchByReference(table, host, path, method);
          if (winners.length > 1)
            assert.ok(
              issues.some(({ routes }) => routes.some((name) => winners.includes(name))),
              `${winners.join(", ")} tie unseen`,
            );
        }
      }),
      { numRuns: 1500 },
    );
  });
});
