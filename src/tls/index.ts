// The door of the tls room: who answers for which name, which certificates are good, and what a listener and an endpoint say to handshakes.
export { type Certificate, type KeyKind, readLeaf } from "./certificate.ts";
export { ClientTlsSet, type UpstreamTlsInput } from "./client-tls.ts";
export { type CertificateInput, compileIdentities, type ListenerTlsInput } from "./compile-identities.ts";
export { type CertificateState, type CertifiedConfig, type ExpiryWarning, ExpiryWatch, listCertificates } from "./expiry.ts";
export { TLS_FINDINGS, type TlsFinding, type TlsFindingCode } from "./finding.ts";
export type { ClientAuthInput, IdentityPairInput } from "./identity-store.ts";
export { type HandshakeIdentity, IdentityTable } from "./identity-table.ts";
export {
  type ClientAuthJudged,
  judgeCertificate,
  judgeClientAuth,
  judgeListenerTls,
  judgeUpstreamTls,
  type ListenerTlsJudged,
  type UpstreamTlsJudged,
} from "./judge.ts";
export type { PairJudgement } from "./judge-pair.ts";
export { type PeerIdentity, readPeer } from "./peer.ts";
export type { PairInput } from "./read-pair.ts";
export { RevocationList } from "./revocation-list.ts";
export { ServerIdentities } from "./server-identities.ts";
export { type ChallengeSource, createServerTls, type ListenerTls } from "./server-tls.ts";
