// The certificate that answers a TLS-ALPN-01 challenge (RFC 8737 3): self-signed, for one name, with the digest of the key authorisation
// in an extension of its own. acme-client makes one that only issues; BoringSSL, rightly, signs no handshake with such a key.

import { createHash, webcrypto } from "node:crypto";

/** id-pe-acmeIdentifier */
const ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";
/** An OCTET STRING of 32 bytes, in DER. */
const DIGEST_HEAD = [0x04, 0x20];
const HOUR_MS = 3_600_000;

/** PEM. The library is loaded on the first call. */
export async function createChallengeCertificate(
  name: string,
  keyAuthorization: string,
): Promise<{ readonly cert: string; readonly key: string }> {
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  x509.cryptoProvider.set(webcrypto as Crypto);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const digest = createHash("sha256").update(keyAuthorization).digest();
  const nowMs = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: createHash("sha256").update(`${nowMs} ${keyAuthorization}`).digest("hex").slice(0, 16),
    name: `CN=${name}`,
    notBefore: new Date(nowMs - HOUR_MS),
    notAfter: new Date(nowMs + HOUR_MS * 24),
    keys: keys as CryptoKeyPair,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
      new x509.Extension(ACME_IDENTIFIER, true, new Uint8Array([...DIGEST_HEAD, ...digest])),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})(?=.)/g, "$1\n")}\n-----END PRIVATE KEY-----\n`;
  return { cert: `${certificate.toString("pem")}\n`, key };
}
