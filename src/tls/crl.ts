// Certificate revocation lists (RFC 5280 5) as far as whole lists of one authority go: reads one, checks who signed it, and knows what is
// on it. Lists that only say what changed, or speak for others than who signed them, are refused: half of them would be believed.
// Both runtimes look at lists in a handshake, but take the list of a stranger, a part or one that is overdue without a word and then refuse
// everybody: that is told here when a configuration is checked. And a connection that outlives a list can be held against the next.

import { constants, type KeyObject, verify } from "node:crypto";
import { runAtOnce, type Steps } from "../base/index.ts";
import { contextTag, DerFault, DerReader, type DerValue, readBoolean, readIntegerHex, readOid, readTime, TAG } from "./der.ts";
import { readExtensions } from "./x509.ts";

export interface ParsedCrl {
  /** DER of the Name. */
  readonly issuer: Uint8Array;
  readonly thisUpdateMs: number;
  /** Null: it does not say when the next comes. */
  readonly nextUpdateMs: number | null;
  /** Serial numbers, lower-case hexadecimal without leading zeros. */
  readonly revoked: ReadonlySet<string>;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
}

interface SignatureAlgorithm {
  /** Null where the key says it (Ed25519). */
  readonly hash: string | null;
  readonly kind: "rsa" | "ec" | "ed25519";
  /** Of RSASSA-PSS; null is PKCS #1 v1.5. */
  readonly saltLength: number | null;
}

export type CrlMistake = "unreadable" | "partial" | "algorithm";

