// Judges whom a configuration believes: authorities and revocation lists, for clients' certificates and for upstreams'.

import { X509Certificate } from "node:crypto";
import { type CrlMistake, isSignedBy, type ParsedCrl, parseCrl } from "./crl.ts";
import { type TlsFinding, toDayText, toFileText, toFinding } from "./finding.ts";
import { readPublicKey } from "./key-strength.ts";
import { isCertificate, isPrivateKey, PEM_MISTAKES, readPem } from "./pem.ts";
import { type ParsedCertificate, parseCertificate } from "./x509.ts";

export interface TrustInput {
  /** PEM; null: the authorities that the runtime ships. */
  readonly ca: string | null;
  readonly caFile: string | null;
  readonly crl: readonly string[];
}

type AddFinding = (code: TlsFinding["code"], message: string, hint: string) => void;

interface Authority {
  readonly parsed: ParsedCertificate;
  readonly x509: X509Certificate;
}

/** Paths begin with `ca` or `crl`. */
export function judgeTrust(input: TrustInput, nowMs: number): TlsFinding[] {
  const findings: TlsFinding[] = [];
  const authorities = input.ca === null ? [] : readAuthorities(input.ca, toFileText(input.caFile, "CA bundle"), nowMs, findings);
  const lists = input.crl.flatMap((text, index) => readLists(text, index, authorities, nowMs, findings));
  if (input.crl.length === 0 || findings.some(({ severity }) => severity === "error")) return findings;
  for (const { parsed, x509 } of authorities) {
    if (lists.some(({ issuer }) => isNamed(issuer, parsed))) continue;
    const message = `there is no revocation list of ${toSubjectText(x509)}: every certificate below it is refused`;
    findings.push(
      toFinding(
        "SP_TLS_CRL_INCOMPLETE",
        ["crl"],
        message,
        "give the lists of all authorities that a chain may have in it, roots too, or none",
      ),
    );
  }
  return findings;
}

function readAuthorities(text: string, file: string, nowMs: number, findings: TlsFinding[]): Authority[] {
  const add: AddFinding = (code, message, hint) => {
    findings.push(toFinding(code, ["ca"], message, hint));
  };
  const blocks = readPem(text);
  if (typeof blocks === "string") {
    add(
      "SP_TLS_CA_NOT_PEM",
      `${file} holds no certificates in PEM: ${PEM_MISTAKES[blocks]}`,
      "`openssl x509 -inform der` turns the binary form into PEM",
    );
    return [];
  }
  if (blocks.some(isPrivateKey))
    add(
      "SP_TLS_CA_HOLDS_KEY",
      `${file} holds a private key`,
      "the gateway believes an authority, it needn't be one: take the key off this machine",
    );
  const certificates = blocks.filter(isCertificate);
  if (certificates.length === 0)
    add("SP_TLS_CA_MISSING", `${file} holds no certificate`, "name the file with the certificates of the authorities");
  const authorities: Authority[] = [];
  for (const [index, { der }] of certificates.entries()) {
    const authority = readAuthority(der);
    if (authority === null) {
      add("SP_TLS_CA_UNREADABLE", `certificate ${index + 1} of ${file} can't be read`, "get it from the authority again");
      continue;
    }
    authorities.push(authority);
    const { parsed, x509 } = authority;
    if (nowMs > parsed.notAfterMs)
      add(
        "SP_TLS_CA_EXPIRED",
        `${toSubjectText(x509)} in ${file} expired at ${toDayText(parsed.notAfterMs)} UTC: what it issued is refused`,
        "put its successor into the bundle",
      );
  }
  judgeRoots(authorities, file, add);
  return authorities;
}

