// Whether a certificate carries the name that was asked for. subjectAltName only: a common name is no name, and an address in the shape
// of a DNS name is no address. Whether the certificate is to be trusted is judged elsewhere.
import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

// One label deep, and the star is the whole label.
const HOST_RULES = { subject: "never", wildcards: true, partialWildcards: false, multiLabelWildcards: false } as const;

export function carriesName(leaf: X509Certificate, name: string): boolean {
  return isIP(name) === 0 ? leaf.checkHost(name, HOST_RULES) !== undefined : leaf.checkIP(name) !== undefined;
}

/** What is wrong, for the operator. */
export function sayWrongName(leaf: X509Certificate, name: string): string {
  return `the certificate is not for ${name}, it has ${leaf.subjectAltName ?? "no names"}`;
}
