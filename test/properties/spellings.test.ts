// What no spelling of a request may change, tried on whole configurations: whose policies run, and what services believe of the client.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkSpellings, createTestGateway } from "../../src/testing/index.ts";

const HEAD = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080, bounds: { connectionsPerIp: off } }]
upstreams: { one: { endpoints: [http://127.0.0.1:3001] }, two: { endpoints: [http://127.0.0.1:3002] } }
`;

const PATHS = {
  "are refused": "{ duplicateSlashes: reject }",
  "are merged": "{ duplicateSlashes: merge }",
  "are kept": "{ duplicateSlashes: keep }",
  "and encoded ones are kept": "{ encodedSlash: keep, duplicateSlashes: keep }",
};

const NESTED = (paths: string) => `${HEAD}
defaults: { paths: ${paths} }
routes:
  - { name: all, match: { path: /* }, public: true, upstream: one }
  - { name: items, match: { path: /items/* }, public: true, upstream: one, timeout: 3s }
  - { name: item, match: { path: /items/:id }, public: true, upstream: two, bounds: { body: 5B } }
  - { name: admin, match: { path: /items/admin/* }, public: true, upstream: one, maintenance: { retryAfter: 1m } }
  - { name: root, match: { path: / }, public: true, upstream: two }
`;

const CONDITIONS = `${HEAD}
defaults: { paths: { duplicateSlashes: merge } }
routes:
  - { name: plain, match: { path: /orders/* }, public: true, upstream: one }
  - { name: second, match: { path: /orders/*, headers: { X-Api-Version: "2" } }, public: true, upstream: two, headers: { request: { set: { X-Edge: "1" } } } }
  - { name: deletes, match: { path: /orders/*, methods: [DELETE] }, public: true, upstream: one }
  - { name: previews, match: { path: /previews/*, query: { preview: present } }, public: true, upstream: two, timeout: 1s }
  - { name: others, match: { path: /previews/* }, public: true, upstream: one, bounds: { body: 5B } }
  - { name: quiet, match: { path: /quiet/*, query: { "de bug": absent } }, public: true, upstream: two }
  - { name: hosts, match: { hosts: ["*.shop.test"], path: /orders/* }, public: true, upstream: two, rewrite: { stripPrefix: /orders } }
`;

async function findings(yaml: string, seed: number, runs = 150) {
  await using gateway = await createTestGateway({ yaml });
  return checkSpellings(gateway, { seed, runs, parameters: true });
}

describe("no spelling of a request", () => {
  for (const seed of [1, 2, 3, 4]) {
    for (const [what, paths] of Object.entries(PATHS)) {
      it(`changes whose policies run where duplicate slashes ${what}, seed ${seed}`, async () => {
        assert.deepEqual(await findings(NESTED(paths), seed), []);
      });
    }
    it(`changes which conditions hold, seed ${seed}`, async () => {
      assert.deepEqual(await findings(CONDITIONS, seed), []);
    });
  }
});

describe("the search", () => {
  it("finds a service that decodes where the gateway is told to keep what it can't tell apart", async () => {
    // The route itself is written with an escape, so the operator is taken at his word.
    const found = await findings(
      `${HEAD}
defaults: { paths: { encodedSlash: keep } }
routes:
  - { name: escaped, match: { path: /a%2Fb }, public: true, upstream: one }
  - { name: plain, match: { path: /a/b }, public: true, upstream: two }
`,
      1,
    );
    assert.ok(
      found.some(({ kind, message }) => kind === "path" && message.includes("one of route plain")),
      JSON.stringify(found),
    );
  });

  it("finds it where limits would refuse nearly all that it tries", async () => {
    const found = await findings(
      `${HEAD.replace("bounds:", "rateLimits: [once], bounds:")}
rateLimits: { once: { key: global, fixedWindow: { limit: 1, window: 1h } } }
defaults: { paths: { encodedSlash: keep } }
routes:
  - { name: escaped, match: { path: /a%2Fb }, public: true, upstream: one, rateLimits: [once] }
  - { name: plain, match: { path: /a/b }, public: true, upstream: two }
`,
      1,
    );
    assert.ok(found.some(({ kind }) => kind === "path"));
  });

  it("finds claims of clients that a listener takes for proxies", async () => {
    const trusting = HEAD.replace("bounds:", "trustedProxies: [203.0.113.0/24], bounds:");
    const found = await findings(
      `${trusting}routes: [{ name: r, match: { path: /* }, public: true, upstream: one, paths: { duplicateSlashes: merge } }]\n`,
      1,
    );
    assert.deepEqual([...new Set(found.map(({ kind }) => kind))], ["field"]);
    assert.ok(
      found.some(({ message }) => message.includes("forwarded")),
      JSON.stringify(found),
    );
  });
});
