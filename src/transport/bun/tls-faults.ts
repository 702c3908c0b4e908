// What Bun and its BoringSSL say about a failed handshake, as the contract's code and in words for the operator.
import type { X509Certificate } from "node:crypto";
import { findWeakness } from "../certificate-strength.ts";
import type { SocketError } from "../socket.ts";
import type { RawTlsError } from "./tls-raw.ts";

export interface TlsFault {
  readonly code: SocketError;
  /** Empty for what is not TLS's fault. */
  readonly detail: string;
}

export const CUT_HANDSHAKE: TlsFault = { code: "ETLS", detail: "the far side closed during the handshake" };
export const NO_CERTIFICATE: TlsFault = { code: "ETLSCERT", detail: "no certificate was shown" };
export const NO_NAME: TlsFault = { code: "ETLS", detail: "nobody answers for the name asked for" };

const MAX_WORDS = 200;

/** Whether an error is BoringSSL's opinion of a certificate (CERT_HAS_EXPIRED, say), with which the handshake is done all the same. */
export function isVerdict({ code = "" }: RawTlsError): boolean {
  return code !== "" && code !== "EPROTO" && code !== "ECONNRESET" && !code.startsWith("ERR_SSL") && !code.startsWith("ERR_OSSL");
}

/** The fault of a handshake, or of a record behind it. */
export function toTlsFault(error: RawTlsError | null): TlsFault {
  if (error === null || error.code === "ECONNRESET") return CUT_HANDSHAKE;
  return { code: "ETLS", detail: toWords(error.reason ?? error.message ?? String(error)) };
}

/** What is wrong with the certificate that was shown. */
export function toVerdict(error: RawTlsError): TlsFault {
  return { code: "ETLSCERT", detail: toWords(error.message) };
}

/** What is wrong with a certificate that BoringSSL has nothing against. */
export function judgeStrength(leaf: X509Certificate): TlsFault | null {
  const weakness = findWeakness(leaf);
  return weakness === null ? null : { code: "ETLSCERT", detail: weakness };
}

/** The fault of a certificate that can't be used with its key, or of lists that can't be read. */
export function toContextFault(error: unknown): TlsFault {
  const words = error instanceof Error ? ((error as RawTlsError).reason ?? error.message) : String(error);
  return { code: "ETLS", detail: `our own certificate, key or list can't be used: ${toWords(words)}` };
}

/** BoringSSL's `error:10000410:SSL routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE` loses its numbers. */
function toWords(text: string): string {
  const reason = /^error:[0-9a-f]+:[^:]*:[^:]*:(.+)$/.exec(text)?.[1]?.toLowerCase().replaceAll("_", " ") ?? text;
  return reason.replace(/[^\x20-\x7e]+/g, " ").slice(0, MAX_WORDS);
}
