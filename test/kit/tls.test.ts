// Listeners with TLS in the test kit: who answers for a name and whom that admits is the gateway's own.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createTestGateway, type TestGateway } from "../../src/testing/index.ts";
import { forge, whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";

const CONFIG = `version: 1
listeners:
  - { name: http, address: 127.0.0.1:8080 }
  - name: https
    address: 127.0.0.1:8443
    proxyProtocol: { from: [10.0.0.0/8] }
    tls: { certificates: [{ cert: open.pem, key: open.key }, { cert: shut.pem, key: shut.key, clientAuth: { ca: open.pem, mode: required } }] }
upstreams: { app: { endpoints: ["https://127.0.0.1:3001"], tls: { ca: open.pem }, proxyProtocol: v2 } }
routes: [{ name: all, match: { path: /* }, public: true, upstream: app }]
`;

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
});
