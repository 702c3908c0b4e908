// The name check of outgoing connections, in the shape that node:tls wants.
import { X509Certificate } from "node:crypto";
import type { PeerCertificate } from "node:tls";
import { carriesName, sayWrongName } from "../certificate-name.ts";

/** For `checkServerIdentity`: an error when the certificate is not that of `name`. */
export function checkName(name: string, certificate: PeerCertificate): Error | undefined {
  const leaf = new X509Certificate(certificate.raw);
  if (carriesName(leaf, name)) return undefined;
  return Object.assign(new Error(sayWrongName(leaf, name)), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
}
