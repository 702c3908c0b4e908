import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfig } from "../config/index.ts";
import { loadingHost } from "./loading-host.ts";

const YAML = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
identities: { users: { jwt: { issuer: "https://issuer.test/", audience: api, jwks: { discovery: true } } } }
upstreams: { app: { endpoints: [http://127.0.0.1:3001] } }
routes:
  - { name: open, match: { path: /open }, public: true, upstream: app }
  - { name: closed, match: { path: /closed }, auth: [users], authorize: { cedar: { policies: [one.cedar, two.cedar] } }, upstream: app }
`;

function check(files: Readonly<Record<string, string>>) {
  const readFile = (path: string) => Buffer.from(files[path.split("/").at(-1) ?? ""] ?? "");
  return parseConfig(YAML, "gateway.yaml", { ...loadingHost(), readFile });
}

describe("the loading of a configuration", () => {
  it("finds mistakes in Cedar policies, at the route that names them", () => {
    const { config, issues } = check({ "one.cedar": "permit(principal, action, resource);", "two.cedar": "permit(principal, action" });
    assert.equal(config, null);
    assert.deepEqual(
      issues.map(({ code, path }) => [code, path]),
      [["SP_CONFIG_REFERENCED_FILE", "routes[1].authorize.cedar"]],
    );
    assert.match(issues[0]?.message ?? "", /two\.cedar/);
  });

  it("takes policies that can be read", () => {
    const { config, issues } = check({
      "one.cedar": "permit(principal, action, resource);",
      "two.cedar": "forbid(principal, action, resource) when { false };",
    });
    assert.deepEqual(issues, []);
    assert.notEqual(config, null);
  });
});
