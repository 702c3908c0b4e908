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
  if (code === "ECONNRESET" && syscall === undefined) return CUT_HANDSHAKE;
  // Several addresses that failed to connect make one error that has the code alone.
  const known = toSocketError(error);
  if (syscall !== undefined || known !== "EOTHER") return { code: known, detail: "" };
  // What is left are the verdicts on certificates (CERT_HAS_EXPIRED, UNSPECIFIED) and node:tls's own.
  const isOurs = code.startsWith("ERR_") && code !== "ERR_TLS_CERT_ALTNAME_INVALID";
  return { code: isOurs ? "ETLS" : "ETLSCERT", detail: toWords(error.message) };
}

/** The fault of a certificate that can't be used with its key, or of lists that can't be read. */
export function toContextFault(error: unknown): TlsFault {
  const words = error instanceof Error ? ((error as RawError).reason ?? error.message) : String(error);
  return { code: "ETLS", detail: `our own certificate, key or list can't be used: ${toWords(words)}` };
}

const MAX_WORDS = 200;

function toWords(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, " ").slice(0, MAX_WORDS);
}
