import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readResponse } from "../../test/kit/index.ts";
import { FakeClock, Secret } from "../base/index.ts";
import { type GatewayConfig, parseConfig } from "../config/index.ts";
import { MemoryLineSink } from "../telemetry/index.ts";
import { MemoryNetwork } from "../transport/index.ts";
import { createGateway, type GatewayHost } from "./index.ts";

const CANARY = "canary-1f6c";
const CONFIG = `version: 1
gateway: { name: shop, kind: domain }
admin: { address: 127.0.0.1:9901 }
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams:
  a: { endpoints: [http://${CANARY}.test:3001] }
routes:
  - name: orders
    match: { hosts: [api.example.com], path: /orders/:id, methods: [GET, POST], headers: { X-Version: "${CANARY}" } }
    public: true
    upstream: a
    headers: { request: { set: { X-Key: ${CANARY} } }, response: { add: { X-Shown: ${CANARY} } } }
  - { name: hello, match: { path: /hello }, public: true, respond: { body: ${CANARY} } }
  - { name: moved, match: { path: /moved }, public: true, redirect: { to: https://${CANARY}.test/ } }
`;

function parse(): GatewayConfig {
  const { config, issues } = parseConfig(CONFIG, "gateway.yaml");
  assert.deepEqual(issues, []);
  assert.ok(config);
  const [orders, ...others] = config.routes;
  assert.ok(orders);
  const set = [["X-Secret", [new Secret(CANARY)]]] as const;
  return { ...config, routes: [{ ...orders, headers: { ...orders.headers, request: { ...orders.headers.request, set } } }, ...others] };
}

async function ask(path: string, host: Partial<GatewayHost> = {}): Promise<{ status: string; body: string; generation: string }> {
  const network = new MemoryNetwork();
  const { transport } = network;
  const gateway = await createGateway(parse(), { transport, clock: new FakeClock(0), logSink: new MemoryLineSink(), ...host });
  let text = "";
  await new Promise<void>((resolve) => {
    const socket = transport.connect(
      { host: "127.0.0.1", port: 9901 },
      {
        onOpen: () => socket.writeText(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
        onData(chunk) {
          text += Buffer.from(chunk).toString("latin1");
        },
        onDrain() {},
        onEnd: () => socket.close(),
        onClose: () => resolve(),
      },
    );
  });
  await gateway.stop(0);
  const response = readResponse(text, 0, "GET", true);
  assert.ok(response);
  return { status: response.startLine, body: response.body, generation: gateway.generation };
}

describe("the admin address's /config", () => {
  it("shows what is running, and its routes in outline", async () => {
    const { status, body, generation } = await ask("/config", { version: "1.2.3" });
    assert.match(status, / 200 /);
    const { startedAt, ...page } = JSON.parse(body) as Record<string, unknown>;
    assert.match(String(startedAt), /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(page, {
      generation,
      version: "1.2.3",
      gateway: { name: "shop", kind: "domain" },
      degraded: false,
      teams: [],
      listeners: [{ name: "http", address: "127.0.0.1:8080" }],
      routes: [
        {
          name: "orders",
          team: null,
          public: true,
          action: "upstream",
          upstream: "a",
          hosts: ["api.example.com"],
          paths: ["/orders/:id"],
          methods: ["GET", "POST"],
        },
        { name: "hello", team: null, public: true, action: "respond", upstream: null, hosts: [], paths: ["/hello"], methods: [] },
        { name: "moved", team: null, public: true, action: "redirect", upstream: null, hosts: [], paths: ["/moved"], methods: [] },
      ],
    });
  });

  it("shows no secret, no value of a header, no body, and no address of an upstream", async () => {
    const { body } = await ask("/config");
    assert.equal(body.includes(CANARY), false);
    assert.equal(body.includes("***"), false);
  });

  it("tells when a team's part is not the one of its file", async () => {
    const teams = [
      { name: "shop", state: "good" },
      { name: "pay", state: "kept" },
    ] as const;
    const page = JSON.parse((await ask("/config", { teams })).body) as Record<string, unknown>;
    assert.equal(page["degraded"], true);
    assert.deepEqual(page["teams"], teams);
  });

  it("shows the generation that /healthz and /readyz show", async () => {
    for (const path of ["/healthz", "/readyz"]) {
      const { body, generation } = await ask(path);
      assert.equal((JSON.parse(body) as Record<string, unknown>)["generation"], generation);
    }
  });
});
