// What we read of a certificate (RFC 5280 4.1), from its DER. Runtimes print names as text in which a name can pretend to be several
// (CVE-2021-44532), so no text of theirs is parsed here. Reads and judges nothing: signatures and trust are the handshake's.

import { canonicalIp } from "../base/index.ts";
import { contextTag, DerFault, DerReader, type DerValue, readAscii, readBoolean, readIntegerHex, readOid, readTime, TAG } from "./der.ts";

export interface ParsedCertificate {
  /** Lower-case hexadecimal without leading zeros. */
  readonly serial: string;
  /** DER of the Name. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Of the key that it certifies, and of the signature on it; object identifiers. */
  readonly keyAlgorithm: string;
  readonly signatureAlgorithm: string;
  readonly alternativeNames: AlternativeNames;
  /** Extended key usages; null when it may be used for anything. */
  readonly usages: readonly string[] | null;
  readonly isAuthority: boolean;
}

export interface AlternativeNames {
  /** As they stand in the certificate; no wildcard is judged here. */
  readonly dns: readonly string[];
  /** In their one spelling. */
  readonly ips: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
}

const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const BASIC_CONSTRAINTS = "2.5.29.19";
const NO_NAMES: AlternativeNames = { dns: [], ips: [], uris: [], emails: [] };

/** Null for what is no certificate, or one that is encoded in a way that two readers may read differently. */
export function parseCertificate(der: Uint8Array): ParsedCertificate | null {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof DerFault) return null;
    throw error;
  }
}

function readCertificate(der: Uint8Array): ParsedCertificate {
  const outside = new DerReader(der);
  const certificate = outside.enter(TAG.SEQUENCE);
  outside.expectEnd();
  const body = certificate.enter(TAG.SEQUENCE);
  const signatureAlgorithm = readAlgorithm(certificate.read(TAG.SEQUENCE));
  certificate.read(TAG.BIT_STRING);
  certificate.expectEnd();
  const version = body.readOptional(contextTag(0, true));
  const serial = readIntegerHex(body.read(TAG.INTEGER).content);
  if (readAlgorithm(body.read(TAG.SEQUENCE)) !== signatureAlgorithm) throw new DerFault("two signature algorithms");
  const issuer = body.read(TAG.SEQUENCE).whole;
  const validity = body.enter(TAG.SEQUENCE);
  const notBeforeMs = readTime(validity.readAny());
  const notAfterMs = readTime(validity.readAny());
  validity.expectEnd();
  const subject = body.read(TAG.SEQUENCE).whole;
  const keyAlgorithm = readAlgorithm(body.enter(TAG.SEQUENCE).read(TAG.SEQUENCE));
  body.readOptional(contextTag(1, false));
  body.readOptional(contextTag(2, false));
  const list = body.readOptional(contextTag(3, true));
  body.expectEnd();
  if (list !== null && version === null) throw new DerFault("extensions in a version that has none");
  const extensions = list === null ? new Map<string, Extension>() : readExtensions(new DerReader(list.content));
  return { serial, issuer, subject, notBeforeMs, notAfterMs, keyAlgorithm, signatureAlgorithm, ...readKnown(extensions) };
}

function readKnown(extensions: ReadonlyMap<string, Extension>): Pick<ParsedCertificate, "alternativeNames" | "usages" | "isAuthority"> {
  const names = extensions.get(SUBJECT_ALTERNATIVE_NAME);
  const usages = extensions.get(EXTENDED_KEY_USAGE);
  const constraints = extensions.get(BASIC_CONSTRAINTS);
  return {
    alternativeNames: names === undefined ? NO_NAMES : readAlternativeNames(names.value),
    usages: usages === undefined ? null : readUsages(usages.value),
    isAuthority: constraints !== undefined && readIsAuthority(constraints.value),
  };
}

export function readAlgorithm(value: DerValue): string {
  return readOid(new DerReader(value.content).read(TAG.OID).content);
}

export interface Extension {
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

/** By object identifier. One that stands twice is a fault: readers differ in which they take (RFC 5280 4.2). */
export function readExtensions(reader: DerReader): Map<string, Extension> {
  const list = reader.enter(TAG.SEQUENCE);
  reader.expectEnd();
  const extensions = new Map<string, Extension>();
  while (!list.isAtEnd) {
    const extension = list.enter(TAG.SEQUENCE);
    const oid = readOid(extension.read(TAG.OID).content);
    const critical = extension.readOptional(TAG.BOOLEAN);
    const value = extension.read(TAG.OCTET_STRING).content;
    extension.expectEnd();
    if (extensions.has(oid)) throw new DerFault("an extension that stands twice");
    extensions.set(oid, { isCritical: critical !== null && readBoolean(critical.content), value });
  }
  return extensions;
}

function readAlternativeNames(value: Uint8Array): AlternativeNames {
  const outside = new DerReader(value);
  const list = outside.enter(TAG.SEQUENCE);
  outside.expectEnd();
  const names = { dns: [] as string[], ips: [] as string[], uris: [] as string[], emails: [] as string[] };
  while (!list.isAtEnd) {
    const { tag, content } = list.readAny();
    if (tag === contextTag(1, false)) names.emails.push(readAscii(content));
    else if (tag === contextTag(2, false)) names.dns.push(readAscii(content));
    else if (tag === contextTag(6, false)) names.uris.push(readAscii(content));
    else if (tag === contextTag(7, false)) names.ips.push(readIp(content));
  }
  return names;
}

function readIp(content: Uint8Array): string {
  if (content.length === 4) return content.join(".");
  if (content.length !== 16) throw new DerFault("an address of neither 4 nor 16 bytes");
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((((content[i] ?? 0) << 8) | (content[i + 1] ?? 0)).toString(16));
  return canonicalIp(groups.join(":")) ?? "";
}

function readUsages(value: Uint8Array): string[] {
  const outside = new DerReader(value);
  const list = outside.enter(TAG.SEQUENCE);
  outside.expectEnd();
  const usages: string[] = [];
  while (!list.isAtEnd) usages.push(readOid(list.read(TAG.OID).content));
  return usages;
}

function readIsAuthority(value: Uint8Array): boolean {
  const outside = new DerReader(value);
  const flag = outside.enter(TAG.SEQUENCE).readOptional(TAG.BOOLEAN);
  outside.expectEnd();
  return flag !== null && readBoolean(flag.content);
}
