import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfig } from "../../config/index.ts";
import { runRouteTests } from "./index.ts";

const CONFIG = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
counters: { redis: { url: redis://127.0.0.1:1 } }
upstreams: { a: { endpoints: [http://127.0.0.1:3001] } }
rateLimits:
  per-client: { key: ip, fixedWindow: { limit: 3, window: 1m }, store: redis, onStoreFailure: closed }
  evenly: { key: ip, leakyBucket: { rate: 1/s, maxDelay: 2s } }
routes:
  - { name: limited, match: { path: /limited }, public: true, upstream: a, rateLimits: [per-client] }
  - { name: shaped, match: { path: /shaped }, public: true, upstream: a, rateLimits: [evenly] }
`;

describe("route tests of limits", () => {
  it("send a request until it is refused, and begin each anew", async () => {
    const text = `version: 1
config: gateway.yaml
tests:
  - name: three are let through
    request: GET http://h/limited
    repeat: 3
    expect: { status: 200, headers: { X-RateLimit-Remaining: "0" }, upstream: { name: a } }
  - name: another test is counted by itself
    request: GET http://h/limited
    expect: { status: 200, headers: { X-RateLimit-Remaining: "2" } }
  - name: the fourth is refused
    request: GET http://h/limited
    repeat: 4
    expect: { status: 429, fault: SP_LIMIT_EXCEEDED, headers: { Retry-After: "60" }, body: { contains: per-client }, upstream: none }
  - name: slow answers leave the minute as it is
    request: GET http://h/limited
    repeat: 4
    upstream: { delay: 5s }
    expect: { status: 429 }
  - name: whoever is held is answered
    request: GET http://h/shaped
    repeat: 2
    expect: { status: 200 }
`;
    const { issues, results } = await runRouteTests(text, "/tests/routes.yaml", { load: (file) => parseConfig(CONFIG, file) });
    assert.deepEqual(issues, []);
    assert.deepEqual(
      results.map(({ failures }) => failures),
      [[], [], [], [], []],
    );
  });
});
