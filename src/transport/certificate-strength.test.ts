import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import { findWeakness } from "./certificate-strength.ts";
import { certificates, whyNoCertificates } from "./contract/certificates.ts";

describe("the strength of a certificate", { skip: whyNoCertificates() }, () => {
  const judge = (pem: string) => findWeakness(new X509Certificate(pem));

  it("is enough with a curve, or with RSA of 2048 bits", () => {
    const { servers } = certificates();
    assert.equal(judge(servers.a.cert), null);
    assert.equal(judge(servers.rsa.cert), null);
    assert.equal(judge(servers.selfSigned.cert), null);
  });

  it("is not with RSA of 1024 bits", () => {
    assert.equal(judge(certificates().servers.weakKey.cert), "the certificate has an RSA key of 1024 bits");
  });

  it("is not with SHA-1 below it, where the runtime says so", () => {
    const x509 = new X509Certificate(certificates().servers.weakSignature.cert);
    if (x509.signatureAlgorithm === undefined) assert.equal(findWeakness(x509), null);
    else assert.match(findWeakness(x509) ?? "", /signed with .*SHA-?1/i);
  });
});
