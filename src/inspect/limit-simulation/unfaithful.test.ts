// What a log can't tell, and that it is told so: limits that count by what the log has not, callers whom nobody looked at, lines of other
// configurations.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfig } from "../../config/index.ts";
import { simulateLimits } from "./index.ts";

const LIMITS = `  per-user: { key: user, fixedWindow: { limit: 2, window: 1m } }
  per-ip: { key: ip, fixedWindow: { limit: 100, window: 1m } }
`;

function toText(limits = LIMITS, uses = "per-ip, per-user", more = ""): string {
  return `version: 1
database: { sqlite: { path: ./keys.db } }
identities: { keys: { apiKey: { header: X-Api-Key } }, other: { apiKey: { header: X-Other } } }
listeners: [{ name: http, address: 127.0.0.1:8080 }]
rateLimits:
${limits}routes:
  - { name: orders, match: { path: /orders }, auth: [keys], rateLimits: [${uses}], respond: { body: a } }
  - { name: open, match: { path: /open }, auth: { anyOf: [keys], optional: true }, rateLimits: [${uses}], respond: { body: a } }
${more}`;
}

let second = 0;

function toLine(more: object = {}): string {
  const time = new Date(Date.UTC(2026, 10, 25, 12, 0, 0, second++)).toISOString();
  const request = { time, listener: "http", client: "192.0.2.1", method: "GET", host: "a", path: "/orders", status: 200, durationMs: 1 };
  return JSON.stringify({ ...request, route: "orders", identity: "keys", principal: "alice", ...more });
}

const NOBODY = { identity: undefined, principal: undefined };

async function simulate(text: string, lines: readonly string[]) {
  const { config, issues } = parseConfig(text, "gateway.yaml");
  assert.ok(config !== null, JSON.stringify(issues));
  const batches = (async function* () {
    yield lines;
  })();
  const report = await simulateLimits(config, [{ name: "log", lines: batches }]);
  const limit = (name: string) => {
    const found = report.limits.find((each) => each.name === name);
    assert.ok(found !== undefined, name);
    return found;
  };
  return { ...report, limit };
}

describe("a limit that counts by what the log has not", () => {
  it("is not simulated, and it is said how many requests come to it", async () => {
    const limits = `  per-client: { key: { header: X-Client }, fixedWindow: { limit: 1, window: 1m } }
  per-org: { key: { claim: org.id }, fixedWindow: { limit: 1, window: 1m } }
`;
    const { limit, requests } = await simulate(toText(limits, "per-client, per-org"), [toLine(), toLine(), toLine()]);
    assert.equal(requests.refused, 0);
    assert.match(limit("per-client").obstacle ?? "", /the header X-Client/);
    assert.match(limit("per-org").obstacle ?? "", /the claim org\.id/);
    assert.deepEqual([limit("per-client").asked, limit("per-org").asked], [3, 3]);
  });

  it("is simulated where the claim is the one that makes the id", async () => {
    const limits = "  per-owner: { key: { claim: owner }, fixedWindow: { limit: 1, window: 1m } }\n";
    const { limit } = await simulate(toText(limits, "per-owner"), [toLine(), toLine({ principal: "bob" }), toLine()]);
    assert.deepEqual([limit("per-owner").obstacle, limit("per-owner").refused], [null, 1]);
  });

  it("is simulated with a doubt where it is about tiers, roles, costs or an owner's keys", async () => {
    const limits = `  per-key:
    key: apiKey
    fixedWindow: { limit: 100, window: 1m }
    tiers: { by: { claim: tier }, of: { gold: { limit: 1000 } } }
    exempt: { roles: [admin] }
    cost: { responseHeader: X-Cost, estimate: 3, most: 10 }
  per-tenant: { key: tenant, fixedWindow: { limit: 100, window: 1m } }
`;
    const { limit } = await simulate(toText(limits, "per-key, per-tenant"), [
      toLine(),
      toLine({ path: "/open", route: "open", ...NOBODY }),
    ]);
    const doubts = limit("per-key").doubts.map(({ reason, requests }) => `${requests} ${reason}`);
    assert.equal(doubts.length, 4);
    for (const part of [
      /^1 its tiers go by the claim tier/,
      /^1 it exempts roles/,
      /^1 the log has an API key's owner/,
      /^2 .*X-Cost.* as 3$/,
    ])
      assert.ok(
        doubts.some((doubt) => part.test(doubt)),
        String(part),
      );
    assert.match(limit("per-tenant").doubts[0]?.reason ?? "", /no line of the log has a tenant/);
  });
});