/** Chains are followed up to one that stands for itself: an authority alone, without who issued it, is not believed. */
function judgeRoots(authorities: readonly Authority[], file: string, add: AddFinding): void {
  if (authorities.length === 0) return;
  // One that is no authority, pinned, is a way to believe a single host.
  const hasRoot = authorities.some(({ parsed }) => isNamed(parsed.issuer, parsed));
  if (!hasRoot) {
    const isAny = authorities.some(({ parsed }) => parsed.isAuthority);
    if (isAny) add("SP_TLS_CA_NO_ROOT", `${file} holds no root: nothing below its authorities is believed`, ROOT_HINT);
    else add("SP_TLS_CA_NO_AUTHORITY", `${file} holds no authority: none of its certificates may issue others`, LEAF_HINT);
    return;
  }
  for (const { parsed, x509 } of authorities) {
    if (authorities.some((other) => isNamed(parsed.issuer, other.parsed))) continue;
    add("SP_TLS_CA_INCOMPLETE", `${file} has ${toSubjectText(x509)} but not who issued it: nothing below it is believed`, ROOT_HINT);
  }
}

const LEAF_HINT = "give the certificate of who signed them, not their own";
const ROOT_HINT = "put the authorities above it into the bundle too, up to the one that issued itself";

function isNamed(name: Uint8Array, { subject }: ParsedCertificate): boolean {
  return Buffer.from(name).equals(subject);
}

function readAuthority(der: Uint8Array): Authority | null {
  const parsed = parseCertificate(der);
  if (parsed === null) return null;
  try {
    return { parsed, x509: new X509Certificate(der) };
  } catch {
    return null;
  }
}

const MISTAKES: Readonly<Record<CrlMistake, readonly [code: TlsFinding["code"], message: string, hint: string]>> = {
  unreadable: ["SP_TLS_CRL_UNREADABLE", "can't be read", "`openssl crl -in FILE -text` says what is wrong with it"],
  partial: [
    "SP_TLS_CRL_UNSUPPORTED",
    "speaks of a part of what is revoked (a delta, a distribution point, other issuers)",
    "ask the authority for its whole list",
  ],
  algorithm: [
    "SP_TLS_CRL_UNSUPPORTED",
    "is signed with an algorithm that is not believed",
    "have it signed with SHA-256 by an RSA, EC or Ed25519 key",
  ],
};

function readLists(text: string, index: number, authorities: readonly Authority[], nowMs: number, findings: TlsFinding[]): ParsedCrl[] {
  const add = (code: TlsFinding["code"], message: string, hint: string) => {
    findings.push(toFinding(code, ["crl", index], message, hint));
    return [];
  };
  const blocks = readPem(text);
  if (typeof blocks === "string" || blocks.some(({ label }) => label !== "X509 CRL")) {
    const why = typeof blocks === "string" ? PEM_MISTAKES[blocks] : `there is something else than \`X509 CRL\` in it`;
    return add(
      "SP_TLS_CRL_NOT_PEM",
      `the revocation list is not one in PEM: ${why}`,
      "`openssl crl -inform der` turns the binary form into PEM",
    );
  }
  return blocks.flatMap(({ der }) => {
    const list = parseCrl(der);
    if (typeof list === "string") {
      const [code, message, hint] = MISTAKES[list];
      return add(code, `the revocation list ${message}`, hint);
    }
    const issuers = authorities.filter(({ parsed }) => isNamed(list.issuer, parsed));
    if (issuers.length === 0)
      return add(
        "SP_TLS_CRL_FOREIGN",
        "the revocation list is of an authority that is not among the ones believed here",
        "give the list of an authority in `ca`, or put that authority there",
      );
    if (!issuers.some(({ x509 }) => isSignedBy(list, readPublicKey(x509))))
      return add(
        "SP_TLS_CRL_FORGED",
        "the signature of the revocation list is not by the authority that it names",
        "get list and authority from the same place again",
      );
    if (list.nextUpdateMs !== null && nowMs > list.nextUpdateMs)
      add(
        "SP_TLS_CRL_OVERDUE",
        `the revocation list was to be followed by a newer one at ${toDayText(list.nextUpdateMs)} UTC: every certificate of its authority is refused until it is`,
        "get the newest list, and have it fetched before each is overdue",
      );
    return [list];
  });
}

function toSubjectText({ subject }: X509Certificate): string {
  return `\`${(subject ?? "").replaceAll(/\s+/g, " ").slice(0, 80)}\``;
}
