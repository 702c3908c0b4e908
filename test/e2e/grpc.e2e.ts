// gRPC through the gateway by the real client and server of grpc-js, plain and over TLS on either side; and what the gateway itself says
// to a gRPC client.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { declareGrpcSuite, failureOf, GrpcClient, metadataOf, seen, statusOf } from "./grpc-suite.ts";
import { Http2Gateway, type Pair, type ServiceProcess, startOnNode, writePair } from "./http2-gateway.ts";
import { RUNTIME, Stage, waitFor } from "./processes.ts";

const ROUTE_MS = 400;

/** Routes by service, as gRPC has no prefix that could be taken off. */
const ROUTES = [
  "  - { name: suite, match: { path: /test.Suite/* }, public: true, upstream: suite, timeout: off }",
  `  - { name: short, match: { path: /test.Suite/Hang, headers: { x-short: "1" } }, public: true, upstream: suite, timeout: ${ROUTE_MS}ms }`,
  "  - { name: gone, match: { path: /test.Gone/* }, public: true, upstream: gone }",
  "  - { name: web, match: { path: /test.Web/* }, public: true, upstream: web }",
  '  - { name: frail, match: { path: /test.Suite/Download, headers: { x-frail: "1" } }, public: true, upstream: frail }',
];

const WAYS = [
  { title: "plain on both sides", port: "plain", upstream: "plain" },
  { title: "over TLS to the gateway", port: "tls", upstream: "plain" },
  { title: "over TLS on both sides", port: "tls", upstream: "tls" },
] as const;

describe(`gRPC on ${RUNTIME}`, { skip: whyNoForge() }, () => {
  const stage = new Stage();
  let pair: Pair;
  let frail: ServiceProcess;
  const gateways = new Map<string, Http2Gateway>();

  before(async () => {
    pair = writePair(stage);
    const suites = {
      plain: await startOnNode(stage, "grpc-service.ts"),
      tls: await startOnNode(stage, "grpc-service.ts", pair.cert, pair.key),
    };
    frail = await startOnNode(stage, "grpc-service.ts");
    const web = await stage.startService();
    for (const [way, { port }] of Object.entries(suites)) {
      const gateway = await Http2Gateway.start(stage, {
        pair,
        upstreams: {
          suite: { url: `${way === "tls" ? "https" : "http"}://127.0.0.1:${port}`, protocol: "h2" },
          gone: { url: "http://127.0.0.1:1", protocol: "h2" },
          frail: { url: `http://127.0.0.1:${frail.port}`, protocol: "h2" },
          web: { url: web, protocol: "http/1.1" },
        },
        routes: ROUTES,
        accessLog: true,
      });
      gateways.set(way, gateway);
    }
  });

  after(() => stage.stop());

  function gatewayOf(upstream: string): Http2Gateway {
    const gateway = gateways.get(upstream);
    if (gateway === undefined) throw new Error(`no gateway for ${upstream}`);
    return gateway;
  }

  function connect(upstream: string, port: "plain" | "tls"): GrpcClient {
    const gateway = gatewayOf(upstream);
    if (port === "plain") return new GrpcClient(`127.0.0.1:${gateway.plainPort}`, grpc.credentials.createInsecure());
    const credentials = grpc.credentials.createSsl(Buffer.from(pair.certPem));
    return new GrpcClient(`127.0.0.1:${gateway.tlsPort}`, credentials, { "grpc.ssl_target_name_override": "localhost" });
  }

  for (const { title, port, upstream } of WAYS) {
    describe(title, () => {
      let client: GrpcClient;
      before(() => {
        client = connect(upstream, port);
      });
      after(() => client.close());
      declareGrpcSuite(title, () => client);
    });
  }

  describe("what the gateway adds and answers", () => {
    let client: GrpcClient;
    before(() => {
      client = connect("plain", "plain");
    });
    after(() => client.close());

    it("the service sees te: trailers, who called and for whom", async () => {
      const { message } = await client.unary("/test.Suite/Describe", "");
      const { metadata } = JSON.parse(String(message));
      assert.equal(metadata["x-forwarded-for"], "127.0.0.1");
      assert.match(metadata.via, /^2\.0 sallyport/);
      assert.match(metadata["user-agent"], /^grpc-node-js/);
    });

    it("a service that nobody routes is UNIMPLEMENTED", async () => {
      const error = await failureOf(client.unary("/test.Nowhere/Call", ""));
      assert.equal(error.code, grpc.status.UNIMPLEMENTED);
      assert.match(error.details, /SP_ROUTE_NOT_FOUND/);
    });

    it("an upstream that is not there is UNAVAILABLE, and the call is not left hanging", async () => {
      const error = await failureOf(client.unary("/test.Gone/Call", ""));
      assert.equal(error.code, grpc.status.UNAVAILABLE);
      assert.match(error.details, /SP_UPSTREAM_CONNECT_FAILED/);
    });

    it("an answer that is not gRPC becomes a status", async () => {
      const error = await failureOf(client.unary("/test.Web/Call", ""));
      assert.equal(error.code, grpc.status.UNKNOWN);
    });

    for (const [what, clientMs] of [
      ["no deadline, and none is made up for the service", null],
      ["a later one, and the service is told the sooner", 30_000],
    ] as const) {
      it(`the route's timeout bounds a call that has ${what}`, async () => {
        const id = `route-deadline-${clientMs}`;
        const error = await failureOf(client.unary("/test.Suite/Hang", "", metadataOf({ id, "x-short": "1" }), clientMs));
        assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
        await waitFor(async () => (await seen(client, id))?.isCancelled === true, 5000, "the service hears of it");
        const deadlineMs = (await seen(client, id))?.deadlineMs ?? null;
        if (clientMs === null) assert.equal(deadlineMs, null);
        else assert.ok(deadlineMs !== null && deadlineMs <= ROUTE_MS, `the service was told ${deadlineMs}`);
      });
    }

    it("a malformed deadline is refused", async () => {
      const error = await failureOf(client.unary("/test.Suite/Echo", "", metadataOf({ "grpc-timeout": "soon" }), null));
      assert.ok(error.code === grpc.status.INTERNAL || error.code === grpc.status.INVALID_ARGUMENT, String(error));
    });

    it("a service that dies within a stream is UNAVAILABLE", async () => {
      const call = client.download("/test.Suite/Download", "-1 1000", metadataOf({ "x-frail": "1" }));
      const status = statusOf(call);
      await new Promise((resolve) => call.once("data", resolve));
      await frail.stop();
      call.resume();
      assert.equal((await status).code, grpc.status.UNAVAILABLE);
    });

    it("metrics and the access log know the status of each call", async () => {
      const gateway = gatewayOf("plain");
      const statuses = ["OK", "CANCELLED", "DEADLINE_EXCEEDED", "UNAUTHENTICATED"];
      for (const status of statuses) {
        await waitFor(
          async () => (await gateway.count("sallyport_grpc_requests_total", 'route="suite"', `status="${status}"`)) > 0,
          5000,
          `${status} is counted`,
        );
      }
      await waitFor(() => /"grpcStatus":/.test(gateway.process.out), 5000, "the access log has it");
    });
  });
});
