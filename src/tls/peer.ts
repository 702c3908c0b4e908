// Who a client's certificate says it is, from its DER, for principals, conditions and logs. Only of certificates that were verified; this
// says what stands in one, not whether to believe it. No list is ever put into one text here, so nothing in a name can pass for two.

import { toFingerprint } from "./certificate.ts";
import { DerFault } from "./der.ts";
import { formatName } from "./distinguished-name.ts";
import { parseCertificate } from "./x509.ts";

export interface PeerIdentity {
  /** RFC 4514: `CN=orders,O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** The names in subjectAltName. DNS names in lower case. */
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  readonly ips: readonly string[];
  /** `spiffe://trust.domain/path`, when that is the one URI there is (SPIFFE X.509-SVID 2 and 5.2). */
  readonly spiffeId: string | null;
  /** Lower-case hexadecimal, two digits a byte, without bytes of zero in front. */
  readonly serial: string;
  /** SHA-256 of the DER, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly notAfterMs: number;
}

/** Null for what can't be read, or holds a name that two readers may read differently (NUL, line ends): then it is nobody. */
export function readPeer(der: Uint8Array): PeerIdentity | null {
  const parsed = parseCertificate(der);
  if (parsed === null) return null;
  const { dns, uris, emails, ips } = parsed.alternativeNames;
  try {
    return {
      subject: formatName(parsed.subject),
      issuer: formatName(parsed.issuer),
      dnsNames: dns.map((name) => name.toLowerCase()),
      uris,
      emails,
      ips,
      spiffeId: findSpiffeId(uris),
      serial: parsed.serial,
      fingerprint: toFingerprint(der),
      notAfterMs: parsed.notAfterMs,
    };
  } catch (error) {
    if (error instanceof DerFault) return null;
    throw error;
  }
}

// SPIFFE-ID 2.1 and 2.2: a trust domain, then segments that are neither empty nor dots.
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;
const MAX_SPIFFE_ID = 2048;

function findSpiffeId(uris: readonly string[]): string | null {
  const [uri = ""] = uris;
  return uris.length === 1 && uri.length <= MAX_SPIFFE_ID && SPIFFE_ID.test(uri) ? uri : null;
}
