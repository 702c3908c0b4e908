// PEM (RFC 7468) taken apart into its blocks. What stands between blocks is explanation and skipped, as everybody does; what stands in
// one must be base64. Knows nothing of what the bytes mean.

export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`. */
  readonly label: string;
  readonly der: Uint8Array;
  /** Has RFC 1421 headers, which say that the bytes are encrypted. */
  readonly isEncrypted: boolean;
}

export type PemMistake = "no-block" | "not-closed" | "not-base64";

/** In a message, behind a colon. */
export const PEM_MISTAKES = {
  "no-block": "there is no `-----BEGIN` line in it",
  "not-closed": "a block has no `-----END` line of its own",
  "not-base64": "a block holds something else than base64",
} as const satisfies Readonly<Record<PemMistake, string>>;

const BEGIN = "-----BEGIN ";
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The blocks in their order, or the first thing that is wrong. */
export function readPem(text: string): readonly PemBlock[] | PemMistake {
  const blocks: PemBlock[] = [];
  let at = text.indexOf(BEGIN);
  while (at >= 0) {
    const labelEnd = text.indexOf("-----", at + BEGIN.length);
    if (labelEnd < 0) return "not-closed";
    const label = text.slice(at + BEGIN.length, labelEnd);
    const endLine = `-----END ${label}-----`;
    const end = text.indexOf(endLine, labelEnd + 5);
    if (end < 0) return "not-closed";
    const block = readBlock(label, text.slice(labelEnd + 5, end));
    if (block === null) return "not-base64";
    blocks.push(block);
    at = text.indexOf(BEGIN, end + endLine.length);
  }
  return blocks.length === 0 ? "no-block" : blocks;
}

function readBlock(label: string, body: string): PemBlock | null {
  // A colon is in no base64, so it is a header.
  const isEncrypted = label === "ENCRYPTED PRIVATE KEY" || /^\s*Proc-Type:/.test(body);
  const headersEnd = body.includes(":") ? /\r?\n[ \t]*\r?\n/.exec(body.trimStart()) : null;
  const text = (headersEnd === null ? body : body.trimStart().slice(headersEnd.index)).replaceAll(/\s+/g, "");
  if (!BASE64.test(text) || text.length % 4 !== 0) return null;
  return { label, der: Buffer.from(text, "base64"), isEncrypted };
}

export function isPrivateKey({ label }: PemBlock): boolean {
  return label.endsWith("PRIVATE KEY");
}

export function isCertificate({ label }: PemBlock): boolean {
  return label === "CERTIFICATE" || label === "X509 CERTIFICATE";
}
