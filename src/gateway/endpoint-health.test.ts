// Health checks of a whole gateway: who is asked, who gets requests then, and what is told of it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GrpcStage } from "../../test/kit/grpc-stage.ts";
import { parseConfig } from "../config/index.ts";

const CHECK = "/grpc.health.v1.Health/Check";
const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

const toYaml = (active: string, endpoints = '"http://10.0.1.1", "http://10.0.1.2"') => `
version: 1
telemetry: { accessLog: off }
listeners: [{ name: http, address: "10.0.0.1:8080" }]
upstreams:
  app: { endpoints: [${endpoints}], protocol: h2, health: { active: { ${active}, interval: 5s, unhealthyAfter: 2 } } }
routes: [{ name: all, match: { path: /* }, public: true, upstream: app }]
`;

function serving(isServing: boolean): Uint8Array {
  return Uint8Array.from([0, 0, 0, 0, 2, 8, isServing ? 1 : 2]);
}

describe("health checks over HTTP/2", () => {
  async function open(): Promise<{ stage: GrpcStage; sick: Set<string>; served: string[]; asked: string[] }> {
    const stage = await GrpcStage.create(toYaml("grpc: { service: a.B }"), 2);
    const sick = new Set<string>();
    const served: string[] = [];
    const asked: string[] = [];
    stage.script = (connection, stream) => {
      const { service } = connection;
      if (stream.field(":path") === CHECK) {
        asked.push(service);
        assert.equal(stream.field("te"), "trailers");
        connection.reply(stream, [serving(!sick.has(service))], [["grpc-status", "0"]]);
      } else {
        served.push(service);
        connection.reply(stream, [], [["grpc-status", "0"]]);
      }
    };
    return { stage, sick, served, asked };
  }

  it("keep requests from an endpoint that does not serve, until it does again", async () => {
    const { stage, sick, served, asked } = await open();
    const ask = async () => {
      served.length = 0;
      for (let i = 0; i < 4; i++) await stage.ask(GET);
      return [...served]
        .sort()
        .map((service) => service.at(-1))
        .join("");
    };
    assert.equal(await ask(), "1122");
    sick.add("10.0.1.1");
    await stage.advance(5000);
    assert.equal(await ask(), "1122", "once is not enough");
    await stage.advance(5000);
    assert.equal(await ask(), "2222");
    assert.deepEqual(stage.told, ["app 10.0.1.1:80 down it says NOT_SERVING"]);
    assert.deepEqual(stage.metrics("sallyport_upstream_endpoint_healthy"), [
      'sallyport_upstream_endpoint_healthy{upstream="app",endpoint="10.0.1.1:80"} 0',
      'sallyport_upstream_endpoint_healthy{upstream="app",endpoint="10.0.1.2:80"} 1',
    ]);
    assert.deepEqual(stage.gateway.status().upstreams[0]?.unhealthy, ["10.0.1.1:80"]);
    sick.clear();
    await stage.advance(10_000);
    assert.equal(await ask(), "1122");
    assert.deepEqual(stage.gateway.status().upstreams[0]?.unhealthy, []);
    assert.deepEqual(stage.told.slice(1), ["app 10.0.1.1:80 up"]);
    assert.equal(asked.length, 8, "each endpoint is asked every five seconds, and nobody else is");
    assert.equal(stage.connections.length, 4, "two for checks, two for requests");
    await stage.stop();
  });

  it("send requests everywhere when no endpoint is well", async () => {
    const { stage, sick, served } = await open();
    for (const service of ["10.0.1.1", "10.0.1.2"]) sick.add(service);
    await stage.advance(10_000);
    assert.equal(stage.told.length, 2);
    for (let i = 0; i < 4; i++) await stage.ask(GET);
    assert.equal(new Set(served).size, 2);
    await stage.stop();
  });

  it("find an endpoint unwell that does not answer, or is not there", async () => {
    const stage = await GrpcStage.create(toYaml("path: /healthz", '"http://10.0.1.1", "http://10.0.1.9"'));
    await stage.advance(11_000);
    assert.deepEqual(stage.told.sort(), [
      "app 10.0.1.1:80 down no answer in time",
      "app 10.0.1.9:80 down The upstream can't be reached. 10.0.1.9:80: ECONNREFUSED",
    ]);
    await stage.stop();
  });

  it("end with the generation that asked for them, and go on over a reload that leaves the upstream as it was", async () => {
    const { stage, asked } = await open();
    const reload = async (yaml: string) => {
      const { config } = parseConfig(yaml, "gateway.yaml");
      assert.ok(config !== null);
      (await stage.gateway.prepare(config)).commit();
      await stage.settle();
    };
    await reload(toYaml("grpc: { service: a.B }").replace("name: all", "name: every"));
    await stage.advance(5000);
    assert.equal(asked.length, 2);
    assert.equal(stage.metrics("sallyport_upstream_endpoint_healthy").length, 2);
    await reload(toYaml("grpc: { service: a.B }").replace(/, health: .* } }\n/, " }\n"));
    await stage.advance(60_000);
    assert.equal(asked.length, 2);
    assert.equal(stage.metrics("sallyport_upstream_endpoint_healthy").length, 0);
    await stage.stop();
  });
});
