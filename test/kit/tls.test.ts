// Listeners with TLS in the test kit: who answers for a name and whom that admits is the gateway's own.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createTestGateway, type TestConnection, type TestGateway } from "../../src/testing/index.ts";
import { forge, whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { H2Peer, type H2StreamRecord } from "./index.ts";

const CONFIG = `version: 1
listeners:
  - { name: http, address: 127.0.0.1:8080 }
  - name: https
    address: 127.0.0.1:8443
    protocols: [h2, http/1.1]
    proxyProtocol: { from: [10.0.0.0/8] }
    tls: { certificates: [{ cert: open.pem, key: open.key }, { cert: shut.pem, key: shut.key, clientAuth: { ca: open.pem, mode: required } }] }
upstreams: { app: { endpoints: ["https://127.0.0.1:3001"], tls: { ca: open.pem }, proxyProtocol: v2 } }
routes: [{ name: all, match: { path: /* }, public: true, upstream: app }]
`;

/** A client that shook hands for one name and uses its connection for several, as browsers do with HTTP/2. */
class Coalescing {
  readonly connection: TestConnection;
  readonly #peer: H2Peer;
  #taken = 0;

  constructor(connection: TestConnection) {
    this.connection = connection;
    this.#peer = new H2Peer((bytes) => connection.send(bytes));
    this.#peer.begin();
  }

  async ask(authority: string): Promise<H2StreamRecord> {
    const stream = this.#peer.request([
      [":method", "GET"],
      [":scheme", "https"],
      [":authority", authority],
      [":path", "/"],
    ]);
    while (!stream.isOver) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.connection.settle();
      const { text } = this.connection;
      if (text.length > this.#taken) this.#peer.receive(Buffer.from(text.slice(this.#taken), "latin1"));
      else if (this.connection.ended) assert.fail("the connection has ended");
      this.#taken = text.length;
    }
    assert.equal(this.#peer.goodbye, null);
    return stream;
  }
}

describe("a listener with TLS in the test kit", { skip: whyNoForge() }, () => {
  let folder = "";
  let gateway: TestGateway;
  let certificate = "";

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-kit-tls-"));
    for (const name of ["open", "shut"]) {
      const { cert, key } = forge({ extensions: `basicConstraints=critical,CA:TRUE\nsubjectAltName=DNS:${name}.test\n` });
      writeFileSync(join(folder, `${name}.pem`), cert);
      writeFileSync(join(folder, `${name}.key`), key);
      certificate = cert;
    }
    writeFileSync(join(folder, "gateway.yaml"), CONFIG);
    gateway = await createTestGateway({ file: join(folder, "gateway.yaml") });
  });
  after(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is where https goes, and http goes elsewhere", async () => {
    const secure = await gateway.request("GET https://open.test/");
    assert.equal(secure.status, 200);
    assert.equal(gateway.upstream("app").lastRequest.headers.get("x-forwarded-proto"), "https");
    assert.equal(secure.record?.listener, "https");
    assert.equal((await gateway.request("GET http://open.test/")).record?.listener, "http");
  });

  it("admits to a host that asks for certificates only who has one", async () => {
    await assert.rejects(gateway.request("GET https://shut.test/"), /the handshake for shut\.test asks for a client certificate/);
    assert.equal((await gateway.request("GET https://shut.test/", { certificate })).status, 200);
  });

  it("refuses a host by 421 that the handshake does not cover, on every connection", async () => {
    const hidden = await gateway.request("GET https://shut.test/", { serverName: "open.test" });
    assert.equal(hidden.status, 421);
    assert.equal(hidden.fault, "SP_TLS_MISDIRECTED");
    assert.equal((await gateway.request("GET https://open.test/", { serverName: "shut.test", certificate })).status, 421);
    assert.equal((await gateway.request("GET https://other.test/", { serverName: "open.test" })).status, 200);
  });

  it("refuses such a host on an HTTP/2 connection alone, which goes on for those that it covers", async () => {
    const open = new Coalescing(gateway.connect({ listener: "https", serverName: "open.test", protocols: ["h2"] }));
    assert.equal((await open.ask("open.test")).status, 200);
    const hidden = await open.ask("shut.test");
    assert.equal(hidden.status, 421);
    assert.equal(hidden.code, "SP_TLS_MISDIRECTED");
    // No certificate names it, and nothing is asked of its clients: the default's rules, which were held to.
    assert.equal((await open.ask("other.test")).status, 200);
    assert.equal((await open.ask("open.test:8443")).status, 200);
    const shut = new Coalescing(gateway.connect({ listener: "https", serverName: "shut.test", certificate, protocols: ["h2"] }));
    assert.equal((await shut.ask("shut.test")).status, 200);
    assert.equal((await shut.ask("open.test")).status, 421);
    assert.equal((await shut.ask("SHUT.test")).status, 200);
    for (const { connection } of [open, shut]) connection.close();
    assert.deepEqual(new Set(gateway.records.slice(-7).map(({ protocol }) => protocol)), new Set(["HTTP/2.0"]));
  });

  it("agrees with clients on the protocol that it puts first, and takes none that speak another", async () => {
    const alpnOf = async (...protocols: readonly string[]): Promise<string> => {
      const connection = gateway.connect({ listener: "https", serverName: "open.test", protocols });
      connection.send("GET / HTTP/1.1\r\nHost: open.test\r\n\r\n");
      await connection.settle();
      const { text, error } = connection;
      connection.close();
      return error ?? (text.startsWith("HTTP/1.1 200") ? "http/1.1" : "h2");
    };
    assert.equal(await alpnOf("http/1.1", "h2"), "h2");
    assert.equal(await alpnOf("http/1.1"), "http/1.1");
    assert.equal(await alpnOf(), "http/1.1");
    assert.equal(await alpnOf("h3"), "ECONNRESET");
  });

  it("takes the handshake behind a PROXY header, and the client that it names", async () => {
    const connection = gateway.connect({ listener: "https", serverName: "open.test", from: "10.0.0.1" });
    connection.send("PROXY TCP4 203.0.113.9 192.0.2.1 4000 443\r\nGET / HTTP/1.1\r\nHost: open.test\r\n\r\n");
    await connection.settle();
    const [response] = connection.responses();
    assert.equal(response?.status, 200);
    assert.equal(response?.record?.client, "203.0.113.9");
    connection.close();
  });
});
