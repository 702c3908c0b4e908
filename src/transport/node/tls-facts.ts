// What a finished handshake of node:tls agreed on, and what OpenSSL thought of the far side's certificate.
import type { TLSSocket } from "node:tls";
import type { TlsFacts, TlsIdentity, TlsVersion } from "../tls.ts";
import type { TlsFault } from "./tls-faults.ts";

const UNJUDGED: TlsFault = { code: "ETLSCERT", detail: "this runtime does not say whether the certificate is good" };

/** `serverName` and `identity` as they were chosen by. To be called once the certificate, if there is one, has been judged good. */
export function readFacts(raw: TLSSocket, serverName: string, identity: TlsIdentity | null): TlsFacts {
  const isAsked = identity === null || identity.clientAuth !== null;
  return {
    version: raw.getProtocol() as TlsVersion,
    cipher: raw.getCipher().name,
    serverName,
    alpn: raw.alpnProtocol || "",
    resumed: raw.isSessionReused(),
    identity,
    peerCertificate: isAsked ? (raw.getPeerX509Certificate()?.raw ?? null) : null,
  };
}

interface Verifier {
  /** Not in the published types: what tls.Server makes `authorized` of. Null when the certificate is good. */
  verifyError?(): (Error & { readonly code?: string }) | null;
}

/** What OpenSSL found wrong with the certificate that was shown, null when nothing. */
export function verifyFault(raw: TLSSocket): TlsFault | null {
  const { ssl } = raw as TLSSocket & { readonly ssl?: Verifier | null };
  if (typeof ssl?.verifyError !== "function") return UNJUDGED;
  const error = ssl.verifyError();
  return error === null || error === undefined ? null : { code: "ETLSCERT", detail: error.message };
}
