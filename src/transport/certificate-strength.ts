// Whether the certificate that a far side showed holds as much as it says: a key or a signature that can be broken proves nobody. OpenSSL
// judges so by itself from a certain level on; BoringSSL takes RSA of 1024 bits and SHA-1 without a word. Of the leaf only: what stands
// above it is judged with the authorities, when a configuration is checked.
import type { X509Certificate } from "node:crypto";

const MIN_RSA_BITS = 2048;
const WEAK_HASH = /md5|sha-?1(?![0-9])/i;

/** Some runtimes have it not; they judge signatures by themselves. */
interface Signed {
  readonly signatureAlgorithm?: string | undefined;
}

/** In words; null when nothing is. */
export function findWeakness(leaf: X509Certificate): string | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = leaf.publicKey;
  const bits = details?.modulusLength ?? MIN_RSA_BITS;
  if ((type === "rsa" || type === "rsa-pss") && bits < MIN_RSA_BITS) return `the certificate has an RSA key of ${bits} bits`;
  const { signatureAlgorithm = "" } = leaf as Signed;
  // One that is believed for itself is believed whatever it was signed with.
  if (!WEAK_HASH.test(signatureAlgorithm) || leaf.checkIssued(leaf)) return null;
  return `the certificate is signed with ${signatureAlgorithm}`;
}
