// From what was written about TLS, the admin address and the authority to what it means: contents of files in the place of their paths,
// secrets as such. What is missing was told already; then nothing of this is served.

import { resolve } from "node:path";
import type * as z from "zod";
import { Secret } from "../base/index.ts";
import type { AcmeConfig, CertificateConfig, CertificatePair, ListenerTlsConfig, UpstreamTlsConfig } from "./config.ts";
import type { PemTexts } from "./pem-files.ts";
import type { FileTexts } from "./text-files.ts";
import type { acme, listenerTls, upstreamTls } from "./tls-schema.ts";

/** The folder that paths belong to, and what was read of the files. */
export interface PemSource {
  readonly folder: string;
  readonly pem: PemTexts;
}

/** The same, with key sets and policies. */
export interface FileSource extends PemSource {
  readonly texts: FileTexts;
}

const VERSIONS = { "1.2": "TLSv1.2", "1.3": "TLSv1.3" } as const;

export function resolveListenerTls(written: z.output<typeof listenerTls> | undefined, source: PemSource): ListenerTlsConfig | null {
  if (written === undefined) return null;
  const certificates = written.certificates.map(({ cert, key, acme: issued, clientAuth }): CertificateConfig => {
    const pair = cert === undefined || key === undefined ? null : toPair(cert, key, source);
    if (clientAuth === undefined) return { pair, acme: issued ?? null, clientAuth: null };
    const { mode, ca, crl } = clientAuth;
    const { file: caFile, text } = readPem(ca, source);
    return { pair, acme: issued ?? null, clientAuth: { mode, ca: text, caFile, crl: toLists(crl, source) } };
  });
  return { minVersion: VERSIONS[written.minVersion], certificates };
}

/** `isTls`: the endpoints are `https://`, with or without words about it. */
export function resolveUpstreamTls(
  written: z.output<typeof upstreamTls> | undefined,
  isTls: boolean,
  source: PemSource,
): UpstreamTlsConfig | null {
  if (!isTls) return null;
  const { ca, crl, cert, key, serverName, minVersion } = written ?? {};
  const authorities = ca === undefined ? null : readPem(ca, source);
  return {
    ca: authorities?.text ?? null,
    caFile: authorities?.file ?? null,
    crl: toLists(crl, source),
    serverName: serverName ?? null,
    identity: cert === undefined || key === undefined ? null : toPair(cert, key, source),
    minVersion: VERSIONS[minVersion ?? "1.2"],
  };
}

export function resolveAcme(written: z.output<typeof acme> | undefined, source: PemSource): AcmeConfig | null {
  if (written === undefined) return null;
  const { directory, email, challenge, ca, externalAccount, renewBefore } = written;
  return {
    directory,
    email: email ?? null,
    challenge,
    ca: ca === undefined ? null : readPem(ca, source).text,
    externalAccount: externalAccount === undefined ? null : { keyId: externalAccount.keyId, hmacKey: new Secret(externalAccount.hmacKey) },
    renewBeforeMs: renewBefore,
  };
}

function toPair(cert: string, key: string, source: PemSource): CertificatePair {
  const [certificate, secret] = [readPem(cert, source), readPem(key, source)];
  return { cert: certificate.text, certFile: certificate.file, key: new Secret(secret.text), keyFile: secret.file };
}

function toLists(crl: string | readonly string[] | undefined, source: PemSource): string[] {
  if (crl === undefined) return [];
  return (typeof crl === "string" ? [crl] : crl).map((path) => readPem(path, source).text);
}

export interface ReadFile {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
}

export function readPem(path: string, { folder, pem }: PemSource): ReadFile {
  const file = resolve(folder, path);
  return { file, text: pem.get(file) ?? "" };
}

export function readText(path: string, { folder, texts }: FileSource): ReadFile {
  const file = resolve(folder, path);
  return { file, text: texts.get(file) ?? "" };
}
