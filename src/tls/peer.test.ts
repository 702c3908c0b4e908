import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readPeer } from "./index.ts";
import { type Forged, forge, type Order, openssl, toDer, whyNoForge } from "./testdata/certificate-forge.ts";

function peerOf(order: Order): ReturnType<typeof readPeer> {
  return readPeer(toDer(forge(order).cert));
}

describe("the identity in a client's certificate", { skip: whyNoForge() }, () => {
  const full: Forged = whyNoForge()
    ? { cert: "", key: "" }
    : forge({
        subject: "/C=DE/O=Example, Inc./CN=orders",
        extensions: "subjectAltName=@n\n[n]\nDNS.1=Orders.example\nURI.1=spiffe://example.org/ns/a\nemail.1=ops@example.com\nIP.1=10.0.0.9",
      });

  it("is subject, names, serial and fingerprint", () => {
    const peer = readPeer(toDer(full.cert));
    const x509 = new X509Certificate(full.cert);
    assert.deepEqual(peer, {
      subject: "CN=orders,O=Example\\, Inc.,C=DE",
      issuer: "CN=orders,O=Example\\, Inc.,C=DE",
      dnsNames: ["orders.example"],
      uris: ["spiffe://example.org/ns/a"],
      emails: ["ops@example.com"],
      ips: ["10.0.0.9"],
      spiffeId: "spiffe://example.org/ns/a",
      serial: x509.serialNumber.toLowerCase(),
      fingerprint: x509.fingerprint256.replaceAll(":", "").toLowerCase(),
      notAfterMs: Date.parse(x509.validTo),
    });
  });

  it("keeps a name with a comma one name (CVE-2021-44532)", () => {
    const peer = peerOf({
      extensions: `subjectAltName=@n\n[n]\nURI.1="spiffe://a/x, URI:spiffe://a/admin"\nDNS.1="a.example, DNS:admin.example"\nemail.1="a@x, email:root@x"`,
    });
    assert.deepEqual(peer?.uris, ["spiffe://a/x, URI:spiffe://a/admin"]);
    assert.deepEqual(peer?.dnsNames, ["a.example, dns:admin.example"]);
    assert.deepEqual(peer?.emails, ["a@x, email:root@x"]);
    assert.equal(peer?.spiffeId, null);
  });

  it("is nobody when a name holds a NUL or a line's end", () => {
    // FORMAT:HEX writes the bytes as they are: a.example, NUL, .evil.example.
    for (const hex of ["612e6578616d706c65002e6576696c", "612e6578616d706c650a446e733a62"])
      assert.equal(peerOf({ extensions: rawSan(hex) }), null);
    assert.deepEqual(peerOf({ extensions: rawSan("612e6578616d706c65") })?.dnsNames, ["a.example"]);
  });

  it("is a SPIFFE one when that is the only URI, and in its form", () => {
    const spiffe = (...uris: string[]) =>
      peerOf({ extensions: `subjectAltName=@n\n[n]\n${uris.map((uri, index) => `URI.${index}=${uri}`).join("\n")}` })?.spiffeId;
    assert.equal(spiffe("spiffe://td/a/b-1_2.x"), "spiffe://td/a/b-1_2.x");
    assert.equal(spiffe("spiffe://td"), "spiffe://td");
    assert.equal(spiffe("spiffe://td/a", "spiffe://td/b"), null);
    assert.equal(spiffe("spiffe://td/a", "https://td/"), null);
    for (const uri of [
      "https://td/a",
      "spiffe://TD/a",
      "spiffe://td/a/",
      "spiffe://td//a",
      "spiffe://td/../a",
      "spiffe://td/.",
      "spiffe://td/a?b",
      "spiffe://u@td/a",
      "spiffe://td:1/a",
      "spiffe:///a",
      "SPIFFE://td/a",
      "spiffe://td/%61",
    ])
      assert.equal(spiffe(uri), null, uri);
    assert.equal(spiffe("spiffe://td/..a"), "spiffe://td/..a");
  });

  it("writes the subject as RFC 4514 does, so that no value passes for a part", () => {
    const subject = '/O=a,b\\+c"d\\\\e<f>;g/OU=#x/CN= lead/UID=trail /DC=example';
    const { cert } = forge({ subject });
    const printed = openssl(["x509", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb"], cert)
      .trim()
      .replace(/^subject=/, "");
    assert.equal(readPeer(toDer(cert))?.subject, printed);
    assert.ok(printed.endsWith(',O=a\\,b\\+c\\"d\\\\e\\<f\\>\\;g'), printed);
    assert.match(printed, /^DC=example,UID=trail\\ ,CN=\\ lead,OU=\\#x,/);
    assert.equal(peerOf({ subject: "/CN=Jürgen Größe" })?.subject, "CN=Jürgen Größe");
    assert.equal(peerOf({ subject: "/CN=a\u202eb" })?.subject, "CN=a\\E2\\80\\AEb");
    assert.equal(peerOf({ subject: "/O=z/CN=x+OU=y" })?.subject, "CN=x+OU=y,O=z");
    assert.match(peerOf({ subject: "/businessCategory=x" })?.subject ?? "", /^2\.5\.4\.15=#0c0178$/);
  });

  it("is nobody for a certificate that is cut at any byte, and for one with a byte too many", () => {
    const der = toDer(full.cert);
    for (let length = 0; length < der.length; length++) assert.equal(readPeer(der.subarray(0, length)), null);
    assert.equal(readPeer(new Uint8Array([...der, 0])), null);
  });

  it("is found or not, but never fails, whatever bytes are changed", () => {
    const der = toDer(full.cert);
    const change = fc.tuple(fc.nat(der.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = Uint8Array.from(der);
        for (const [at, value] of changes) changed[at] = value;
        const peer = readPeer(changed);
        for (const name of [...(peer?.dnsNames ?? []), ...(peer?.uris ?? [])]) assert.match(name, /^[ -~]*$/);
      }),
      { numRuns: 3000 },
    );
  });
});

/** A subjectAltName with one DNS entry of these bytes. */
function rawSan(hex: string): string {
  const length = hex.length / 2;
  const toByte = (number: number) => number.toString(16).padStart(2, "0");
  return `subjectAltName=DER:30${toByte(length + 2)}82${toByte(length)}${hex}`;
}
