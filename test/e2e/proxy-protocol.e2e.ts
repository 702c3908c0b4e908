// PROXY headers on both sides of TLS, with a client and a server that are not ours: header and handshake in, header and handshake out.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect as connectNet, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { systemClock } from "../../src/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { createGateway, type Gateway } from "../../src/gateway/index.ts";
import { MemoryLineSink } from "../../src/telemetry/index.ts";
import { forge, whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { defaultTransport } from "../../src/transport/index.ts";
import { findProgram, freePort, Stage } from "./processes.ts";

const WHY_NOT = findProgram("nginx") === null ? "nginx is not installed" : whyNoForge();

describe("PROXY headers beside TLS", { skip: WHY_NOT }, () => {
  const stage = new Stage();
  const log = new MemoryLineSink();
  let gateway: Gateway;
  let cert = "";

  before(async () => {
    const pair = forge({ extensions: "basicConstraints=critical,CA:TRUE\nsubjectAltName=DNS:edge.test,DNS:app.test,IP:127.0.0.1\n" });
    cert = pair.cert;
    writeFileSync(join(stage.folder, "pair.pem"), pair.cert);
    writeFileSync(join(stage.folder, "pair.key"), pair.key);
    const inside = await freePort();
    await stage.startNginx(`listen 127.0.0.1:${inside} ssl proxy_protocol;
      ssl_certificate ${stage.folder}/pair.pem; ssl_certificate_key ${stage.folder}/pair.key;
      location / { return 200 "$proxy_protocol_addr $proxy_protocol_port $ssl_server_name $http_x_forwarded_for"; }`);
    const text = `version: 1
listeners:
  - name: https
    address: 127.0.0.1:0
    proxyProtocol: { from: [127.0.0.0/8] }
    tls: { certificates: [{ cert: pair.pem, key: pair.key }] }
upstreams:
  v1: { endpoints: ["https://127.0.0.1:${inside}"], tls: { ca: pair.pem, serverName: app.test }, proxyProtocol: v1 }
  v2: { endpoints: ["https://127.0.0.1:${inside}"], tls: { ca: pair.pem, serverName: app.test }, proxyProtocol: v2 }
routes:
  - { name: one, match: { path: /v1 }, public: true, upstream: v1 }
  - { name: two, match: { path: /v2 }, public: true, upstream: v2 }
`;
    const { config, issues } = parseConfig(text, join(stage.folder, "gateway.yaml"));
    assert.deepEqual(issues, []);
    gateway = await createGateway(config ?? assert.fail(), { transport: defaultTransport(), clock: systemClock, logSink: log });
  });
  after(async () => {
    await gateway?.stop(0);
    await stage.stop();
  });

  function port(): number {
    const address = gateway.listeners[0]?.address;
    return address !== undefined && "port" in address ? address.port : 0;
  }

  /** Sends `header` as it is, then shakes hands and asks. Resolves to all that came, "" when the connection was closed. */
  function ask(header: string, path: string): Promise<string> {
    return new Promise((resolve) => {
      const raw: Socket = connectNet(port(), "127.0.0.1", () => {
        raw.write(header);
        const socket = connectTls({ socket: raw, servername: "edge.test", ca: cert }, () => {
          socket.write(`GET ${path} HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\n\r\n`);
        });
        let text = "";
        socket.on("data", (chunk: Buffer) => {
          text += chunk.toString("latin1");
        });
        socket.on("error", () => resolve(text));
        socket.on("close", () => resolve(text));
      });
      raw.on("error", () => resolve(""));
    });
  }

  for (const version of ["v1", "v2"]) {
    it(`carry the client through both handshakes, out as ${version}`, async () => {
      const text = await ask("PROXY TCP4 203.0.113.9 127.0.0.1 40001 443\r\n", `/${version}`);
      assert.match(text, /^HTTP\/1\.1 200 OK/);
      assert.equal(text.slice(text.indexOf("\r\n\r\n") + 4), "203.0.113.9 40001 app.test 203.0.113.9");
      assert.equal((JSON.parse(log.lines.at(-1) ?? "{}") as { client: string }).client, "203.0.113.9");
    });
  }

  it("are asked for before the handshake, and nobody gets in without", async () => {
    const before = log.lines.length;
    assert.equal(await ask("", "/v1"), "");
    assert.equal(await ask("PROXY TCP4 203.0.113.9 127.0.0.1 x 443\r\n", "/v1"), "");
    assert.equal(log.lines.length, before);
    const metrics = gateway.exposeMetrics();
    assert.match(metrics, /sallyport_proxy_header_faults_total\{listener="https",code="SP_PROXY_MISSING"\} 1/);
    assert.match(metrics, /sallyport_proxy_header_faults_total\{listener="https",code="SP_PROXY_MALFORMED"\} 1/);
  });
});
