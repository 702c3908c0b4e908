import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { before, describe, it } from "node:test";
import type { MtlsIdentity } from "../../config/index.ts";
import { Principal } from "../../pipeline/index.ts";
import { compileIdPatterns } from "./id-patterns.ts";
import { createMtlsIdentity } from "./index.ts";
import { exchangeOf, hostOf, tell } from "./testdata/exchange-double.ts";
import { selfSigned, whyNoOpenssl } from "./testdata/self-signed.ts";

const CONFIG: MtlsIdentity = {
  kind: "mtls",
  name: "services",
  headers: null,
  principal: { id: ["spiffe", "subject"], tenant: "tenant", roles: "roles", scopes: "scope" },
  ids: [],
};

const NAMES = ["URI:spiffe://example.org/ns/shop/sa/orders", "DNS:Orders.Example.org", "email:orders@example.org", "IP:192.0.2.7"].join(
  ",",
);

/** Two digits a byte, whichever way a runtime writes a first one below 16. */
function toWholeBytes(serial: string): string {
  return (serial.length % 2 === 0 ? serial : `0${serial}`).toLowerCase();
}

describe("a client's certificate as an identity", { skip: whyNoOpenssl() }, () => {
  let der: Uint8Array;
  let plain: Uint8Array;

  before(() => {
    der = selfSigned("/O=Example/CN=orders", NAMES);
    plain = selfSigned("/O=Example/CN=billing");
  });

  const identity = (config: Partial<MtlsIdentity> = {}, host = hostOf()) => createMtlsIdentity({ ...CONFIG, ...config }, host);

  it("is shown by browsers unasked", () => assert.equal(identity().isAmbient, true));

  it("is a principal with all that it says", async () => {
    const host = hostOf();
    const { peer } = { peer: new X509Certificate(der) };
    host.clock.advance(Date.now() - host.clock.wall());
    const principal = identity({}, host).identify(exchangeOf({ peerCertificate: der }));
    assert.ok(principal instanceof Principal);
    assert.equal(principal.id, "spiffe://example.org/ns/shop/sa/orders");
    assert.equal(principal.source, "mtls");
    assert.equal(principal.expiresAtMs, Date.parse(peer.validTo));
    assert.deepEqual(principal.claims, {
      subject: "CN=orders,O=Example",
      issuer: "CN=orders,O=Example",
      spiffe: "spiffe://example.org/ns/shop/sa/orders",
      dns: ["orders.example.org"],
      uri: ["spiffe://example.org/ns/shop/sa/orders"],
      email: ["orders@example.org"],
      ip: ["192.0.2.7"],
      serial: toWholeBytes(peer.serialNumber),
      fingerprint: peer.fingerprint256.replaceAll(":", "").toLowerCase(),
    });
  });

  it("is named by its subject where it has no SPIFFE id", async () => {
    assert.equal(await tell(identity().identify(exchangeOf({ peerCertificate: plain }))), "CN=billing,O=Example");
  });

  it("is not there without TLS, without a certificate, and in no header", () => {
    const fields = ["X-Forwarded-Client-Cert", "X-Client-Cert", "Client-Cert", "X-SSL-Client-Verify"].map(
      (name) => [name, Buffer.from(der).toString("base64")] as const,
    );
    assert.equal(identity().identify(exchangeOf({ fields })), null);
    assert.equal(identity().identify(exchangeOf({ peerCertificate: null, fields })), null);
  });

  it("is the same principal for every request of a connection", () => {
    const services = identity();
    const first = services.identify(exchangeOf({ peerCertificate: der }));
    assert.equal(services.identify(exchangeOf({ peerCertificate: der })), first);
  });

  it("is no longer good when it has expired since the handshake", async () => {
    const host = hostOf();
    const services = identity({}, host);
    const notAfterMs = Date.parse(new X509Certificate(der).validTo);
    host.clock.advance(notAfterMs - host.clock.wall());
    assert.equal(await tell(services.identify(exchangeOf({ peerCertificate: der }))), "spiffe://example.org/ns/shop/sa/orders");
    host.clock.advance(1);
    assert.equal(
      await tell(services.identify(exchangeOf({ peerCertificate: der }))),
      "SP_AUTH_EXPIRED: services: the client's certificate has expired",
    );
  });

  it("is refused when its id is none of those that are taken", async () => {
    const ask = (ids: readonly string[], peerCertificate: Uint8Array) => tell(identity({ ids }).identify(exchangeOf({ peerCertificate })));
    assert.equal(await ask(["spiffe://example.org/ns/*/sa/orders"], der), "spiffe://example.org/ns/shop/sa/orders");
    assert.match(await ask(["spiffe://example.org/ns/*/sa/billing"], der), /^SP_AUTH_INVALID: .* nobody in `ids`/);
    assert.match(await ask(["spiffe://example.org/**"], plain), /^SP_AUTH_INVALID/);
  });

  it("is refused when nothing of it is an id", async () => {
    const principal = { ...CONFIG.principal, id: ["spiffe"] };
    const outcome = identity({ principal }).identify(exchangeOf({ peerCertificate: plain }));
    assert.equal(await tell(outcome), "SP_AUTH_INVALID: services: of the client's certificate: it has no `spiffe`");
  });

  it("is refused, and never taken for none, wherever it is cut", async () => {
    const services = identity();
    for (let length = 0; length < der.length; length++) {
      assert.match(await tell(services.identify(exchangeOf({ peerCertificate: der.slice(0, length) }))), /^SP_AUTH_INVALID/);
    }
  });
});

describe("patterns of ids", () => {
  for (const [pattern, id, isTaken] of [
    ["a", "a", true],
    ["a", "ab", false],
    ["a", "ba", false],
    ["*", "anything", true],
    ["*", "a/b", false],
    ["**", "a/b", true],
    ["**", "", true],
    ["a*", "a", false],
    ["a*c*e", "abcde", true],
    ["a*c*e", "abcdef", false],
    ["spiffe://x/ns/*/sa/*", "spiffe://x/ns/a/sa/b", true],
    ["spiffe://x/ns/*/sa/*", "spiffe://x/ns/a/sa/b/c", false],
    ["spiffe://x/ns/*", "spiffe://x/ns/", false],
    ["spiffe://x/**/b", "spiffe://x/a/a/b", true],
    ["CN=*,O=Example", "CN=orders,O=Example", true],
    ["CN=*,O=Example", "CN=orders,OU=x,O=Example", false],
    ["CN=*,O=Example", "CN=orders\\,OU\\=x,O=Example", false],
    ["CN=*,O=Example", "CN=orders+OU=x,O=Example", false],
    ["a.c", "abc", false],
    ["a+", "aa", false],
  ] as const) {
    it(`${pattern} ${isTaken ? "takes" : "does not take"} "${id}"`, () => assert.equal(compileIdPatterns([pattern])?.(id), isTaken));
  }

  it("take whatever one of them takes, and anything where there are none", () => {
    assert.equal(compileIdPatterns(["a", "b"])?.("b"), true);
    assert.equal(compileIdPatterns([]), null);
  });

  it("cost no more than the product of their lengths", () => {
    const id = "a".repeat(2048);
    const startMs = performance.now();
    assert.equal(compileIdPatterns([`${"*a".repeat(20)}b`])?.(id), false);
    assert.equal(compileIdPatterns([`${"**a".repeat(20)}b`])?.(id), false);
    assert.ok(performance.now() - startMs < 2000);
    assert.equal(compileIdPatterns(["**"])?.("a".repeat(2049)), false);
  });
});
