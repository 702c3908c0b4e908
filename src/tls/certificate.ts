// The facts of a certificate of ours: whom it names, how long it holds, which kind of key it has. Cheap, since workers ask it of every
// certificate at every reload: no cryptography but a digest. What is wrong with one is judge-pair.ts's to say.

import { createHash } from "node:crypto";
import { isCertificate, readPem } from "./pem.ts";
import { type ParsedCertificate, parseCertificate } from "./x509.ts";

export type KeyKind = "rsa" | "ec" | "ed25519" | "other";

export interface Certificate {
  /** From subjectAltName, lower case, `*.` in front of a wildcard's. The common name is never a name (RFC 9525 2). */
  readonly names: readonly string[];
  /** What stands there as a DNS name and is none that a client could ask for. */
  readonly badNames: readonly string[];
  readonly ips: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256 of `der`, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly der: Uint8Array;
  readonly keyKind: KeyKind;
}

const KEY_KINDS: Readonly<Record<string, KeyKind>> = {
  "1.2.840.113549.1.1.1": "rsa",
  "1.2.840.10045.2.1": "ec",
  "1.3.101.112": "ed25519",
};

/** Of the first certificate in the text; null when there is none that can be read. */
export function readLeaf(pem: string): Certificate | null {
  const blocks = readPem(pem);
  const leaf = typeof blocks === "string" ? undefined : blocks.find(isCertificate);
  const parsed = leaf === undefined ? null : parseCertificate(leaf.der);
  return leaf === undefined || parsed === null ? null : toCertificate(leaf.der, parsed);
}

export function toCertificate(der: Uint8Array, parsed: ParsedCertificate): Certificate {
  const { dns, ips } = parsed.alternativeNames;
  const names = new Set<string>();
  const badNames: string[] = [];
  for (const text of dns) {
    const name = toServerName(text);
    if (name === null) badNames.push(text);
    else names.add(name);
  }
  return {
    names: [...names],
    badNames,
    ips,
    notBeforeMs: parsed.notBeforeMs,
    notAfterMs: parsed.notAfterMs,
    fingerprint: toFingerprint(der),
    der,
    keyKind: KEY_KINDS[parsed.keyAlgorithm] ?? "other",
  };
}

export function toFingerprint(der: Uint8Array): string {
  return createHash("sha256").update(der).digest("hex");
}

const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const NAME = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`);
const MAX_NAME = 253;

/**
 * A name that SNI can ask for, or a wildcard for one whole label in front of some (RFC 9525 6.3). An address in the shape of a name is none:
 * SNI has no addresses (RFC 6066 3), and what clients ask of an address is an IP entry.
 */
function toServerName(text: string): string | null {
  const name = text.toLowerCase();
  return name.length <= MAX_NAME && NAME.test(name) && !/(?:^|\.)[0-9]+$/.test(name) ? name : null;
}
