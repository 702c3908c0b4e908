// Which keys and signatures are strong enough, and known to both runtimes: what a browser refuses today is refused here with a reason.

import type { KeyObject, X509Certificate } from "node:crypto";
import { type TlsFinding, toFinding } from "./finding.ts";
import type { ParsedCertificate } from "./x509.ts";

const MIN_RSA_BITS = 2048;
const CURVES: readonly string[] = ["prime256v1", "secp384r1", "secp521r1"];
const HINT = "make a key with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` and have it certified";

const WEAK_SIGNATURES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.4": "MD5",
  "1.2.840.113549.1.1.5": "SHA-1",
  "1.2.840.10045.4.1": "SHA-1",
};

/** `file` as it stands in messages. */
export function judgeStrength(x509: X509Certificate, parsed: ParsedCertificate, file: string): TlsFinding[] {
  const findings: TlsFinding[] = [];
  const weakness = findWeakness(readPublicKey(x509));
  if (weakness !== null) findings.push(toFinding("SP_TLS_KEY_WEAK", ["key"], `the key of ${file} is ${weakness}`, HINT));
  const hash = WEAK_SIGNATURES[parsed.signatureAlgorithm];
  // Nobody checks the signature that a certificate makes under itself.
  if (hash !== undefined && !Buffer.from(parsed.issuer).equals(parsed.subject)) {
    const message = `${file} is signed with ${hash}, which clients refuse`;
    findings.push(toFinding("SP_TLS_CERT_WEAK_SIGNATURE", ["cert"], message, "have it issued anew with SHA-256"));
  }
  return findings;
}

/** Null for a key of a kind that this runtime has not: some say so only when they are asked for it. */
export function readPublicKey(x509: X509Certificate): KeyObject | null {
  try {
    return x509.publicKey;
  } catch {
    return null;
  }
}

/** What is wrong with it, behind `is`; null when nothing is. */
function findWeakness(key: KeyObject | null): string | null {
  if (key === null) return "of a kind that this runtime does not know";
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "ed25519") return null;
  if (type === "rsa") {
    const bits = details?.modulusLength ?? 0;
    return bits >= MIN_RSA_BITS ? null : `an RSA key of ${bits} bits; less than ${MIN_RSA_BITS} can be broken`;
  }
  const curve = details?.namedCurve ?? "";
  if (type === "ec")
    return CURVES.includes(curve) ? null : `on the curve ${curve === "" ? "of its own parameters" : curve}, which TLS 1.3 has not`;
  return `of the kind ${type ?? "unknown"}, which not every runtime and client knows`;
}
