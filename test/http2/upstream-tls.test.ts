// Upstreams behind TLS: which protocol is offered in the handshake, and what becomes of one that chooses another. The upstream is the
// runtime's own HTTP/2, over real sockets.

import assert from "node:assert/strict";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import { createServer as createHttpsServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { systemClock } from "../../src/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { createGateway, type Gateway } from "../../src/gateway/index.ts";
import { forge, whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { defaultTransport } from "../../src/transport/index.ts";

const PAIR = "basicConstraints=critical,CA:TRUE\nsubjectAltName=DNS:localhost\n";

async function listen(server: Http2SecureServer | Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function start(port: number, protocol: string, ca: string): Promise<Gateway> {
  const text = `
version: 1
admin: off
telemetry: { accessLog: off }
listeners: [{ name: public, address: "127.0.0.1:0" }]
upstreams: { app: { endpoints: ["https://127.0.0.1:${port}"], protocol: ${protocol}, tls: { serverName: localhost } } }
routes: [{ name: all, match: { path: /* }, public: true, upstream: app }]
`;
  const { config, issues } = parseConfig(text, "gateway.yaml");
  assert.ok(config !== null, JSON.stringify(issues));
  const upstreams = config.upstreams.map((upstream) => ({ ...upstream, tls: upstream.tls && { ...upstream.tls, ca } }));
  return createGateway({ ...config, upstreams }, { transport: defaultTransport(), clock: systemClock });
}

async function ask(gateway: Gateway): Promise<{ status: number; text: string }> {
  const { address } = gateway.listeners[0]!;
  assert.ok("port" in address);
  const response = await fetch(`http://127.0.0.1:${address.port}/hello`);
  return { status: response.status, text: await response.text() };
}

describe("an upstream behind TLS", { skip: whyNoForge() }, () => {
  for (const protocol of ["h2", "http/1.1"]) {
    it(`is offered what \`protocol: ${protocol}\` says, where it would take either`, async () => {
      const pair = forge({ extensions: PAIR });
      const server = createSecureServer({ ...pair, allowHTTP1: true }, (request, response) => {
        response.end(`${request.method} ${request.url} over ${request.httpVersion}`);
      });
      const gateway = await start(await listen(server), protocol, pair.cert);
      const version = protocol === "h2" ? "2.0" : "1.1";
      assert.deepEqual(await ask(gateway), { status: 200, text: `GET /hello over ${version}` });
      await gateway.stop(0);
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    });
  }

  it("that does not choose HTTP/2 in the handshake is named, and nothing is sent to it", async () => {
    const pair = forge({ extensions: PAIR });
    let requests = 0;
    const server = createHttpsServer({ ...pair }, (_request, response) => {
      requests++;
      response.end();
    });
    const gateway = await start(await listen(server), "h2", pair.cert);
    const { status, text } = await ask(gateway);
    assert.equal(status, 502);
    // One that has no protocol in common may also break the handshake off (RFC 7301 3.2).
    assert.match(text, /SP_H2_RESPONSE_NOT_HTTP2|SP_UPSTREAM_HANDSHAKE_FAILED/);
    assert.equal(requests, 0);
    await gateway.stop(0);
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
});
