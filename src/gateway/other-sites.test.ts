import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestGateway } from "../testing/index.ts";

const KINDS = {
  bearer: "jwt: { issuer: a, audience: shop, jwks: { url: https://id.example/keys } }",
  field: "jwt: { issuer: a, audience: shop, token: { header: X-Token }, jwks: { url: https://id.example/keys } }",
  jar: "jwt: { issuer: a, audience: shop, token: { cookie: tok }, jwks: { url: https://id.example/keys } }",
  key: "apiKey: { header: X-Api-Key }",
  crumb: "apiKey: { cookie: key }",
  asked: "external: { url: https://id.example/ask, sendHeaders: [Cookie] }",
  shown: "external: { url: https://id.example/ask, sendHeaders: [Authorization, Cookie] }",
  people: 'basic: { users: { bob: { password: "${env:HASH}" } } }',
} as const;
const HASH = `$scrypt$ln=15,r=8,p=3$${"A".repeat(22)}$${"A".repeat(43)}`;

const YAML = `version: 1
gateway: { stateDir: state }
listeners: [{ name: main, address: 127.0.0.1:8080 }]
upstreams: { echo: { endpoints: ["http://10.0.0.1:80"] } }
identities:
${Object.entries(KINDS)
  .map(([name, kind]) => `  ${name}: { ${kind} }`)
  .join("\n")}
routes:
${Object.keys(KINDS)
  .map((name) => `  - { name: ${name}, match: { path: /${name} }, auth: [${name}], upstream: echo }`)
  .join("\n")}
`;

describe("what a page of another site makes a browser send", () => {
  it("counts for nobody where browsers add the credential by themselves", async () => {
    await using gateway = await createTestGateway({ yaml: YAML, env: { HASH } });
    const refused: string[] = [];
    for (const name of Object.keys(KINDS)) {
      const ask = (method: string) =>
        gateway.request(`${method} /${name}`, { headers: { "Sec-Fetch-Site": "cross-site" }, as: { identity: name, id: "alice" } });
      assert.equal((await ask("GET")).status, 200, name);
      const { status } = await ask("POST");
      if (status === 403) refused.push(name);
      else assert.equal(status, 200, name);
    }
    assert.deepEqual(refused, ["jar", "crumb", "asked", "people"]);
  });
});
