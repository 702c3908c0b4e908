// The explanation and the service are the same code: what one says the other does.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseConfig } from "../../config/index.ts";
import { createTestGateway } from "../../testing/index.ts";
import { Explainer, explainRequest } from "./index.ts";

const CONFIG = `
version: 1
listeners: [{ name: http, address: 127.0.0.1:8080, trustedProxies: [10.0.0.0/8], bounds: { line: 512B } }]
upstreams:
  a: { endpoints: [http://10.1.0.1:80] }
  b: { endpoints: [http://10.1.0.2:80] }
defaults:
  headers: { response: { remove: [Server] } }
  securityHeaders: { contentTypeOptions: nosniff }
apis:
  o: { versionBy: { header: X-Version }, default: "1", versions: { "1": { sunset: 2030-01-01 }, "2": {} } }
routes:
  - { name: items, match: { path: "/items/:id", methods: [GET, PUT] }, public: true, upstream: a, rewrite: { path: "/v2/:id" }, cors: { origins: [https://shop.example.com] } }
  - { name: all-items, match: { path: /items/* }, public: true, upstream: b, rewrite: { stripPrefix: /items, query: { remove: [debug], set: { p: "\${param:*}" } } } }
  - { name: o1, match: { path: /o/* }, api: { name: o, versions: ["1"] }, public: true, upstream: a }
  - { name: o2, match: { path: /o/* }, api: { name: o, versions: ["2"] }, public: true, upstream: b, headers: { request: { set: { X-Key: "\${env:KEY}" } } } }
  - { name: preview, match: { path: /o/*, query: { preview: present } }, public: true, respond: { status: 200, body: preview } }
  - { name: old, match: { hosts: [old.example.com], path: /* }, public: true, redirect: { to: "https://new.example.com/*" } }
  - { name: closed, match: { path: /closed/* }, public: true, maintenance: { retryAfter: 5m, allowFrom: [10.9.0.0/16] }, upstream: a }
  - { name: strict, match: { path: /strict/* }, public: true, upstream: a, paths: { duplicateSlashes: reject, dotSegments: reject }, bounds: { fields: 4 } }
`;

const host = { env: { KEY: "canary-4711" }, readFile: () => assert.fail("reads nothing"), listFolder: () => [], nowMs: 0, lastGood: null };
const { config, issues } = parseConfig(CONFIG, "gateway.yaml", host);