const ALGORITHMS: Readonly<Record<string, Omit<SignatureAlgorithm, "saltLength">>> = {
  "1.2.840.113549.1.1.11": { kind: "rsa", hash: "sha256" },
  "1.2.840.113549.1.1.12": { kind: "rsa", hash: "sha384" },
  "1.2.840.113549.1.1.13": { kind: "rsa", hash: "sha512" },
  "1.2.840.10045.4.3.2": { kind: "ec", hash: "sha256" },
  "1.2.840.10045.4.3.3": { kind: "ec", hash: "sha384" },
  "1.2.840.10045.4.3.4": { kind: "ec", hash: "sha512" },
  "1.3.101.112": { kind: "ed25519", hash: null },
};
// A delta, and an issuing distribution point: with the second the runtimes refuse whatever the list is asked about, unless each
// certificate of the chain points to the same place. What else is critical is something that we don't know.
const PARTIAL: readonly string[] = ["2.5.29.27", "2.5.29.28"];
// About a millisecond.
const ENTRIES_A_STEP = 1024;
const RSA_PSS = "1.2.840.113549.1.1.10";
const HASHES: Readonly<Record<string, string>> = {
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

export function parseCrl(der: Uint8Array): ParsedCrl | CrlMistake {
  return runAtOnce(parseCrlInSteps(der));
}

/** For long lists, beside other work. */
export function* parseCrlInSteps(der: Uint8Array): Steps<ParsedCrl | CrlMistake> {
  try {
    return yield* readCrl(der);
  } catch (error) {
    if (error instanceof DerFault) return "unreadable";
    throw error;
  }
}

function* readCrl(der: Uint8Array): Steps<ParsedCrl | CrlMistake> {
  const outside = new DerReader(der);
  const list = outside.enter(TAG.SEQUENCE);
  outside.expectEnd();
  const signed = list.read(TAG.SEQUENCE);
  const algorithmValue = list.read(TAG.SEQUENCE);
  const bits = list.read(TAG.BIT_STRING).content;
  list.expectEnd();
  if (bits[0] !== 0) throw new DerFault("a signature that is not whole bytes");
  const body = new DerReader(signed.content);
  const version = body.readOptional(TAG.INTEGER);
  if (version !== null && readIntegerHex(version.content) !== "01") throw new DerFault("a version that is not known");
  if (!Buffer.from(body.read(TAG.SEQUENCE).whole).equals(algorithmValue.whole)) throw new DerFault("two signature algorithms");
  const issuer = body.read(TAG.SEQUENCE).whole;
  const thisUpdateMs = readTime(body.readAny());
  const hasNext = body.nextTag === TAG.UTC_TIME || body.nextTag === TAG.GENERALIZED_TIME;
  const nextUpdateMs = hasNext ? readTime(body.readAny()) : null;
  const entries = body.readOptional(TAG.SEQUENCE);
  const revoked = new Set<string>();
  if (entries !== null && !(yield* readEntries(entries, revoked))) return "partial";
  const extensions = body.readOptional(contextTag(0, true));
  body.expectEnd();
  if (extensions !== null) {
    for (const [oid, { isCritical }] of readExtensions(new DerReader(extensions.content)))
      if (isCritical || PARTIAL.includes(oid)) return "partial";
  }
  const algorithm = readSignatureAlgorithm(algorithmValue);
  if (algorithm === null) return "algorithm";
  return { issuer, thisUpdateMs, nextUpdateMs, revoked, signed: signed.whole, signature: bits.subarray(1), algorithm };
}

/** False when an entry says something critical: that another authority issued the certificate. */
function* readEntries(entries: DerValue, revoked: Set<string>): Steps<boolean> {
  const bytes = Buffer.from(entries.content.buffer, entries.content.byteOffset, entries.content.length);
  const reader = new DerReader(bytes);
  while (!reader.isAtEnd) {
    const end = reader.open(TAG.SEQUENCE);
    revoked.add(readSerial(reader, bytes));
    if (revoked.size % ENTRIES_A_STEP === 0) yield undefined;
    if (reader.nextTag !== TAG.UTC_TIME && reader.nextTag !== TAG.GENERALIZED_TIME) throw new DerFault("an entry without a date");
    reader.skip();
    if (reader.at < end && !readEntryExtensions(reader.enter(TAG.SEQUENCE))) return false;
    if (reader.at !== end) throw new DerFault("an entry that does not end where it says");
  }
  return true;
}

/** As readIntegerHex() does, of lists with a hundred thousand of them. */
function readSerial(reader: DerReader, bytes: Buffer): string {
  const end = reader.open(TAG.INTEGER);
  const start = reader.at;
  reader.jump(end);
  const first = bytes[start] ?? 0;
  // The rare ones: with a leading zero, negative, or of no bytes.
  if (end === start || first === 0 || first >= 0x80) return readIntegerHex(bytes.subarray(start, end));
  return bytes.toString("hex", start, end);
}

/** False when one is critical. */
function readEntryExtensions(extensions: DerReader): boolean {
  while (!extensions.isAtEnd) {
    const extension = extensions.enter(TAG.SEQUENCE);
    extension.read(TAG.OID);
    const critical = extension.readOptional(TAG.BOOLEAN);
    if (critical !== null && readBoolean(critical.content)) return false;
  }
  return true;
}

function readSignatureAlgorithm(value: DerValue): SignatureAlgorithm | null {
  const reader = new DerReader(value.content);
  const oid = readOid(reader.read(TAG.OID).content);
  const known = ALGORITHMS[oid];
  if (known !== undefined) return { ...known, saltLength: null };
  return oid === RSA_PSS && !reader.isAtEnd ? readPss(reader.enter(TAG.SEQUENCE)) : null;
}

/** RFC 4055 3.1. The defaults are SHA-1, which is not believed. */
function readPss(parameters: DerReader): SignatureAlgorithm | null {
  const hashField = parameters.readOptional(contextTag(0, true));
  if (hashField === null) return null;
  const hash = HASHES[readOid(new DerReader(hashField.content).enter(TAG.SEQUENCE).read(TAG.OID).content)];
  parameters.readOptional(contextTag(1, true));
  const saltField = parameters.readOptional(contextTag(2, true));
  const saltLength =
    saltField === null ? 20 : Number.parseInt(readIntegerHex(new DerReader(saltField.content).read(TAG.INTEGER).content), 16);
  return hash === undefined || !(saltLength >= 0 && saltLength <= 512) ? null : { kind: "rsa", hash, saltLength };
}

/** Whether this key signed the list; null is one that the runtime can't read. */
export function isSignedBy({ signed, signature, algorithm }: ParsedCrl, key: KeyObject | null): boolean {
  if (key === null) return false;
  const { kind, hash, saltLength } = algorithm;
  const type = key.asymmetricKeyType;
  if (type !== kind && !(type === "rsa-pss" && saltLength !== null)) return false;
  const pss = saltLength === null ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  try {
    return verify(hash, signed, kind === "ec" ? { key, dsaEncoding: "der" } : { key, ...pss }, signature);
  } catch {
    return false;
  }
}
