// What a client may send to have thousands of conditions looked at for one request: each of these once took seconds.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fields } from "../http/index.ts";
import { compileRouter, NO_VARIANT, ROUTE_FOUND, type RouteCondition, type Router } from "./index.ts";

const TENANTS = 3000;

function tenants(on: RouteCondition["on"], beside: readonly RouteCondition[] = []): Router<number> {
  const routes = Array.from({ length: TENANTS }, (_, i) => {
    const own: RouteCondition = { on, name: "tenant", absent: false, values: [`t${i}`] };
    return { name: `r${i}`, hosts: [], paths: ["/a"], methods: [], conditions: [own, ...beside], value: i };
  });
  const { router, issues } = compileRouter(routes);
  assert.deepEqual(issues, []);
  assert.ok(router !== null);
  return router;
}

/** Far above what the work takes where it grows with the request, far below what it takes where it grows with its square. */
function assertQuick(work: () => void): void {
  const start = performance.now();
  work();
  const took = performance.now() - start;
  assert.ok(took < 1500, `took ${took.toFixed(0)} ms`);
}

describe("a request that repeats what conditions look at", () => {
  it("is judged in one pass when it repeats a parameter whose value will do", () => {
    const { router } = compileRouter([
      {
        name: "a",
        hosts: [],
        paths: ["/a"],
        methods: [],
        conditions: [{ on: "query", name: "q", absent: false, values: ["1"] }],
        value: 0,
      },
    ]);
    assert.ok(router !== null);
    const query = `?${"q=1&".repeat(32 * 1024)}`;
    assertQuick(() => assert.equal(router.match("a.x", "/a", "GET", { fields: new Fields(""), query }).outcome, ROUTE_FOUND));
    assert.equal(router.match("a.x", "/a", "GET", { fields: new Fields(""), query: `${query}q=2` }).outcome, NO_VARIANT);
  });

  it("is not tried against every route that names another value than its first", () => {
    const router = tenants("query");
    const query = `?tenant=t7&tenant=t7&tenant=t8&${"b=1&".repeat(64 * 1024)}`;
    assertQuick(() => assert.equal(router.match("a.x", "/a", "GET", { fields: new Fields(""), query }).outcome, NO_VARIANT));
    const same = router.match("a.x", "/a", "GET", { fields: new Fields(""), query: "?tenant=t7&tenant=t7" });
    assert.equal(same.outcome === ROUTE_FOUND && same.name, "r7");
  });

  it("has a preflight's list of names taken apart once, whether or not the name is in it", () => {
    const head = { fields: new Fields(""), query: "" };
    const names = "a,".repeat(128 * 1024);
    const plain = tenants("header");
    assertQuick(() => assert.equal(plain.matchPreflight("a.x", "/a", "GET", names, head).outcome, NO_VARIANT));
    const beta = tenants("header", [{ on: "query", name: "beta", absent: false, values: ["1"] }]);
    assertQuick(() => assert.equal(beta.matchPreflight("a.x", "/a", "GET", `${names}Tenant`, head).outcome, NO_VARIANT));
    assert.equal(beta.matchPreflight("a.x", "/a", "GET", "Tenant", { ...head, query: "?beta=1" }).outcome, ROUTE_FOUND);
  });
});
