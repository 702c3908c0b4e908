// Whether a certificate carries the name that we asked for. subjectAltName only: a common name is no name, and an address in the shape
// of a DNS name is no address. Whether it is to be trusted has been judged before.
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { PeerCertificate } from "node:tls";

/** For `checkServerIdentity` of node:tls: an error when the certificate is not that of `name`. */
export function checkName(name: string, certificate: PeerCertificate): Error | undefined {
  const leaf = new X509Certificate(certificate.raw);
  if (carriesName(leaf, name)) return undefined;
  const names = leaf.subjectAltName ?? "no names";
  return Object.assign(new Error(`the certificate is not for ${name}, it has ${names}`), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
}

function carriesName(leaf: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return leaf.checkIP(name) !== undefined;
  const options = { subject: "never", wildcards: true, partialWildcards: false, multiLabelWildcards: false } as const;
  return leaf.checkHost(name, options) !== undefined;
}
