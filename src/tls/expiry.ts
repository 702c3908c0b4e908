// What of a configuration's certificates runs out when, and which of it to warn of. The caller has the clock and does the saying.

import { type Certificate, readLeaf } from "./certificate.ts";

interface PairText {
  readonly cert: string;
}

interface TlsSide {
  readonly certificates: readonly { readonly pair: PairText | null; readonly acme: { readonly names: readonly string[] } | null }[];
}

/** The parts of a configuration that hold certificates of ours. */
export interface CertifiedConfig {
  readonly admin: { readonly tls: TlsSide | null } | null;
  readonly listeners: readonly { readonly name: string; readonly tls: TlsSide | null }[];
  readonly upstreams: readonly { readonly name: string; readonly tls: { readonly identity: PairText | null } | null }[];
}

export interface CertificateState {
  /** `listener https`, `upstream orders`, `admin`. */
  readonly usedBy: string;
  readonly names: readonly string[];
  /** Null for one that has not been issued yet. */
  readonly notAfterMs: number | null;
  /** ISO 8601. */
  readonly notAfter: string | null;
  /** SHA-256 of the leaf, hexadecimal; "" for one that has not been issued yet. */
  readonly fingerprint: string;
  /** Whether the gateway itself renews it. */
  readonly isRenewed: boolean;
}

/** In the order of the configuration. One that can't be read is left out: a check has refused it before. */
export function listCertificates(config: CertifiedConfig): CertificateState[] {
  const states: CertificateState[] = [];
  const addSide = (usedBy: string, tls: TlsSide | null) => {
    for (const { pair, acme } of tls?.certificates ?? []) addState(states, usedBy, pair, acme?.names ?? null);
  };
  for (const { name, tls } of config.listeners) addSide(`listener ${name}`, tls);
  for (const { name, tls } of config.upstreams) if (tls?.identity != null) addState(states, `upstream ${name}`, tls.identity, null);
  addSide("admin", config.admin?.tls ?? null);
  return states;
}

function addState(states: CertificateState[], usedBy: string, pair: PairText | null, acmeNames: readonly string[] | null): void {
  const isRenewed = acmeNames !== null;
  if (pair === null) {
    states.push({ usedBy, names: acmeNames ?? [], notAfterMs: null, notAfter: null, fingerprint: "", isRenewed });
    return;
  }
  const certificate = readLeaf(pair.cert);
  if (certificate !== null) states.push({ usedBy, ...toFacts(certificate), isRenewed });
}

function toFacts({
  names,
  ips,
  notAfterMs,
  fingerprint,
}: Certificate): Pick<CertificateState, "names" | "notAfterMs" | "notAfter" | "fingerprint"> {
  return { names: [...names, ...ips], notAfterMs, notAfter: new Date(notAfterMs).toISOString(), fingerprint };
}

const DAY_MS = 86_400_000;
/** Before the end; 0 is the end itself. */
const THRESHOLDS_MS: readonly number[] = [30 * DAY_MS, 7 * DAY_MS, DAY_MS, 0];

export interface ExpiryWarning {
  readonly certificate: CertificateState;
  /** A certificate that has run out is what clients refuse now. */
  readonly isExpired: boolean;
  readonly daysLeft: number;
  /** One sentence. */
  readonly message: string;
}

/** Says of each certificate once per threshold what has come: 30 days, 7, 1, and the end. */
export class ExpiryWatch {
  /** The threshold that was said last, by use and fingerprint. */
  #said = new Map<string, number>();

  /** What is new at `nowMs`. Of several thresholds that passed since, the last is said alone. Ones that are gone are forgotten. */
  check(certificates: readonly CertificateState[], nowMs: number): ExpiryWarning[] {
    const said = new Map<string, number>();
    const warnings: ExpiryWarning[] = [];
    for (const certificate of certificates) {
      if (certificate.notAfterMs === null) continue;
      const leftMs = certificate.notAfterMs - nowMs;
      const key = `${certificate.usedBy} ${certificate.fingerprint}`;
      const before = said.get(key) ?? this.#said.get(key) ?? Number.POSITIVE_INFINITY;
      const reached = THRESHOLDS_MS.findLast((threshold) => leftMs <= threshold && isTold(certificate, threshold));
      // Clocks may be set back: what was said stays said.
      if (reached !== undefined && reached < before) warnings.push(toWarning(certificate, leftMs));
      const last = Math.min(before, reached ?? Number.POSITIVE_INFINITY);
      if (last !== Number.POSITIVE_INFINITY) said.set(key, last);
    }
    this.#said = said;
    return warnings;
  }
}

/** One that the gateway renews is told of when that has not worked for a long time; 30 days before the end is when it begins to try. */
function isTold({ isRenewed }: CertificateState, threshold: number): boolean {
  return !isRenewed || threshold < 30 * DAY_MS;
}

function toWarning(certificate: CertificateState, leftMs: number): ExpiryWarning {
  const { usedBy, names, notAfter } = certificate;
  const isExpired = leftMs <= 0;
  const daysLeft = Math.max(0, Math.floor(leftMs / DAY_MS));
  const who = names.length === 0 ? `the certificate of ${usedBy}` : `the certificate of ${usedBy} for ${names.slice(0, 3).join(", ")}`;
  const when = daysLeft >= 2 ? `in ${daysLeft} days` : "in less than two days";
  return {
    certificate,
    isExpired,
    daysLeft,
    message: isExpired ? `${who} expired at ${notAfter}` : `${who} expires ${when}, at ${notAfter}`,
  };
}