describe("a request that was refused", () => {
  it("by a limit in front of authentication is not counted for a caller whom nobody knows", async () => {
    const refused = { ...NOBODY, status: 429, fault: "SP_LIMIT_EXCEEDED", detail: "per-ip", refusedBy: ["per-ip"] };
    const { limit, requests } = await simulate(toText(), [toLine(), toLine(refused), toLine({ ...refused, path: "/open", route: "open" })]);
    assert.deepEqual([requests.recorded, requests.noLongerRefused], [2, 2]);
    assert.deepEqual([limit("per-ip").asked, limit("per-user").asked, limit("per-ip").recorded], [3, 1, 2]);
    assert.deepEqual(
      limit("per-user").doubts.map(({ requests: count }) => count),
      [2],
    );
  });

  it("by one of callers as nobody is counted as nobody where that is let in", async () => {
    const nobody = { ...NOBODY, path: "/open", route: "open" };
    const refused = { ...nobody, status: 429, fault: "SP_LIMIT_EXCEEDED", refusedBy: ["per-user"] };
    const { limit, requests } = await simulate(toText(), [toLine(nobody), toLine(nobody), toLine(refused)]);
    assert.deepEqual(
      [requests.refused, requests.newlyRefused, limit("per-user").keys.top],
      [1, 0, [{ name: "anonymous=192.0.2.1", count: 1 }]],
    );
  });

  it("for its credential or its role is counted by address alone", async () => {
    const stranger = { ...NOBODY, status: 401, fault: "SP_AUTH_INVALID" };
    const { limit } = await simulate(toText(), [toLine(stranger), toLine({ status: 403, fault: "SP_AUTH_FORBIDDEN" })]);
    assert.deepEqual([limit("per-ip").asked, limit("per-user").asked, limit("per-user").doubts], [2, 0, []]);
  });

  it("because its route was closed, or answered as a preflight, is counted by no limit of it", async () => {
    const more = `  - { name: shop, match: { path: /shop, methods: [GET] }, public: true, rateLimits: [per-ip], respond: { body: a }, cors: { origins: ["https://a.test"] } }\n`;
    const closed = { status: 503, fault: "SP_MAINTENANCE_CLOSED" };
    const preflight = { ...NOBODY, method: "OPTIONS", path: "/shop", route: "shop", status: 204 };
    const { limit, requests } = await simulate(toText(LIMITS, "per-ip, per-user", more), [toLine(closed), toLine(preflight)]);
    assert.deepEqual([requests.replayed, limit("per-ip").asked], [2, 0]);
  });

  it("before limits could see it is none of theirs", async () => {
    const lines = [
      toLine({ method: "", path: "", status: 400 }),
      toLine({ path: "/%zz", status: 400 }),
      toLine({ method: "OPTIONS", path: "*" }),
    ];
    const { lines: counted, requests } = await simulate(toText(), lines);
    assert.deepEqual([counted.unlimited, requests.replayed, counted.bad], [3, 0, 0]);
  });
});

describe("a line that does not fit the configuration", () => {
  it("is replayed as far as it goes, and told", async () => {
    const lines = [
      toLine({ path: "/nowhere" }),
      toLine({ listener: "gone" }),
      toLine({ identity: "other" }),
      toLine({ identity: "forgotten" }),
    ];
    const { doubts, limit } = await simulate(toText(), lines);
    assert.deepEqual(
      doubts.map(({ requests }) => requests),
      [1, 1, 2],
    );
    assert.equal(limit("per-user").asked, 3);
  });

  it("is taken to a route that asks for headers or queries where the log shows it there", async () => {
    const more = `  - { name: v2, match: { path: /orders, headers: { X-Api-Version: "2" }, query: { mode: fast } }, public: true, rateLimits: [per-ip], respond: { body: a } }\n`;
    const { limit } = await simulate(toText(LIMITS, "per-user", more), [
      toLine(),
      toLine({ route: "v2", ...NOBODY }),
      toLine({ route: "v2", ...NOBODY }),
      toLine({ route: "gone" }),
    ]);
    assert.deepEqual([limit("per-ip").asked, limit("per-user").asked], [2, 2]);
  });

  it("is bad when a part of it is none that a gateway writes", async () => {
    const good = toLine();
    const lines = [
      "",
      "no JSON",
      "[]",
      "null",
      good.replace(/"time":"[^"]*"/, '"time":"yesterday"'),
      toLine({ durationMs: -1 }),
      toLine({ durationMs: "1" }),
      toLine({ client: 4 }),
      toLine({ delayMs: "1" }),
      toLine({ principal: undefined }),
      toLine({ refusedBy: "per-ip" }),
      toLine({ wouldRefuse: [1] }),
      good,
    ];
    const { lines: counted, requests } = await simulate(toText(), lines);
    assert.deepEqual([counted.read, counted.bad, counted.firstBad, requests.replayed], [13, 11, { log: "log", line: 2 }, 1]);
  });
});
