// Every forged token of the table in test/tokens, sent to a whole gateway: none reaches an upstream, as nobody or as somebody, and nothing of
// it stands in an answer or in the log.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { createTestGateway } from "../../src/testing/index.ts";
import { listAttacks } from "../tokens/attack-cases.ts";
import { AttackKit } from "../tokens/attack-kit.ts";

const kit = new AttackKit(Date.UTC(2026, 5, 1));
const KEYS = "https://id.example.com/keys";

const YAML = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080, bounds: { connectionsPerIp: off } }]
identities:
  users:
    jwt: { issuer: "${kit.issuer}", audience: ${kit.audience}, jwks: { url: "${KEYS}" }, clockSkew: 60s, requiredClaims: [sub, tenant] }
upstreams: { app: { endpoints: [http://127.0.0.1:3001] } }
routes:
  - { name: protected, match: { path: /protected }, auth: [users], upstream: app }
  - { name: optional, match: { path: /optional }, auth: { anyOf: [users], optional: true }, upstream: app }
`;

/** What no header can carry, or is longer than any may be, is refused before anybody reads it as a token. */
function toStatuses(token: string, expected: string): readonly number[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(token)) return [400];
  if (token.length > 32 * 1024 - 200) return [431];
  return expected === "good" ? [200] : [401];
}

describe("a forged token", async () => {
  const gateway = await createTestGateway({ yaml: YAML, now: new Date(kit.nowMs), services: { [KEYS]: { body: kit.keySetText } } });
  after(() => gateway.close());

  const cases = listAttacks(kit);
  for (const [index, { name, token, expected }] of cases.entries()) {
    const [status = 0] = toStatuses(token, expected);
    it(`is answered ${status}: ${name}`, async () => {
      // An address of its own for each: what one may have checked is bounded.
      const from = `198.51.${Math.floor(index / 250)}.${index % 250}`;
      for (const path of ["/protected", "/optional"]) {
        const upstream = gateway.upstream("app");
        upstream.forget();
        const line = `GET ${path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`;
        const { responses, text } = await gateway.raw(Buffer.from(line, "utf8"), { from });
        assert.equal(responses[0]?.status, status, `${path}: ${text.slice(0, 300)}`);
        assert.equal(upstream.requests.length, status === 200 ? 1 : 0);
        if (status === 200) {
          assert.equal(upstream.lastRequest.headers.has("authorization"), false);
          continue;
        }
        const record = JSON.stringify(responses[0]?.record ?? {});
        for (const part of token.split(".").filter((each) => each.length >= 12)) {
          assert.ok(!text.includes(part), "a part of the token stands in the answer");
          assert.ok(!record.includes(part), "a part of the token stands in the log");
        }
      }
    });
  }

  it("is one of at least 150", () => assert.ok(cases.length >= 150));
});
