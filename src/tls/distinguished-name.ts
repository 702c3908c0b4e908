// A distinguished name as text (RFC 4514): the most specific part first, everything that could end a value or begin another one escaped.

import { DerFault, DerReader, type DerValue, readAscii, readOid, TAG, toHex } from "./der.ts";

// RFC 4514 3, and what certificates use besides.
const TYPES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.4": "SN",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "STREET",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.12": "title",
  "2.5.4.42": "GN",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
  "1.2.840.113549.1.9.1": "emailAddress",
};

/** Of the DER of a Name; throws a DerFault for what is none. Empty for a name without parts. */
export function formatName(der: Uint8Array): string {
  const outside = new DerReader(der);
  const parts = outside.enter(TAG.SEQUENCE);
  outside.expectEnd();
  const texts: string[] = [];
  while (!parts.isAtEnd) {
    const set = parts.enter(TAG.SET);
    const attributes: string[] = [];
    while (!set.isAtEnd) attributes.push(formatAttribute(set.enter(TAG.SEQUENCE)));
    if (attributes.length === 0) throw new DerFault("a part of a name without attributes");
    texts.push(attributes.join("+"));
  }
  return texts.reverse().join(",");
}

function formatAttribute(attribute: DerReader): string {
  const oid = readOid(attribute.read(TAG.OID).content);
  const value = attribute.readAny();
  attribute.expectEnd();
  const type = TYPES[oid];
  const text = type === undefined ? null : readText(value);
  // RFC 4514 2.4: what has no text form is shown as it is encoded.
  return text === null ? `${type ?? oid}=#${toHex(value.whole)}` : `${type}=${escapeValue(text)}`;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Null for kinds of strings that are not text for sure (TeletexString was never one encoding). */
function readText({ tag, content }: DerValue): string | null {
  if (tag === TAG.PRINTABLE_STRING || tag === TAG.IA5_STRING) return readAscii(content);
  if (tag !== TAG.UTF8_STRING) return null;
  try {
    const text = UTF8.decode(content);
    // A NUL ends the text for readers that are written in C.
    if (text.includes("\0")) throw new DerFault("a name with a NUL");
    return text;
  } catch (error) {
    throw error instanceof DerFault ? error : new DerFault("a name that is not UTF-8");
  }
}

function escapeValue(text: string): string {
  const escaped = text
    .replaceAll(/["+,;<>\\]/g, "\\$&")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (control) =>
      [...Buffer.from(control)].map((byte) => `\\${byte.toString(16).padStart(2, "0").toUpperCase()}`).join(""),
    );
  return escaped.replace(/^[ #]/, "\\$&").replace(/ $/, "\\ ");
}
