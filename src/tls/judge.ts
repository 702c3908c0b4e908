// Judges the TLS parts of a configuration: what the schema can't see, since it stands inside of files. The rooms that load
// configurations can't import this one; whoever reports gives each finding its place: the path of what was judged, then the finding's.

import type { Certificate } from "./certificate.ts";
import type { TlsFinding } from "./finding.ts";
import { digestOf } from "./identity-store.ts";
import { judgeNamesTogether, type NamedCertificate } from "./judge-names.ts";
import { judgePair, type PairJudgement } from "./judge-pair.ts";
import { judgeTrust } from "./judge-trust.ts";
import type { PairInput } from "./read-pair.ts";

export interface ClientAuthJudged {
  readonly mode: "optional" | "required";
  readonly ca: string;
  readonly caFile: string;
  readonly crl: readonly string[];
}

export interface ListenerTlsJudged {
  readonly certificates: readonly {
    readonly pair: PairInput | null;
    readonly acme: { readonly names: readonly string[] } | null;
    readonly clientAuth: ClientAuthJudged | null;
  }[];
}

export interface UpstreamTlsJudged {
  readonly ca: string | null;
  readonly caFile: string | null;
  readonly crl: readonly string[];
  readonly identity: PairInput | null;
}

/** A certificate that clients are shown. Paths: `cert`, `key`. */
export function judgeCertificate(pair: PairInput, nowMs: number): PairJudgement {
  return judgePair(pair, "server", nowMs);
}

/** Paths: `ca`, `crl[0]`. */
export function judgeClientAuth(clientAuth: ClientAuthJudged, nowMs: number): TlsFinding[] {
  return judgeTrust(clientAuth, nowMs);
}

/** Paths: `ca`, `crl[0]`, `cert`, `key`. */
export function judgeUpstreamTls(tls: UpstreamTlsJudged, nowMs: number): TlsFinding[] {
  const own = tls.identity === null ? [] : judgePair(tls.identity, "client", nowMs).findings;
  return [...judgeTrust(tls, nowMs), ...own];
}

/** Paths: `certificates[0].cert`, `certificates[0].clientAuth.ca`. */
export function judgeListenerTls(tls: ListenerTlsJudged, nowMs: number): TlsFinding[] {
  const named: NamedCertificate[] = [];
  const findings = tls.certificates.flatMap(({ pair, acme, clientAuth }, index) => {
    const { certificate, findings: ofPair } = pair === null ? NOT_ISSUED : judgeCertificate(pair, nowMs);
    const ofClientAuth = clientAuth === null ? [] : judgeClientAuth(clientAuth, nowMs);
    named.push(toNamed(index, certificate, acme?.names ?? [], clientAuth));
    return [...ofPair.map((finding) => under([index], finding)), ...ofClientAuth.map((finding) => under([index, "clientAuth"], finding))];
  });
  return [...findings, ...judgeNamesTogether(named)].map((finding) => under(["certificates"], finding));
}

const NOT_ISSUED: PairJudgement = { certificate: null, findings: [] };

function toNamed(
  index: number,
  certificate: Certificate | null,
  acmeNames: readonly string[],
  clientAuth: ClientAuthJudged | null,
): NamedCertificate {
  const policy = clientAuth === null ? "" : digestOf([clientAuth.mode, clientAuth.ca, ...clientAuth.crl]);
  return { index, names: certificate?.names ?? acmeNames, keyKind: certificate?.keyKind ?? null, policy };
}

function under(path: TlsFinding["path"], finding: TlsFinding): TlsFinding {
  return { ...finding, path: [...path, ...finding.path] };
}
