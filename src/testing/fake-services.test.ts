// What identities ask others is answered by the test, by URL.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestGateway, type ServiceHandler } from "./index.ts";

const ENDPOINT = "https://id.test/introspect";
const YAML = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
identities: { opaque: { introspection: { url: "${ENDPOINT}", clientId: gateway, clientSecret: "\${env:SECRET}" } } }
upstreams: { orders: { endpoints: [http://127.0.0.1:3001] } }
routes: [{ name: orders, match: { path: /orders/* }, auth: [opaque], upstream: orders }]
`;

async function ask(services: Record<string, ServiceHandler>) {
  await using gateway = await createTestGateway({ yaml: YAML, env: { SECRET: "of the gateway's" }, services });
  const response = await gateway.request("GET http://shop.test/orders/7", { headers: { Authorization: "Bearer of-alice" } });
  const user = gateway.upstream("orders").requests[0]?.headers.get("x-user-id");
  return {
    status: response.status,
    detail: response.record?.detail ?? "",
    user,
    asked: gateway.serviceCalls.map(({ body, url }) => ({ body, url })),
  };
}

describe("the services of a test", () => {
  it("answer for others, and what they were asked can be seen", async () => {
    const seen = await ask({ [ENDPOINT]: ({ method }) => ({ json: { active: method === "POST", sub: "alice" } }) });
    assert.deepEqual([seen.status, seen.user], [200, "alice"]);
    assert.deepEqual(
      seen.asked.map(({ url }) => url),
      [ENDPOINT],
    );
    assert.match(seen.asked[0]?.body ?? "", /^token=of-alice/);
  });

  it("are down when the test says so, or says nothing of them", async () => {
    const down = await ask({ [ENDPOINT]: "down" });
    assert.equal(down.status, 503);
    assert.match(down.detail, /https:\/\/id\.test\/introspect can't be reached/);
    const unnamed = await ask({});
    assert.equal(unnamed.status, 503);
    assert.match(unnamed.detail, /no service is played at https:\/\/id\.test\/introspect/);
  });
});
