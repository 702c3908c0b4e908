export { type AcmeSettings, type Authority, acmeAuthority, type Challenge, type ChallengeStage } from "./authority.ts";
export { CertificateIssuer, type IssuerEvents, type IssuerHost, type IssueState } from "./issuer.ts";
export { type IssuedPair, PairStore } from "./pair-store.ts";