const word = fc.constantFrom("items", "o", "closed", "strict", "a", "7", "%2e%2e", ".", "..", "", "a%2Fb", "x;y", "%61");
const request = fc.record({
  method: fc.constantFrom("GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE"),
  host: fc.constantFrom("api.example.com", "old.example.com", "OLD.example.com:8080"),
  path: fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`),
  query: fc.constantFrom("", "?preview", "?preview=1&debug=2", "?%70review=x", "?debug&p=1", "?a=b"),
  headers: fc.subarray([
    ["X-Version", "2"],
    ["X_Version", "1"],
    ["X-User-Id", "root"],
    ["Origin", "https://shop.example.com"],
    ["Access-Control-Request-Method", "PUT"],
    ["X-HTTP-Method-Override", "DELETE"],
    ["Accept", "text/html"],
  ] as [string, string][]),
  from: fc.constantFrom("203.0.113.7", "10.9.1.1"),
});

describe("an explanation", () => {
  it("agrees with the service on 10,000 random requests: route, status, fault, and what is sent upstream", async () => {
    assert.deepEqual(issues, []);
    assert.ok(config !== null);
    const served = await createTestGateway({ resolved: config, now: new Date(), upstreams: { a: { status: 200 }, b: { status: 200 } } });
    await using explainer = await Explainer.open(config);
    const asked = fc.sample(request, { numRuns: 10_000, seed: 20 });
    for (const { method, host: name, path, query, headers, from } of asked) {
      const text = `${method} http://${name}${path}${query}`;
      const explained = await explainer.explain(text, { headers, from });
      const response = await served.request(text, { headers, from });
      const sent = served.upstreams.flatMap((upstream) => upstream.requests);
      for (const upstream of served.upstreams) upstream.forget();
      assert.deepEqual(
        [
          explained.route,
          explained.response.status,
          explained.response.fault,
          explained.upstream?.name ?? null,
          explained.upstream?.target ?? null,
        ],
        [response.route, response.status, response.fault, sent[0]?.upstream ?? null, sent[0]?.target ?? null],
        text,
      );
      const names = (list: Iterable<readonly [string, string]>) => [...list].map(([key]) => key);
      if (sent[0] !== undefined) assert.deepEqual(names(explained.upstream?.headers ?? []), names(sent[0].headers), text);
      const won = explained.verdicts.filter(({ outcome }) => outcome === "won").map((verdict) => verdict.name);
      assert.deepEqual(won, response.route === null ? [] : [response.route], text);
    }
    await served.close();
  });

  it("is the same whatever the listener speaks", async () => {
    assert.ok(config !== null);
    const modern = { ...config, listeners: config.listeners.map((listener) => ({ ...listener, protocols: ["h2"] as const })) };
    const [one, other] = [await explainRequest(config, "GET http://h/items/7"), await explainRequest(modern, "GET http://h/items/7")];
    assert.equal(one.route, "items");
    const stepsOf = ({ steps }: typeof one) => steps.map(({ policy, side, outcome }) => [policy, side, outcome]);
    assert.deepEqual([other.route, other.verdicts, stepsOf(other)], [one.route, one.verdicts, stepsOf(one)]);
  });

  it("shows no secret of the configuration, and no credentials of the client", async () => {
    assert.ok(config !== null);
    const headers: [string, string][] = [
      ["X-Version", "2"],
      ["Authorization", "Bearer canary-token"],
      ["Cookie", "sid=canary-cookie"],
    ];
    const explained = await explainRequest(config, "GET http://h/o/1", { headers });
    assert.equal(explained.upstream?.name, "b");
    const text = JSON.stringify(explained);
    assert.ok(!text.includes("canary"), text);
    assert.ok(text.includes("***"));
  });

  it("says what each step did, in the order of the phases", async () => {
    assert.ok(config !== null);
    const { steps, verdicts } = await explainRequest(config, "GET http://h/items/../items/7", { headers: [["X-User-Id", "root"]] });
    const did = steps.filter(({ side }) => side === "request").map(({ policy, changes }) => `${policy}: ${changes.join("; ")}`);
    assert.equal(did[0], "normalise: reads the path /items/7");
    assert.equal(did[1], "identity-guard: removes X-User-Id");
    assert.ok(did.includes("rewrite: changes the path from /items/7 to /v2/7"), did.join("\n"));
    assert.equal(verdicts[0]?.name, "items");
    assert.deepEqual([verdicts[1]?.name, verdicts[1]?.outcome], ["all-items", "less-specific"]);
  });

  it("lets the service of a gRPC call say OK, so that the gateway's own part is what is seen", async () => {
    assert.ok(config !== null);
    for (const type of ["application/grpc", "application/grpc+proto"]) {
      const { response } = await explainRequest(config, "POST http://h/o/1", { headers: [["Content-Type", type]] });
      assert.deepEqual([response.status, response.fault], [200, null]);
      assert.equal(new Map(response.headers).get("grpc-status"), "0");
    }
    const failed = await explainRequest(config, "POST http://h/o/1", {
      headers: [["Content-Type", "application/grpc"]],
      upstreamStatus: 503,
    });
    assert.equal(failed.response.fault, "SP_GRPC_ANSWER_UNAVAILABLE");
  });

  it("says which part of a route's rule does not hold, and for whom", async () => {
    const text = `
version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
identities: { users: { basic: { users: { alice: { password: "\${env:PASSWORD}" } } } } }
upstreams: { a: { endpoints: [http://10.1.0.1:80] } }
routes:
  - { name: a, match: { path: /* }, auth: [users], authorize: { allOf: [{ roles: [clerk] }, { scopes: [orders] }] }, upstream: a }
`;
    const salted = `$scrypt$ln=14,r=8,p=1$${Buffer.alloc(16).toString("base64").replaceAll("=", "")}$${Buffer.alloc(32).toString("base64").replaceAll("=", "")}`;
    const authorized = parseConfig(text, "gateway.yaml", { ...host, env: { PASSWORD: salted } });
    assert.ok(authorized.config !== null, JSON.stringify(authorized.issues));
    const saidFor = async (roles: string[], scopes: string[]) => {
      const { response, steps } = await explainRequest(authorized.config as typeof config & object, "GET http://h/x", {
        as: { id: "alice", roles, scopes },
      });
      return [response.fault, ...(steps.find(({ policy }) => policy === "authorize")?.changes ?? [])];
    };
    assert.deepEqual(await saidFor(["clerk"], ["orders"]), [null]);
    assert.deepEqual(await saidFor([], ["orders"]), ["SP_AUTH_FORBIDDEN", "refuses it: rule allOf[0].roles does not hold"]);
    assert.deepEqual(await saidFor(["clerk"], []), ["SP_AUTH_SCOPE", "refuses it: rule allOf[1].scopes: orders is missing"]);
  });
});
