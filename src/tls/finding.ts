// What can be wrong with certificates, keys and lists, as values: a code, a severity and words. Places in a configuration file are the
// caller's: `path` is what to put behind the path of the thing that was judged. No text of a key is ever in one.
//
// What only time made wrong (expired, overdue) is a warning: a gateway that served yesterday must start today, and one certificate of
// fifty that ran out must not take the others down. What can't work at all is an error.

export const TLS_FINDINGS = {
  SP_TLS_CERT_NOT_PEM: "error",
  SP_TLS_CERT_MISSING: "error",
  SP_TLS_CERT_UNREADABLE: "error",
  SP_TLS_CERT_HOLDS_KEY: "error",
  SP_TLS_CERT_NO_NAMES: "error",
  SP_TLS_CERT_BAD_NAME: "warning",
  SP_TLS_CERT_USAGE: "error",
  SP_TLS_CERT_EXPIRED: "warning",
  SP_TLS_CERT_NOT_YET_VALID: "warning",
  SP_TLS_CERT_WEAK_SIGNATURE: "warning",
  SP_TLS_CHAIN_ORDER: "error",
  SP_TLS_CHAIN_STRAY: "error",
  SP_TLS_KEY_NOT_PEM: "error",
  SP_TLS_KEY_MISSING: "error",
  SP_TLS_KEY_SEVERAL: "error",
  SP_TLS_KEY_ENCRYPTED: "error",
  SP_TLS_KEY_UNREADABLE: "error",
  SP_TLS_KEY_MISMATCH: "error",
  SP_TLS_KEY_WEAK: "error",
  SP_TLS_CA_NOT_PEM: "error",
  SP_TLS_CA_MISSING: "error",
  SP_TLS_CA_UNREADABLE: "error",
  SP_TLS_CA_HOLDS_KEY: "error",
  SP_TLS_CA_NO_AUTHORITY: "error",
  SP_TLS_CA_NO_ROOT: "error",
  SP_TLS_CA_INCOMPLETE: "warning",
  SP_TLS_CA_EXPIRED: "warning",
  SP_TLS_CRL_NOT_PEM: "error",
  SP_TLS_CRL_UNREADABLE: "error",
  SP_TLS_CRL_UNSUPPORTED: "error",
  SP_TLS_CRL_FOREIGN: "error",
  SP_TLS_CRL_FORGED: "error",
  SP_TLS_CRL_OVERDUE: "warning",
  SP_TLS_CRL_INCOMPLETE: "warning",
  SP_TLS_NAME_TWO_KINDS: "warning",
  SP_TLS_NAME_SHADOWED: "warning",
  SP_TLS_NAME_CLIENT_AUTH: "error",
} as const satisfies Readonly<Record<string, "error" | "warning">>;

export type TlsFindingCode = keyof typeof TLS_FINDINGS;

export interface TlsFinding {
  readonly code: TlsFindingCode;
  readonly severity: "error" | "warning";
  /** Behind the path of what was judged: `["cert"]`, `["crl", 0]`. */
  readonly path: readonly (string | number)[];
  /** One sentence: what is wrong. */
  readonly message: string;
  /** What to do. */
  readonly hint: string;
}

export function toFinding(code: TlsFindingCode, path: readonly (string | number)[], message: string, hint: string): TlsFinding {
  return { code, severity: TLS_FINDINGS[code], path, message, hint };
}

/** A file in a message; `what` alone for a text that came from no file. */
export function toFileText(file: string | null, what: string): string {
  return file === null || file === "" ? `the ${what}` : `\`${file}\``;
}

/** A date in a message. */
export function toDayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}
