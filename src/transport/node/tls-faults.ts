// What node:tls says about a failed handshake, as the contract's code and in words for the operator.
import type { SocketError } from "../socket.ts";
import { toSocketError } from "../socket-error.ts";

export interface TlsFault {
  readonly code: SocketError;
  /** Empty for what is not TLS's fault. */
  readonly detail: string;
}

interface RawError extends Error {
  readonly code?: string;
  readonly syscall?: string;
  readonly reason?: string;
}

export const CUT_HANDSHAKE: TlsFault = { code: "ETLS", detail: "the far side closed during the handshake" };
export const NO_CERTIFICATE: TlsFault = { code: "ETLSCERT", detail: "no certificate was shown" };

/** The fault of an error event of a TLS socket. */
export function toTlsFault(error: Error): TlsFault {
  const { code = "", syscall, reason } = error as RawError;
  if (code.startsWith("ERR_SSL") || code.startsWith("ERR_OSSL") || code === "EPROTO")
    return { code: "ETLS", detail: toWords(reason ?? error.message) };
  if (syscall !== undefined) return { code: toSocketError(error), detail: "" };
  if (code === "ECONNRESET") return CUT_HANDSHAKE;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || isVerifyCode(code)) return { code: "ETLSCERT", detail: toWords(error.message) };
  return {
    code: code.startsWith("ERR_TLS") ? "ETLS" : toSocketError(error),
    detail: code.startsWith("ERR_TLS") ? toWords(error.message) : "",
  };
}

/** The fault of a certificate that can't be used with its key, or of lists that can't be read. */
export function toContextFault(error: unknown): TlsFault {
  const words = error instanceof Error ? ((error as RawError).reason ?? error.message) : String(error);
  return { code: "ETLS", detail: `our own certificate, key or list can't be used: ${toWords(words)}` };
}

/** Node gives OpenSSL's X509_V_ERR_… their own names, which no errno has: CERT_HAS_EXPIRED. */
function isVerifyCode(code: string): boolean {
  return code.includes("_") && !code.startsWith("ERR_") && !code.startsWith("EAI_");
}

const MAX_WORDS = 200;

function toWords(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, " ").slice(0, MAX_WORDS);
}
