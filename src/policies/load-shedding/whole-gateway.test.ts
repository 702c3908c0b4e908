// Load shedding in a whole gateway, from its configuration to its metrics, before a service that does only so much.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestGateway, hang, type TestGateway, type UpstreamHandler } from "../../testing/index.ts";

function configure(gatewayShedding: string, upstreamShedding: string): string {
  return `version: 1
gateway: { loadShedding: ${gatewayShedding} }
listeners: [{ name: main, address: 127.0.0.1:8080 }]
upstreams: { shop: { endpoints: ["http://10.0.0.1:80"], pool: { connections: 512 }, loadShedding: ${upstreamShedding} } }
rateLimits: { all: { key: global, fixedWindow: { limit: 100000, window: 1d } } }
routes:
  - { name: checkout, match: { path: /checkout }, public: true, upstream: shop, priority: critical, rateLimits: [all] }
  - { name: export, match: { path: /export }, public: true, upstream: shop, priority: low, rateLimits: [all] }
`;
}

const SHEDDING = "{ minimum: 4, maximum: 200, tolerance: 2, retryAfter: 3s }";

/** Eight at once, 40 ms each: 200 a second. The others wait for their turn. */
function eightWorkers(gateway: () => TestGateway): UpstreamHandler {
  const freeAtMs = new Array<number>(8).fill(0);
  return () => {
    const nowMs = gateway().clock.now.getTime();
    freeAtMs.sort((a, b) => a - b);
    const endMs = Math.max(nowMs, freeAtMs[0] ?? 0) + 40;
    freeAtMs[0] = endMs;
    return { delay: endMs - nowMs };
  };
}

async function overload(gateway: TestGateway, forMs: number, paths: readonly string[]) {
  const counts = new Map(paths.map((path) => [path, { good: 0, refused: 0, codes: new Set<unknown>() }]));
  const latencies: number[] = [];
  const waiting: Promise<void>[] = [];
  for (let atMs = 0; atMs < forMs; atMs += 10) {
    for (const path of paths) {
      const count = counts.get(path) ?? assert.fail();
      const sentMs = gateway.clock.now.getTime();
      const request = gateway.request(`GET ${path}`).then((response) => {
        if (response.status === 200) {
          count.good++;
          latencies.push(gateway.clock.now.getTime() - sentMs);
          return;
        }
        count.refused++;
        count.codes.add((response.json() as { code: unknown }).code);
        assert.equal(response.headers.get("Retry-After"), "3");
      });
      waiting.push(request);
    }
    await gateway.clock.advance(10);
  }
  for (let i = 0; i < 100; i++) await gateway.clock.advance(10);
  await Promise.all(waiting);
  latencies.sort((a, b) => a - b);
  return { counts, p99Ms: latencies[Math.floor(0.99 * latencies.length)] ?? Number.NaN };
}

for (const [where, config, code, name] of [
  ["an upstream", configure("off", SHEDDING), "SP_OVERLOADED_UPSTREAM", "shop"],
  ["the gateway", configure(SHEDDING, "off"), "SP_OVERLOADED_GATEWAY", ""],
] as const) {
  describe(`a gateway that sheds load for ${where}`, () => {
    it("answers of twice what the service does the important quarter, quickly, and of the rest what else it can do", async () => {
      let gateway: TestGateway | null = null;
      const handler = eightWorkers(() => gateway ?? assert.fail());
      gateway = await createTestGateway({ yaml: config, upstreams: { shop: handler } });
      await overload(gateway, 1000, ["/checkout"]);
      const { counts, p99Ms } = await overload(gateway, 4000, ["/checkout", "/export", "/export", "/export"]);
      const checkout = counts.get("/checkout") ?? assert.fail();
      const exported = counts.get("/export") ?? assert.fail();
      assert.ok(checkout.refused <= 0.02 * checkout.good, `${checkout.refused} of ${checkout.good}`);
      assert.ok(checkout.good + exported.good > 0.9 * 800, `${checkout.good} + ${exported.good}`);
      assert.ok(exported.refused > 0.3 * (exported.good + exported.refused), `${exported.refused}, ${exported.good} answered`);
      assert.ok(p99Ms < 250, `${p99Ms} ms`);
      assert.deepEqual([...exported.codes], [code]);
      const metrics = gateway.metrics();
      assert.equal(metrics.value("sallyport_load_shedding_in_flight", { upstream: name }), 0);
      assert.ok(metrics.value("sallyport_load_shedding_limit", { upstream: name }) >= 8);
      const refused = metrics.value("sallyport_load_shedding_refused_total", { upstream: name, priority: "low" });
      assert.equal(refused, exported.refused);
      await gateway.close();
    });
  });
}

describe("places", () => {
  it("are taken by no stream that is open: as many are let in as come", async () => {
    await using gateway = await createTestGateway({
      yaml: configure("off", "{ minimum: 1, maximum: 1 }"),
      upstreams: { shop: { headers: { "Content-Type": "text/event-stream" }, chunks: ["data: 1\n\n", "data: 2\n\n"], every: "1h" } },
    });
    const connections = Array.from({ length: 5 }, () => gateway.connect());
    for (const connection of connections) {
      connection.send("GET /checkout HTTP/1.1\r\nHost: a.test\r\n\r\n");
      await gateway.settle();
      assert.match(connection.text, /^HTTP\/1\.1 200 /);
    }
    assert.equal(gateway.metrics().value("sallyport_load_shedding_in_flight", { upstream: "shop" }), 0);
  });

  it("that are refused by the gateway count for no limit behind it", async () => {
    await using gateway = await createTestGateway({
      yaml: configure("{ minimum: 1, maximum: 1 }", "off").replace("limit: 100000", "limit: 2"),
      upstreams: { shop: () => hang() },
    });
    const first = gateway.connect();
    first.send("GET /checkout HTTP/1.1\r\nHost: a.test\r\n\r\n");
    for (let i = 0; i < 5; i++) assert.equal((await gateway.request("GET /checkout")).status, 503);
    first.close();
    await gateway.clock.advance("2s");
    gateway.upstream("shop").handle({});
    assert.deepEqual([(await gateway.request("GET /checkout")).status, (await gateway.request("GET /checkout")).status], [200, 429]);
  });
});
