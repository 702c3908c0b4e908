// The name check of outgoing connections, in the shape that node:tls wants.
import { X509Certificate } from "node:crypto";
import type { PeerCertificate } from "node:tls";
import { carriesName, sayWrongName } from "../certificate-name.ts";
import { findWeakness } from "../certificate-strength.ts";

/** For `checkServerIdentity`: an error when the certificate is not that of `name`, or can be broken. */
export function checkName(name: string, certificate: PeerCertificate): Error | undefined {
  const leaf = new X509Certificate(certificate.raw);
  const wrong = carriesName(leaf, name) ? findWeakness(leaf) : sayWrongName(leaf, name);
  return wrong === null ? undefined : Object.assign(new Error(wrong), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
}
