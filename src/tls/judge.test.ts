import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ClientAuthJudged, judgeClientAuth, judgeListenerTls, judgeUpstreamTls } from "./index.ts";
import { AUTHORITY, type Forged, forge, forgeList, toPair, whyNoForge } from "./testdata/certificate-forge.ts";

const DAY = 86_400_000;
const now = Date.now() + 3_600_000;

function auth(ca: string, ...crl: string[]): ClientAuthJudged {
  return { mode: "required", ca, caFile: "certs/ca.pem", crl };
}

function codes(input: ClientAuthJudged, nowMs = now): string[] {
  return judgeClientAuth(input, nowMs).map(({ code, path }) => `${code} ${path.join(".")}`);
}

describe("judging whom a configuration believes", { skip: whyNoForge() }, () => {
  const none: Forged = { cert: "", key: "" };
  const make = (order: Parameters<typeof forge>[0]) => (whyNoForge() ? none : forge(order));
  const root = make({ subject: "/CN=root", extensions: AUTHORITY });
  const other = make({ subject: "/CN=other", extensions: AUTHORITY });
  const impostor = make({ subject: "/CN=root", extensions: AUTHORITY });
  const leaf = make({ extensions: "basicConstraints=CA:FALSE\nsubjectAltName=DNS:a.example", issuer: root });
  const list = whyNoForge() ? "" : forgeList(root, ["05"]);

  it("finds nothing wrong with authorities and their lists", () => {
    assert.deepEqual(codes(auth(root.cert)), []);
    assert.deepEqual(codes(auth(root.cert, list)), []);
    assert.deepEqual(codes(auth(root.cert + other.cert, list + forgeList(other, []))), []);
    assert.deepEqual(codes(auth(root.cert + other.cert, list, forgeList(other, []))), []);
  });

  it("says what is no bundle of authorities", () => {
    assert.deepEqual(codes(auth("")), ["SP_TLS_CA_NOT_PEM ca"]);
    assert.deepEqual(codes(auth(list)), ["SP_TLS_CA_MISSING ca"]);
    assert.deepEqual(codes(auth(root.cert + root.key)), ["SP_TLS_CA_HOLDS_KEY ca"]);
    assert.deepEqual(codes(auth(leaf.cert)), ["SP_TLS_CA_NO_AUTHORITY ca"]);
    assert.deepEqual(codes(auth(`${root.cert}-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n`)), [
      "SP_TLS_CA_UNREADABLE ca",
    ]);
  });

  it("takes a certificate that stands for itself: a host that is pinned", () => {
    assert.deepEqual(codes(auth(forge({ extensions: "basicConstraints=CA:FALSE" }).cert)), []);
  });

  it("warns of an authority that has expired and of a list that is overdue", () => {
    assert.deepEqual(codes(auth(root.cert, list), now + 31 * DAY), ["SP_TLS_CRL_OVERDUE crl.0"]);
    assert.deepEqual(codes(auth(root.cert), now + 366 * DAY), ["SP_TLS_CA_EXPIRED ca"]);
    for (const { severity } of judgeClientAuth(auth(root.cert, list), now + 366 * DAY)) assert.equal(severity, "warning");
  });

  it("refuses a list that is none, of a stranger, or not signed by who it says", () => {
    assert.deepEqual(codes(auth(root.cert, list, "x")), ["SP_TLS_CRL_NOT_PEM crl.1"]);
    assert.deepEqual(codes(auth(root.cert, root.cert)), ["SP_TLS_CRL_NOT_PEM crl.0"]);
    assert.deepEqual(codes(auth(root.cert, "-----BEGIN X509 CRL-----\nMAMCAQA=\n-----END X509 CRL-----")), ["SP_TLS_CRL_UNREADABLE crl.0"]);
    assert.deepEqual(codes(auth(root.cert, forgeList(root, [], "2.5.29.27=critical,ASN1:INTEGER:4"))), ["SP_TLS_CRL_UNSUPPORTED crl.0"]);
    assert.deepEqual(codes(auth(root.cert, forgeList(other, []))), ["SP_TLS_CRL_FOREIGN crl.0"]);
    assert.deepEqual(codes(auth(root.cert, forgeList(impostor, []))), ["SP_TLS_CRL_FORGED crl.0"]);
  });

  it("warns when one authority has a list and another none", () => {
    assert.deepEqual(codes(auth(root.cert + other.cert, list)), ["SP_TLS_CRL_INCOMPLETE crl"]);
  });

  it("judges an upstream's part: its authorities, its lists and our own certificate", () => {
    const judged = (ca: string | null, crl: string[], identity: Forged | null) =>
      judgeUpstreamTls({ ca, caFile: ca === null ? null : "ca.pem", crl, identity: identity === null ? null : toPair(identity) }, now).map(
        ({ code, path }) => `${code} ${path.join(".")}`,
      );
    assert.deepEqual(judged(null, [], null), []);
    assert.deepEqual(judged(root.cert, [list], leaf), []);
    assert.deepEqual(judged("x", [], { ...leaf, key: root.key }), ["SP_TLS_CA_NOT_PEM ca", "SP_TLS_KEY_MISMATCH key"]);
    assert.deepEqual(judged(null, [list], null), ["SP_TLS_CRL_FOREIGN crl.0"]);
  });
});

