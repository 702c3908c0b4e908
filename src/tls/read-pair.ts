// Reads the two texts of a certificate and its key, and says why when they are none: not PEM, encrypted, the wrong file.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { type TlsFinding, toFileText, toFinding } from "./finding.ts";
import { isCertificate, isPrivateKey, PEM_MISTAKES, readPem } from "./pem.ts";
import { type ParsedCertificate, parseCertificate } from "./x509.ts";

/** What a configuration holds of a certificate: PEM texts with the paths that they came from. */
export interface PairInput {
  readonly cert: string;
  readonly certFile: string;
  readonly key: { reveal(): string };
  readonly keyFile: string;
}

export interface ChainLink {
  readonly parsed: ParsedCertificate;
  readonly x509: X509Certificate;
  readonly der: Uint8Array;
}

export function readKey({ key, keyFile }: PairInput, findings: TlsFinding[]): KeyObject | null {
  const file = toFileText(keyFile, "key");
  const add = (code: TlsFinding["code"], message: string, hint: string) => {
    findings.push(toFinding(code, ["key"], message, hint));
    return null;
  };
  const text = key.reveal();
  const blocks = readPem(text);
  if (typeof blocks === "string")
    return add(
      "SP_TLS_KEY_NOT_PEM",
      `${file} is no private key in PEM: ${PEM_MISTAKES[blocks]}`,
      "a key begins with `-----BEGIN PRIVATE KEY-----`; `openssl pkey` turns other forms into it",
    );
  const keys = blocks.filter(isPrivateKey);
  if (keys.length === 0)
    return add(
      "SP_TLS_KEY_MISSING",
      `${file} holds no private key, but ${listLabels(blocks)}`,
      "name the file with the private key under `key`, and the certificate under `cert`",
    );
  if (keys.length > 1)
    return add("SP_TLS_KEY_SEVERAL", `${file} holds ${keys.length} private keys`, "leave the one that belongs to the certificate");
  if (keys.some(({ isEncrypted }) => isEncrypted))
    return add(
      "SP_TLS_KEY_ENCRYPTED",
      `${file} is encrypted with a passphrase`,
      "decrypt it with `openssl pkey -in encrypted.key -out plain.key` and keep it readable for the gateway alone",
    );
  try {
    return createPrivateKey(text);
  } catch {
    // What the runtime says of it may hold parts of the text.
    return add(
      "SP_TLS_KEY_UNREADABLE",
      `${file} can't be read as a private key`,
      "`openssl pkey -in FILE -noout -check` says what is wrong with it",
    );
  }
}

// A label is text of the file, so only these are repeated.
const LABELS = [
  "CERTIFICATE",
  "CERTIFICATE REQUEST",
  "TRUSTED CERTIFICATE",
  "X509 CRL",
  "PUBLIC KEY",
  "PRIVATE KEY",
  "EC PARAMETERS",
  "DH PARAMETERS",
];

function listLabels(blocks: readonly { readonly label: string }[]): string {
  const known = LABELS.filter((label) => blocks.some((block) => block.label === label));
  return known.length === 0 ? "something else" : known.map((label) => `\`${label}\``).join(", ");
}

export function readChain({ cert, certFile }: PairInput, findings: TlsFinding[]): ChainLink[] | null {
  const file = toFileText(certFile, "certificate");
  const add = (code: TlsFinding["code"], message: string, hint: string) => {
    findings.push(toFinding(code, ["cert"], message, hint));
    return null;
  };
  const blocks = readPem(cert);
  if (typeof blocks === "string")
    return add(
      "SP_TLS_CERT_NOT_PEM",
      `${file} is no certificate in PEM: ${PEM_MISTAKES[blocks]}`,
      "a certificate begins with `-----BEGIN CERTIFICATE-----`; `openssl x509 -inform der` turns the binary form into it",
    );
  if (blocks.some(isPrivateKey))
    add(
      "SP_TLS_CERT_HOLDS_KEY",
      `${file} holds a private key beside the certificate`,
      "certificates are shown to everybody: move the key into a file of its own and name that under `key`",
    );
  const certificates = blocks.filter(isCertificate);
  if (certificates.length === 0)
    return add(
      "SP_TLS_CERT_MISSING",
      `${file} holds no certificate, but ${listLabels(blocks)}`,
      "name the file with the certificate and its chain under `cert`",
    );
  const chain: ChainLink[] = [];
  for (const [index, { der }] of certificates.entries()) {
    const link = readLink(der);
    if (link === null)
      return add(
        "SP_TLS_CERT_UNREADABLE",
        `certificate ${index + 1} of ${file} can't be read`,
        "`openssl x509 -in FILE -text` says what is wrong with it; get it from the authority again",
      );
    chain.push(link);
  }
  return chain;
}

function readLink(der: Uint8Array): ChainLink | null {
  const parsed = parseCertificate(der);
  if (parsed === null) return null;
  try {
    return { parsed, x509: new X509Certificate(der), der };
  } catch {
    return null;
  }
}
