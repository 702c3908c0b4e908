import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hashPassword } from "../identity/index.ts";
import { createTestGateway } from "../testing/index.ts";

const YAML = `version: 1
gateway: { stateDir: state }
listeners: [{ name: main, address: 127.0.0.1:8080 }]
identities: { people: { basic: { users: { bob: { password: "\${env:HASH}" } } } } }
upstreams:
  plain: { endpoints: ["http://10.0.0.1:80"] }
  told: { endpoints: ["http://10.0.0.2:80"], internalToken: { audience: told, header: Authorization } }
routes:
  - { name: plain, match: { path: /plain }, auth: { anyOf: [people], optional: true }, upstream: plain }
  - { name: told, match: { path: /told }, auth: [people], upstream: told }
  - { name: open, match: { path: /open }, public: true, upstream: told }
`;

describe("a token of the gateway's in Authorization", () => {
  it("leaves clients their own there, which is judged on every route and seen by no upstream", async () => {
    await using gateway = await createTestGateway({ yaml: YAML, env: { HASH: await hashPassword("right") } });
    const ask = async (path: string, password: string) => {
      const Authorization = `Basic ${Buffer.from(`bob:${password}`).toString("base64")}`;
      return (await gateway.request(`GET ${path}`, { headers: { Authorization } })).status;
    };
    assert.equal(await ask("/plain", "wrong"), 401);
    assert.equal(await ask("/plain", "right"), 200);
    assert.equal(gateway.upstream("plain").requests[0]?.headers.get("Authorization"), null);
    for (const path of ["/told", "/open"]) assert.equal(await ask(path, "right"), 200);
    const told = gateway.upstream("told").requests.map(({ headers }) => headers.get("Authorization") ?? "");
    assert.equal(told.length, 2);
    for (const value of told) assert.match(value, /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
  });
});
