// What a handshake agrees on, over real sockets, by clients of the runtime's own TLS: HTTP/2 or HTTP/1.1 at one port, behind a PROXY header
// too, and another choice after a reload.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect as connectNet, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { systemClock } from "../../src/base/index.ts";
import { type GatewayConfig, parseConfig } from "../../src/config/index.ts";
import { createGateway, type Gateway } from "../../src/gateway/index.ts";
import { MemoryLineSink } from "../../src/telemetry/index.ts";
import { forge, whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { defaultTransport } from "../../src/transport/index.ts";
import { H2Peer } from "../kit/index.ts";
import { RUNTIME, Stage } from "./processes.ts";

const HEADER = "PROXY TCP4 203.0.113.9 127.0.0.1 40001 443\r\n";
const DONE_MS = 10_000;

interface Outcome {
  /** What the handshake agreed on; null when it failed. */
  readonly alpn: string | null;
  /** The body of the answer, in whichever protocol; "" when none came. */
  readonly body: string;
}

describe(`ALPN on ${RUNTIME}`, { skip: whyNoForge() }, () => {
  const stage = new Stage();
  const log = new MemoryLineSink();
  let gateway: Gateway;
  let ca = "";

  function configure(protocols: string): GatewayConfig {
    const tls = "tls: { certificates: [{ cert: pair.pem, key: pair.key }] }";
    const text = `version: 1
listeners:
  - { name: both, address: 127.0.0.1:0, protocols: ${protocols}, ${tls} }
  - { name: modern, address: 127.0.0.1:0, protocols: [h2], ${tls} }
  - { name: proxied, address: 127.0.0.1:0, protocols: [h2, http/1.1], proxyProtocol: { from: [127.0.0.0/8] }, ${tls} }
routes: [{ name: hello, match: { path: /* }, public: true, respond: { body: hello } }]
`;
    const { config, issues } = parseConfig(text, join(stage.folder, "gateway.yaml"));
    assert.deepEqual(issues, []);
    return config ?? assert.fail();
  }

  before(async () => {
    const pair = forge({ extensions: "basicConstraints=critical,CA:TRUE\nsubjectAltName=DNS:edge.test\n" });
    ca = pair.cert;
    writeFileSync(join(stage.folder, "pair.pem"), pair.cert);
    writeFileSync(join(stage.folder, "pair.key"), pair.key);
    gateway = await createGateway(configure("[h2, http/1.1]"), { transport: defaultTransport(), clock: systemClock, logSink: log });
  });
  after(async () => {
    await gateway?.stop(0);
    await stage.stop();
  });

  function portOf(listener: string): number {
    const address = gateway.listeners.find(({ name }) => name === listener)?.address;
    return address !== undefined && "port" in address ? address.port : assert.fail(listener);
  }

  /** Shakes hands, asks in what was agreed on, and resolves when the answer has come or the connection has gone. */
  function ask(listener: string, protocols: readonly string[], header = ""): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const raw: Socket = connectNet(portOf(listener), "127.0.0.1", () => {
        if (header !== "") raw.write(header);
        const socket = connectTls({ socket: raw, servername: "edge.test", ca, ALPNProtocols: [...protocols] });
        let alpn: string | null = null;
        const timer = setTimeout(() => reject(new Error(`nothing came in ${DONE_MS} ms`)), DONE_MS);
        const done = (body: string): void => {
          clearTimeout(timer);
          socket.destroy();
          resolve({ alpn, body });
        };
        socket.on("secureConnect", () => {
          alpn = socket.alpnProtocol || "";
          if (alpn === "h2") askHttp2();
          else askHttp1();
        });
        const askHttp1 = (): void => {
          let text = "";
          socket.on("data", (chunk: Buffer) => {
            text += chunk.toString("latin1");
            if (text.endsWith("\r\n\r\nhello")) done("hello");
          });
          socket.write("GET / HTTP/1.1\r\nHost: edge.test\r\n\r\n");
        };
        const askHttp2 = (): void => {
          const peer = new H2Peer((bytes) => void socket.write(bytes));
          peer.begin();
          const request = [
            [":method", "GET"],
            [":scheme", "https"],
            [":authority", "edge.test"],
            [":path", "/"],
          ] as const;
          const stream = peer.request(request);
          socket.on("data", (chunk: Buffer) => {
            peer.receive(chunk);
            if (stream.isOver) done(stream.body);
          });
        };
        socket.on("error", () => done(""));
        socket.on("close", () => done(""));
      });
      raw.on("error", () => {});
    });
  }

  it("chooses what the listener puts first among what the client offers", async () => {
    assert.deepEqual(await ask("both", ["http/1.1", "h2"]), { alpn: "h2", body: "hello" });
    assert.deepEqual(await ask("both", ["h2"]), { alpn: "h2", body: "hello" });
    assert.deepEqual(await ask("both", ["http/1.1"]), { alpn: "http/1.1", body: "hello" });
    assert.deepEqual(await ask("both", []), { alpn: "", body: "hello" });
    assert.deepEqual(await ask("both", ["h3"]), { alpn: null, body: "" });
  });

  it("lets nobody in to a listener of HTTP/2 alone who does not name it, and counts them", async () => {
    assert.deepEqual(await ask("modern", ["h2", "http/1.1"]), { alpn: "h2", body: "hello" });
    assert.deepEqual(await ask("modern", ["http/1.1"]), { alpn: null, body: "" });
    assert.deepEqual(await ask("modern", []), { alpn: "", body: "" });
    assert.match(gateway.exposeMetrics(), /sallyport_tls_handshake_failures_total\{listener="modern",reason="protocol"\} 1/);
  });

  it("comes behind the PROXY header, whose client the log has", async () => {
    for (const [protocol, logged] of [
      ["h2", "HTTP/2.0"],
      ["http/1.1", "HTTP/1.1"],
    ] as const) {
      assert.deepEqual(await ask("proxied", [protocol], HEADER), { alpn: protocol, body: "hello" });
      const record = JSON.parse(log.lines.at(-1) ?? "{}") as { client: string; protocol: string; listener: string };
      assert.deepEqual([record.client, record.protocol, record.listener], ["203.0.113.9", logged, "proxied"]);
    }
    assert.deepEqual(await ask("proxied", ["h2"]), { alpn: null, body: "" });
  });

  it("follows a reload from the next handshake on", async () => {
    for (const [protocols, expected] of [
      ["[http/1.1]", "http/1.1"],
      ["[http/1.1, h2]", "http/1.1"],
      ["[h2]", "h2"],
      ["[h2, http/1.1]", "h2"],
    ] as const) {
      (await gateway.prepare(configure(protocols))).commit();
      assert.deepEqual(await ask("both", ["h2", "http/1.1"]), { alpn: expected, body: "hello" }, protocols);
    }
  });
});
