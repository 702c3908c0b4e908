// The whole path anew, and the host that the upstream is told.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import type { RewriteConfig } from "../../config/index.ts";
import { DEFAULT_PATH_RULES } from "../../http/index.ts";
import { normalise } from "../index.ts";
import { compileRewrite } from "./index.ts";

const PLAIN: RewriteConfig = {
  stripPrefix: null,
  addPrefix: null,
  path: null,
  host: { kind: "keep" },
  query: { keepOnly: null, remove: [], set: [] },
};

async function sent(config: Partial<RewriteConfig>, request: string, path = "/old/*"): Promise<{ target: string; host: string }> {
  const policy = compileRewrite({ ...PLAIN, ...config });
  const policies = policy === null ? [] : [policy];
  const stage = await PolicyStage.create({ path, listenerPolicies: [normalise(DEFAULT_PATH_RULES)], policies });
  assert.equal(stage.send(request).status, 200, request);
  const seen = stage.server.seen[0];
  const host = seen?.fields.filter(([name]) => name === "host").map(([, value]) => value) ?? [];
  assert.equal(host.length, 1);
  stage.finish();
  return { target: seen?.startLine.split(" ")[1] ?? "", host: host[0] ?? "" };
}

describe("a rewritten path", () => {
  it("is filled from what the route's path took, and leaves the query", async () => {
    const path = ["/v2/", { param: "*" }];
    assert.equal((await sent({ path }, get("/old"))).target, "/v2");
    assert.equal((await sent({ path }, get("/old/?a=b"))).target, "/v2/?a=b");
    assert.equal((await sent({ path }, get("/old/./x/../%7ey?q=/old"))).target, "/v2/~y?q=/old");
    assert.equal((await sent({ path: ["/", { param: "*" }] }, get("/old//evil.test/x"))).target, "/evil.test/x");
    const byId = [{ param: "id" }, "/", { param: "*" }];
    assert.equal((await sent({ path: ["/items/", ...byId] }, get("/u/7/a/b"), "/u/:id/*")).target, "/items/7/a/b");
  });

  it("is not stripped of a prefix that only some of a route's paths have", async () => {
    const strip = { stripPrefix: "/v2" };
    assert.equal((await sent(strip, get("/v2/orders/1"))).target, "/orders/1");
    assert.equal((await sent(strip, get("/orders/1"))).target, "/orders/1");
    assert.equal((await sent(strip, get("/v22/x"))).target, "/v22/x");
    assert.equal((await sent({ ...strip, addPrefix: "/api" }, get("/orders"))).target, "/api/orders");
  });

  it("goes with an edited query", async () => {
    const query = { keepOnly: null, remove: ["debug"], set: [["from", [{ request: "path" }]]] } as const;
    assert.equal((await sent({ path: ["/new"], query }, get("/old/x?debug=1&a=%7e"))).target, "/new?a=%7e&from=/old/x");
    assert.equal((await sent({ query: { ...query, set: [] } }, get("/old/x?debug=1"))).target, "/old/x");
  });
});

describe("the host for the upstream", () => {
  const without = "GET /old HTTP/1.0\r\n\r\n";

  it("is the client's, unless something is said or it named none", async () => {
    assert.equal((await sent({}, get("/old"))).host, "a.test");
    assert.equal((await sent({}, without)).host, "main.test");
  });

  it("is the endpoint's own", async () => {
    assert.equal((await sent({ host: { kind: "endpoint" } }, get("/old"))).host, "main.test");
    assert.equal((await sent({ host: { kind: "endpoint" } }, without)).host, "main.test");
  });

  it("is the one that is named", async () => {
    const host = { kind: "name", authority: "api.internal:8080" } as const;
    assert.equal((await sent({ host }, get("/old"))).host, "api.internal:8080");
    assert.equal((await sent({ host }, without)).host, "api.internal:8080");
  });
});