describe("judging the certificates of a listener together", { skip: whyNoForge() }, () => {
  type Judged = Parameters<typeof judgeListenerTls>[0]["certificates"][number];
  const ca = whyNoForge() ? "" : forge({ subject: "/CN=root", extensions: AUTHORITY }).cert;

  function certificate(names: string, clientAuth: ClientAuthJudged | null = null, ...keyArgs: string[]): Judged {
    const forged = forge({ extensions: `subjectAltName=${names}`, ...(keyArgs.length === 0 ? {} : { keyArgs }) });
    return { pair: toPair(forged), acme: null, clientAuth };
  }

  function codesOf(...certificates: Judged[]): string[] {
    return judgeListenerTls({ certificates }, now).map(({ code, severity, path }) => `${severity} ${code} ${path.join(".")}`);
  }

  it("gives each finding its place in the listener's part", () => {
    const broken = { ...certificate("DNS:b.example"), clientAuth: auth("x") };
    const swapped = { ...broken, pair: broken.pair === null ? null : { ...broken.pair, cert: "y" } };
    assert.deepEqual(codesOf(certificate("DNS:a.example"), swapped), [
      "error SP_TLS_CERT_NOT_PEM certificates.1.cert",
      "error SP_TLS_CA_NOT_PEM certificates.1.clientAuth.ca",
    ]);
  });

  it("has nothing against names that overlap in part, and an exact name beside a wildcard", () => {
    assert.deepEqual(
      codesOf(
        certificate("DNS:a.example,DNS:b.example"),
        certificate("DNS:b.example,DNS:c.example"),
        certificate("DNS:*.example", auth(ca)),
      ),
      [],
    );
  });

  it("warns of a name with two kinds of keys: the first answers", () => {
    const [ec, rsa] = [certificate("DNS:a.example"), certificate("DNS:a.example", null, "rsa:2048")];
    assert.deepEqual(codesOf(ec, rsa), ["warning SP_TLS_NAME_TWO_KINDS certificates.1"]);
    const [finding] = judgeListenerTls({ certificates: [rsa, ec] }, now);
    assert.match(finding?.message ?? "", /`a\.example` has a certificate with an RSA key and one with an EC key: the first/);
  });

  it("warns of a certificate that never answers, unless it is the default", () => {
    assert.deepEqual(codesOf(certificate("DNS:a.example,DNS:b.example"), certificate("DNS:b.example")), [
      "warning SP_TLS_NAME_SHADOWED certificates.1",
    ]);
  });

  it("refuses one name with two rules for clients' certificates, also while one is not issued", () => {
    assert.deepEqual(codesOf(certificate("DNS:a.example"), certificate("DNS:b.example,DNS:a.example", auth(ca))), [
      "error SP_TLS_NAME_CLIENT_AUTH certificates.1",
    ]);
    const unissued = { pair: null, acme: { names: ["a.example"] }, clientAuth: auth(ca) };
    assert.deepEqual(codesOf(certificate("DNS:a.example"), unissued), ["error SP_TLS_NAME_CLIENT_AUTH certificates.1"]);
  });
});
