// A handshake inside the process: who answers, which protocol, which certificates are believed. No bytes are exchanged and nothing is
// encrypted. Certificates are judged by simple rules, for tests: dates, usage, signatures up to an authority, names; a list revokes
// whose serial number stands in it, and neither its age nor its signature is looked at.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { carriesName, sayWrongName } from "../certificate-name.ts";
import type { SocketError } from "../socket.ts";
import type { ClientTls, ServerTls, TlsFacts, TlsIdentity } from "../tls.ts";

export interface Refusal {
  readonly code: SocketError;
  readonly detail: string;
}

/** What each side makes of it: the facts, or why not. */
export interface Outcome {
  readonly server: TlsFacts | Refusal;
  readonly client: TlsFacts | Refusal;
}

export const NOT_TLS: Refusal = { code: "ETLS", detail: "the first bytes are not a TLS handshake" };
export const CUT: Refusal = { code: "ETLS", detail: "the far side closed during the handshake" };
const REFUSED: Refusal = { code: "ETLS", detail: "the far side refused the handshake" };

const CLIENT_USAGE = "1.3.6.1.5.5.7.3.2";
const SERVER_USAGE = "1.3.6.1.5.5.7.3.1";
const ACME_PROTOCOL = "acme-tls/1";

/** What comes of a handshake between the two. Throws what `select` throws. */
export function shakeHands(server: ServerTls, client: ClientTls): Outcome {
  const serverName = isIP(client.serverName) === 0 ? client.serverName.toLowerCase() : "";
  const isChallenge = client.protocols.length === 1 && client.protocols[0] === ACME_PROTOCOL && server.selectChallenge !== undefined;
  const identity = isChallenge ? (server.selectChallenge?.(serverName) ?? null) : server.select(serverName);
  if (identity === null) return refusedByServer("ETLS", "nobody answers for the name asked for");
  const unusable = checkPair(identity);
  if (unusable !== null) return refusedByServer("ETLS", unusable);
  const alpn = agree(isChallenge ? [ACME_PROTOCOL] : server.protocols, client.protocols);
  if (alpn === null) return refusedByServer("ETLS", "no application protocol in common");
  const wrong = judge(identity.cert, client.ca ?? "", client.crl, SERVER_USAGE) ?? judgeName(identity.cert, client.serverName);
  if (wrong !== null) return { server: REFUSED, client: { code: "ETLSCERT", detail: wrong } };
  const refusal = judgeClient(identity, client);
  if (refusal !== null) return refusedByServer("ETLSCERT", refusal);
  const facts = { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", serverName, alpn, resumed: false } as const;
  const shown = identity.clientAuth === null || client.identity === null ? null : toDer(client.identity.cert);
  return {
    server: { ...facts, identity, peerCertificate: shown },
    client: { ...facts, identity: null, peerCertificate: toDer(identity.cert) },
  };
}

/** Why a certificate can't be used with its key; null when it can. */
export function checkPair(pair: { readonly cert: string; readonly key: string }): string | null {
  try {
    const isOwn = new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key));
    return isOwn ? null : "our own key is not that of the certificate";
  } catch (error) {
    return `our own certificate or key can't be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function refusedByServer(code: SocketError, detail: string): Outcome {
  return { server: { code, detail }, client: REFUSED };
}

/** The protocol that both speak, "" when one side has none to offer, null when they have none in common. */
function agree(ours: readonly string[], theirs: readonly string[]): string | null {
  if (ours.length === 0 || theirs.length === 0) return "";
  return ours.find((name) => theirs.includes(name)) ?? null;
}

function judgeClient({ clientAuth }: TlsIdentity, client: ClientTls): string | null {
  if (clientAuth === null) return null;
  if (client.identity !== null) return judge(client.identity.cert, clientAuth.ca, clientAuth.crl, CLIENT_USAGE);
  return clientAuth.mode === "required" ? "no certificate was shown" : null;
}

function judgeName(pem: string, name: string): string | null {
  const leaf = new X509Certificate(pem);
  return carriesName(leaf, name) ? null : sayWrongName(leaf, name);
}

/** What is wrong with the first certificate of a chain; null when nothing. */
function judge(pem: string, ca: string, crls: readonly string[], usage: string): string | null {
  const [leaf, ...between] = readCertificates(pem);
  if (leaf === undefined) return "no certificate was shown";
  const usages = leaf.keyUsage as readonly string[] | undefined;
  if (usages !== undefined && !usages.includes(usage)) return "the certificate is not for this purpose";
  return climb(leaf, between, readCertificates(ca), crls);
}

function climb(
  child: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  crls: readonly string[],
): string | null {
  const now = Date.now();
  if (Date.parse(child.validTo) < now) return "certificate has expired";
  if (Date.parse(child.validFrom) > now) return "certificate is not yet valid";
  if (crls.some((list) => listsSerial(list, child.serialNumber))) return "certificate revoked";
  if (authorities.some((authority) => hasIssued(authority, child))) return null;
  const at = between.findIndex((candidate) => hasIssued(candidate, child));
  const next = between[at];
  // Each certificate of the chain is climbed once, so that a ring comes to an end.
  return next === undefined ? "unable to get issuer certificate" : climb(next, between.toSpliced(at, 1), authorities, crls);
}

function hasIssued(authority: X509Certificate, child: X509Certificate): boolean {
  // One that is believed itself needs nobody above it.
  if (authority.raw.equals(child.raw)) return true;
  return authority.ca && child.checkIssued(authority) && child.verify(authority.publicKey);
}

function listsSerial(list: string, serial: string): boolean {
  const bytes = Buffer.from(serial.length % 2 === 0 ? serial : `0${serial}`, "hex");
  return pemBlocks(list, "X509 CRL").some((block) => Buffer.from(block.replace(/-----[^-]+-----|\s/g, ""), "base64").includes(bytes));
}

function readCertificates(pem: string): X509Certificate[] {
  return pemBlocks(pem, "CERTIFICATE").map((block) => new X509Certificate(block));
}

function pemBlocks(pem: string, label: string): string[] {
  return pem.match(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`, "g")) ?? [];
}

function toDer(pem: string): Uint8Array {
  return new X509Certificate(pem).raw;
}
