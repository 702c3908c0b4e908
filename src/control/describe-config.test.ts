import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Secret } from "../base/index.ts";
import { type GatewayConfig, parseConfig } from "../config/index.ts";
import { ADMIN_SCHEMAS } from "./admin-schemas.ts";
import { describeConfig, type RunningFacts } from "./describe-config.ts";

const CANARY = "canary-1f6c";
const CONFIG = `version: 1
gateway: { name: shop, kind: domain }
admin: { address: 127.0.0.1:9901 }
listeners: [{ name: http, address: 127.0.0.1:8080 }]
counters: { redis: { url: redis://${CANARY}.test:6379 } }
identities: { partners: { apiKey: { header: X-${CANARY} } } }
database: { sqlite: { path: /${CANARY}/all.db } }
rateLimits:
  burst: { key: [ip, { header: X-${CANARY}-Too }], tokenBucket: { rate: 5/s, burst: 9 }, exempt: { users: [${CANARY}] }, dryRun: true }
  fleet: { key: user, slidingWindow: { limit: 9, window: 1m }, store: redis, mode: approximate, onStoreFailure: local }
  monthly: { key: user, quota: { limit: 9, per: month }, onStoreFailure: open }
upstreams:
  a: { endpoints: [http://${CANARY}.test:3001] }
routes:
  - name: orders
    match: { hosts: [api.example.com], path: /orders/:id, methods: [GET, POST], headers: { X-Version: "${CANARY}" } }
    auth: [partners]
    rateLimits: [burst, fleet, monthly]
    upstream: a
    headers: { request: { set: { X-Key: ${CANARY} } }, response: { add: { X-Shown: ${CANARY} } } }
  - { name: hello, match: { path: /hello }, public: true, respond: { body: ${CANARY} } }
  - { name: moved, match: { path: /moved }, public: true, redirect: { to: https://${CANARY}.test/ } }
`;
const FACTS: RunningFacts = {
  generation: "3f2a9c417be0d586",
  startedWallMs: Date.UTC(2026, 10, 24),
  version: "1.2.3",
  teams: [],
  listeners: [{ name: "http", address: { host: "127.0.0.1", port: 8080 } }],
};

function parse(): GatewayConfig {
  const { config, issues } = parseConfig(CONFIG, "gateway.yaml");
  assert.deepEqual(issues, []);
  assert.ok(config);
  const [orders, ...others] = config.routes;
  assert.ok(orders);
  const set = [["X-Secret", [new Secret(CANARY)]]] as const;
  return { ...config, routes: [{ ...orders, headers: { ...orders.headers, request: { ...orders.headers.request, set } } }, ...others] };
}

describe("the outline of what runs", () => {
  it("has identities, limits, the routes as they are reached, and what answers", () => {
    const page = JSON.parse(describeConfig(parse(), FACTS)) as Record<string, unknown>;
    assert.deepEqual(page, {
      generation: "3f2a9c417be0d586",
      startedAt: "2026-11-24T00:00:00.000Z",
      version: "1.2.3",
      gateway: { name: "shop", kind: "domain" },
      degraded: false,
      teams: [],
      listeners: [{ name: "http", address: "127.0.0.1:8080" }],
      identities: [{ name: "partners", kind: "apiKey" }],
      rateLimits: [
        { name: "burst", counts: "tokenBucket", key: ["ip", "header"], store: "local", mode: null, onStoreFailure: null, dryRun: true },
        {
          name: "fleet",
          counts: "slidingWindow",
          key: ["user"],
          store: "redis",
          mode: "approximate",
          onStoreFailure: "local",
          dryRun: false,
        },
        { name: "monthly", counts: "quota", key: ["user"], store: "database", mode: null, onStoreFailure: "open", dryRun: false },
      ],
      routes: [
        {
          name: "orders",
          team: null,
          public: false,
          identities: ["partners"],
          rateLimits: ["burst", "fleet", "monthly"],
          action: "upstream",
          upstream: "a",
          hosts: ["api.example.com"],
          paths: ["/orders/:id"],
          methods: ["GET", "POST"],
        },
        {
          name: "hello",
          team: null,
          public: true,
          identities: [],
          rateLimits: [],
          action: "respond",
          upstream: null,
          hosts: [],
          paths: ["/hello"],
          methods: [],
        },
        {
          name: "moved",
          team: null,
          public: true,
          identities: [],
          rateLimits: [],
          action: "redirect",
          upstream: null,
          hosts: [],
          paths: ["/moved"],
          methods: [],
        },
      ],
    });
    const ajv = new Ajv2020({ strict: false, formats: { "date-time": true } });
    assert.ok(ajv.validate(ADMIN_SCHEMAS["Config"]!, page), ajv.errorsText());
  });

  it("has no secret, no value of a header, no body, and no address of an upstream", () => {
    const text = describeConfig(parse(), FACTS);
    assert.equal(text.includes(CANARY), false);
    assert.equal(text.includes("***"), false);
  });

  it("tells when a team's part is not the one of its file", () => {
    const teams = [
      { name: "shop", state: "good" },
      { name: null, state: "kept" },
    ] as const;
    const page = JSON.parse(describeConfig(parse(), { ...FACTS, teams })) as Record<string, unknown>;
    assert.equal(page["degraded"], true);
    assert.deepEqual(page["teams"], teams);
  });
});
