import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestGateway } from "../testing/index.ts";
import { hasOtherReadings, listOtherReadings } from "./other-readings.ts";

describe("other readings of a path", () => {
  it("are none of a plain one", () => {
    for (const path of ["/", "/a/b", "/a/", "/a%20b", "/a%2Eb"]) assert.equal(hasOtherReadings(path), false, path);
  });

  it("are what services make of slashes, parameters and escapes, each alone and together", () => {
    assert.deepEqual(listOtherReadings("/a//b"), ["/a/b"]);
    assert.deepEqual(listOtherReadings("/a;v=1/b;w"), ["/a/b"]);
    assert.deepEqual(listOtherReadings("/a%2Fb"), ["/a/b"]);
    assert.deepEqual(new Set(listOtherReadings("/a%2F/b;x")), new Set(["/a//b;x", "/a%2F/b", "/a//b", "/a/b;x", "/a/b"]));
  });
});

describe("a path that is another route's to some services", () => {
  const yaml = `
version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { a: { endpoints: [http://10.0.0.1] } }
defaults: { paths: { encodedSlash: keep } }
routes:
  - { name: items, match: { path: /items/* }, public: true, upstream: a }
  - { name: admin, match: { path: /items/admin/* }, public: true, upstream: a, headers: { request: { set: { X-Admin: "1" } } } }
  - { name: exact, match: { path: "/:any/" }, public: true, upstream: a }
  - { name: matrix, match: { path: "/map;layer=1" }, public: true, upstream: a }
`;

  for (const path of ["/items//admin/x", "/items/admin;a/x", "/items/admin%2Fx", "/items/admin%3Bx/y", "/items/;/admin", "/;x=1/"]) {
    it(`is refused: ${path}`, async () => {
      await using gateway = await createTestGateway({ yaml });
      const response = await gateway.request(`GET http://h${path}`);
      assert.deepEqual([response.status, response.fault], [400, "SP_ROUTE_PATH_AMBIGUOUS"]);
      assert.equal(gateway.upstream("a").requests.length, 0);
    });
  }

  for (const [path, route] of [
    ["/items//x", "items"],
    ["/items/a;v=1/b", "items"],
    ["/items/a%2Fb", "items"],
    ["/items/admin//x", "admin"],
    ["/items/admin/a;b", "admin"],
    ["/map;layer=1", "matrix"],
  ] as const) {
    it(`passes where every reading is the route's own: ${path}`, async () => {
      await using gateway = await createTestGateway({ yaml });
      const response = await gateway.request(`GET http://h${path}`);
      assert.deepEqual([response.status, response.route], [200, route]);
      assert.equal(gateway.upstream("a").requests[0]?.path, path);
    });
  }
});
