// What a client's certificate says, as claims. Names that it may have several of are lists, never one text.

import type { Claims } from "../../pipeline/index.ts";
import type { PeerIdentity } from "../../tls/index.ts";

export function toCertificateClaims(peer: PeerIdentity): Claims {
  return {
    subject: peer.subject,
    issuer: peer.issuer,
    ...(peer.spiffeId !== null && { spiffe: peer.spiffeId }),
    dns: peer.dnsNames,
    uri: peer.uris,
    email: peer.emails,
    ip: peer.ips,
    serial: peer.serial,
    fingerprint: peer.fingerprint,
  };
}
