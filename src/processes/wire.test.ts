import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Secret } from "../base/index.ts";
import { type GatewayConfig, parseConfig } from "../config/index.ts";
import { computeGeneration } from "../gateway/index.ts";
import { ConfigAssembly, fromWire, packConfig, toWire, type Wire } from "./wire.ts";

function send(config: GatewayConfig): GatewayConfig {
  const { head, routes } = JSON.parse(JSON.stringify(packConfig(config))) as { head: Wire; routes: Wire[] };
  const assembly = new ConfigAssembly(head);
  for (const batch of routes) assembly.add(batch);
  return assembly.finish();
}

function load(routes: string): GatewayConfig {
  const text = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { app: { endpoints: [http://127.0.0.1:3001] } }
routes:\n${routes}`;
  const { config, issues } = parseConfig(text, "gateway.yaml", {
    env: { KEY: "s3cr3t" },
    readFile: () => new Uint8Array([0, 255, 10]),
    listFolder: () => [],
    nowMs: 0,
    lastGood: null,
  });
  assert.deepEqual(issues, []);
  return config ?? assert.fail();
}

describe("a configuration on the wire", () => {
  it("means the same on the other side, with its secrets and its files", () => {
    const config = load(`  - name: a
    match: { path: /a, headers: { X-Key: "\${env:KEY}" } }
    public: true
    upstream: app
    headers: { request: { set: { X-Token: "\${env:KEY}" } } }
  - { name: b, match: { path: /b }, public: true, respond: { status: 200, file: ./page.bin } }
`);
    const sent = send(config);
    assert.equal(computeGeneration(sent), computeGeneration(config));
    const [first] = sent.routes;
    const token = first?.headers.request.set.find(([name]) => name === "X-Token")?.[1][0];
    assert.ok(token instanceof Secret && token.reveal() === "s3cr3t");
    const action = sent.routes[1]?.action;
    assert.deepEqual(action?.kind === "respond" ? action.respond.body : null, new Uint8Array([0, 255, 10]));
  });

  it("comes in pieces, none of which takes long to read", () => {
    const lines = Array.from(
      { length: 3000 },
      (_, i) => `  - { name: r${i}, match: { path: /r/${i}/:id }, public: true, upstream: app }\n`,
    );
    const config = load(lines.join(""));
    const { head, routes } = packConfig(config);
    assert.ok(routes.length > 10);
    for (const piece of [head, ...routes]) assert.ok(JSON.stringify(piece).length <= 64 * 1024);
    assert.equal(computeGeneration(send(config)), computeGeneration(config));
  });

  it("holds a long text once, however many upstreams have it", () => {
    const config = load("  - { name: a, match: { path: /a }, public: true, upstream: app }\n");
    const [app] = config.upstreams;
    const ca = "a certificate\n".repeat(10_000);
    const tls = { ca, caFile: null, crl: [ca], serverName: "$text", identity: null, minVersion: "TLSv1.2" } as const;
    const upstreams = Array.from({ length: 100 }, (_, i) => ({ ...(app ?? assert.fail()), name: `u${i}`, tls }));
    const sent = send({ ...config, upstreams });
    assert.deepEqual(sent.upstreams, upstreams);
    assert.ok(JSON.stringify(packConfig({ ...config, upstreams })).length < 2 * ca.length);
  });

  it("mistakes no text for a secret and no map for a word of its own", () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.string().map((text) => new Secret(text)),
      fc.uint8Array(),
    );
    const key = fc.oneof(fc.string(), fc.constantFrom("$secret", "$bytes", "$text", "$record", "__proto__", "constructor"));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, depthSize: "small" },
        leaf,
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(key, tie("value"), { noNullPrototype: true, maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(value, (given) => {
        assert.deepEqual(fromWire(JSON.parse(JSON.stringify(toWire(given))) as Wire), given);
      }),
    );
  });

  it("refuses what no configuration holds", () => {
    assert.throws(() => toWire({ run: () => undefined }), /holds no function/);
  });
});
