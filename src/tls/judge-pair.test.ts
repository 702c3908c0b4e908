import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { Secret } from "../base/index.ts";
import { judgeCertificate, judgeUpstreamTls, type PairInput } from "./index.ts";
import { AUTHORITY, type Forged, forge, openssl, toPair, whyNoForge } from "./testdata/certificate-forge.ts";

const DAY = 86_400_000;
// What is made while the tests run is valid by then.
const now = Date.now() + 3_600_000;
const none: Forged = { cert: "", key: "" };

function codes(pair: PairInput, nowMs = now): string[] {
  return judgeCertificate(pair, nowMs).findings.map(({ code, path }) => `${code} ${path.join(".")}`);
}

describe("judging a certificate and its key", { skip: whyNoForge() }, () => {
  const root = whyNoForge() ? none : forge({ subject: "/CN=root", extensions: AUTHORITY });
  const middle = whyNoForge() ? none : forge({ subject: "/CN=middle", extensions: AUTHORITY, issuer: root });
  const leaf = whyNoForge()
    ? none
    : forge({ extensions: "subjectAltName=DNS:A.example,DNS:*.b.example,IP:10.0.0.1,IP:2001:DB8::1", issuer: middle });
  const chained = { ...leaf, cert: leaf.cert + middle.cert };

  it("finds nothing wrong with one that is right, alone, with its chain and with its root", () => {
    for (const cert of [leaf.cert, chained.cert, chained.cert + root.cert]) assert.deepEqual(codes(toPair({ ...leaf, cert })), []);
  });

  it("tells names, addresses, times and fingerprint", () => {
    const { certificate } = judgeCertificate(toPair(chained), now);
    const x509 = new X509Certificate(leaf.cert);
    assert.deepEqual(certificate?.names, ["a.example", "*.b.example"]);
    assert.deepEqual(certificate?.ips, ["10.0.0.1", "2001:db8::1"]);
    assert.equal(certificate?.notBeforeMs, Date.parse(x509.validFrom));
    assert.equal(certificate?.notAfterMs, Date.parse(x509.validTo));
    assert.equal(certificate?.fingerprint, x509.fingerprint256.replaceAll(":", "").toLowerCase());
    assert.deepEqual(Buffer.from(certificate?.der ?? []), x509.raw);
    assert.equal(certificate?.keyKind, "ec");
  });

  it("takes a key in any of PEM's forms, with its parameters in front and a certificate behind", () => {
    const sec1 = openssl(["ec"], leaf.key);
    assert.match(sec1, /BEGIN EC PRIVATE KEY/);
    const parameters = openssl(["ecparam", "-name", "prime256v1"]);
    for (const key of [sec1, parameters + sec1, leaf.key + leaf.cert, leaf.key.replaceAll("\n", "\r\n")])
      assert.deepEqual(codes(toPair({ ...leaf, key })), []);
  });

  it("says what is no PEM", () => {
    for (const text of ["", "hello", "0\x82\x01", leaf.cert.replace("-----BEGIN", "----BEGIN")])
      assert.deepEqual(codes(toPair({ ...leaf, cert: text })), ["SP_TLS_CERT_NOT_PEM cert"]);
    assert.deepEqual(codes(toPair({ ...leaf, cert: leaf.cert.slice(0, -30) })), ["SP_TLS_CERT_NOT_PEM cert"]);
    assert.deepEqual(codes(toPair({ ...leaf, cert: leaf.cert.replace("MII", "M?I") })), ["SP_TLS_CERT_NOT_PEM cert"]);
    assert.deepEqual(codes(toPair({ ...leaf, key: "secret" })), ["SP_TLS_KEY_NOT_PEM key"]);
  });

  it("tells two files that are swapped", () => {
    assert.deepEqual(codes(toPair({ cert: leaf.key, key: leaf.cert })), [
      "SP_TLS_KEY_MISSING key",
      "SP_TLS_CERT_HOLDS_KEY cert",
      "SP_TLS_CERT_MISSING cert",
    ]);
  });

  it("refuses a private key in the file that everybody is shown", () => {
    assert.deepEqual(codes(toPair({ ...leaf, cert: leaf.cert + leaf.key })), ["SP_TLS_CERT_HOLDS_KEY cert"]);
  });

  it("refuses several keys", () => {
    assert.deepEqual(codes(toPair({ ...leaf, key: leaf.key + root.key })), ["SP_TLS_KEY_SEVERAL key"]);
  });

  it("refuses a key that is encrypted, in the new form and in the old", () => {
    const pkcs8 = openssl(["pkey", "-aes256", "-passout", "pass:x"], leaf.key);
    const old = openssl(["ec", "-aes256", "-passout", "pass:x"], leaf.key);
    assert.match(old, /Proc-Type: 4,ENCRYPTED/);
    for (const key of [pkcs8, old]) assert.deepEqual(codes(toPair({ ...leaf, key })), ["SP_TLS_KEY_ENCRYPTED key"]);
  });

  it("refuses a key and a certificate that hold something else than they say", () => {
    const junk = (label: string) => `-----BEGIN ${label}-----\nMAMCAQA=\n-----END ${label}-----\n`;
    assert.deepEqual(codes(toPair({ ...leaf, key: junk("PRIVATE KEY") })), ["SP_TLS_KEY_UNREADABLE key"]);
    assert.deepEqual(codes(toPair({ ...leaf, cert: junk("CERTIFICATE") })), ["SP_TLS_CERT_UNREADABLE cert"]);
    const second = judgeCertificate(toPair({ ...leaf, cert: leaf.cert + junk("CERTIFICATE") }), now).findings;
    assert.match(second[0]?.message ?? "", /^certificate 2 of `certs\/a\.pem`/);
  });

  it("refuses a key that belongs to another certificate", () => {
    assert.deepEqual(codes(toPair({ ...leaf, key: root.key })), ["SP_TLS_KEY_MISMATCH key"]);
  });

  it("refuses a chain that is out of order, and tells it from one with a stranger in it", () => {
    assert.deepEqual(codes(toPair({ ...leaf, cert: middle.cert + leaf.cert })), ["SP_TLS_CHAIN_ORDER cert"]);
    assert.deepEqual(codes(toPair({ ...leaf, cert: leaf.cert + root.cert + middle.cert })), ["SP_TLS_CHAIN_ORDER cert"]);
    const stranger = forge({ subject: "/CN=middle", extensions: AUTHORITY, issuer: root });
    assert.deepEqual(codes(toPair({ ...leaf, cert: leaf.cert + stranger.cert })), ["SP_TLS_CHAIN_STRAY cert"]);
    assert.deepEqual(codes(toPair({ ...leaf, cert: leaf.cert + leaf.cert })), ["SP_TLS_CHAIN_STRAY cert"]);
  });

  it("warns of what has expired or is not valid yet, in the leaf and in the chain", () => {
    const short = forge({ extensions: "subjectAltName=DNS:a.example", issuer: middle, days: 1 });
    assert.deepEqual(codes(toPair(short), now + 2 * DAY), ["SP_TLS_CERT_EXPIRED cert"]);
    assert.deepEqual(codes(toPair(short), now - DAY), ["SP_TLS_CERT_NOT_YET_VALID cert"]);
    const { findings } = judgeCertificate(toPair(chained), now + 400 * DAY);
    assert.deepEqual(
      findings.map(({ severity, message }) => [severity, /^certificate 2/.test(message)]),
      [
        ["warning", false],
        ["warning", true],
      ],
    );
  });

  it("holds a certificate valid in the very second of its end", () => {
    const end = Date.parse(new X509Certificate(leaf.cert).validTo);
    assert.deepEqual(codes(toPair(leaf), end), []);
    assert.deepEqual(codes(toPair(leaf), end + 1000), ["SP_TLS_CERT_EXPIRED cert"]);
  });

  it("does not take the common name for a name, and is content with an address alone", () => {
    assert.deepEqual(codes(toPair(forge({ extensions: "subjectAltName=IP:127.0.0.1" }))), []);
    const old = forge({ subject: "/CN=a.example" });
    assert.deepEqual(codes(toPair(old)), ["SP_TLS_CERT_NO_NAMES cert"]);
  });

  it("warns of names that no client can ask for, and leaves them out", () => {
    const odd = forge({
      extensions: 'subjectAltName=@n\n[n]\nDNS.1=ok.example\nDNS.2=10.0.0.1\nDNS.3=a.*.example\nDNS.4="b.example, DNS:c.example"',
    });
    const { certificate, findings } = judgeCertificate(toPair(odd), now);
    assert.deepEqual(certificate?.names, ["ok.example"]);
    assert.deepEqual(
      findings.map(({ code, severity }) => `${code} ${severity}`),
      Array(3).fill("SP_TLS_CERT_BAD_NAME warning"),
    );
  });

  it("holds the extended usage against what the certificate is for", () => {
    const of = (usage: string): Forged => forge({ extensions: `subjectAltName=DNS:a.example\nextendedKeyUsage=${usage}` });
    assert.deepEqual(codes(toPair(of("serverAuth,clientAuth"))), []);
    assert.deepEqual(codes(toPair(of("anyExtendedKeyUsage"))), []);
    assert.deepEqual(codes(toPair(of("clientAuth"))), ["SP_TLS_CERT_USAGE cert"]);
    const upstream = { ca: null, caFile: null, crl: [] };
    const judged = (usage: string) => judgeUpstreamTls({ ...upstream, identity: toPair(of(usage)) }, now).map(({ code }) => code);
    assert.deepEqual(judged("clientAuth"), []);
    assert.deepEqual(judged("serverAuth"), ["SP_TLS_CERT_USAGE"]);
  });

  it("takes RSA from 2048 bits on, the three curves and Ed25519, and nothing weaker", () => {
    const of = (...keyArgs: string[]) => codes(toPair(forge({ extensions: "subjectAltName=DNS:a.example", keyArgs })));
    for (const good of [
      ["rsa:2048"],
      ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
      ["ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
      ["ed25519"],
    ])
      assert.deepEqual(of(...good), [], good.join(" "));
    assert.deepEqual(of("rsa:1024"), ["SP_TLS_KEY_WEAK key"]);
    // What a runtime can't even read is refused in other words.
    for (const weak of [["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], ["ed448"]])
      assert.match(of(...weak)[0] ?? "", /^SP_TLS_(KEY_WEAK|KEY_UNREADABLE|CERT_UNREADABLE) /, weak.join(" "));
  });

  it("warns of a signature with SHA-1, but not of one that a root made under itself", () => {
    const extensions = "subjectAltName=DNS:a.example";
    assert.deepEqual(codes(toPair(forge({ extensions, issuer: root, extraArgs: ["-sha1"] }))), ["SP_TLS_CERT_WEAK_SIGNATURE cert"]);
    assert.deepEqual(codes(toPair(forge({ extensions, extraArgs: ["-sha1"] }))), []);
  });

  it("shows no part of a key in anything that it says", () => {
    const secret = leaf.key.split("\n")[1] ?? "";
    assert.ok(secret.length > 40);
    const pairs = [
      toPair({ ...leaf, key: leaf.key.replace("-----END", "----END") }),
      toPair({ ...leaf, key: leaf.key.replace("A", "?") }),
      toPair({ ...leaf, key: `-----BEGIN ${secret}-----\nAAAA\n-----END ${secret}-----` }),
      toPair({ ...leaf, key: leaf.key.slice(0, 60) + leaf.key.slice(61) }),
      toPair({ ...leaf, cert: leaf.key, key: root.key }),
      toPair({ cert: leaf.cert, key: `${leaf.key}${leaf.key}` }),
    ];
    for (const pair of pairs) {
      const text = inspect(judgeCertificate(pair, now), { depth: 9 });
      assert.doesNotMatch(text, new RegExp(secret.slice(0, 12).replaceAll(/[+/]/g, "\\$&")));
      assert.match(text, /SP_TLS_/);
    }
  });

  it("names no file where there is none", () => {
    const { findings } = judgeCertificate({ cert: "", certFile: "", key: new Secret(""), keyFile: "" }, now);
    assert.deepEqual(
      findings.map(({ message }) => message),
      [
        "the key is no private key in PEM: there is no `-----BEGIN` line in it",
        "the certificate is no certificate in PEM: there is no `-----BEGIN` line in it",
      ],
    );
  });
});
