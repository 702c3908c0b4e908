// Judges a certificate with its key as it stands in a configuration: can it serve at all, and for whom. Runs when a configuration is
// checked, not on the path of handshakes.

import type { KeyObject } from "node:crypto";
import { type Certificate, toCertificate } from "./certificate.ts";
import { type TlsFinding, toDayText, toFileText, toFinding } from "./finding.ts";
import { judgeStrength, readPublicKey } from "./key-strength.ts";
import { type ChainLink, type PairInput, readChain, readKey } from "./read-pair.ts";
import type { ParsedCertificate } from "./x509.ts";

export interface PairJudgement {
  /** Null when the first certificate can't be read. */
  readonly certificate: Certificate | null;
  /** Paths begin with `cert` or `key`. */
  readonly findings: readonly TlsFinding[];
}

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ANY_USAGE = "2.5.29.37.0";

/** `role`: what we show it as, to clients or to upstreams. */
export function judgePair(pair: PairInput, role: "server" | "client", nowMs: number): PairJudgement {
  const findings: TlsFinding[] = [];
  const key = readKey(pair, findings);
  const chain = readChain(pair, findings);
  const leaf = chain?.[0];
  if (chain === null || leaf === undefined) return { certificate: null, findings };
  const certificate = toCertificate(leaf.der, leaf.parsed);
  const isFirst = judgeChain(pair, chain, key, findings);
  judgeValidity(pair, chain, nowMs, findings);
  // What stands first in the wrong order is an authority: what it lacks nobody has to mend.
  if (isFirst && role === "server") judgeNames(pair, certificate, findings);
  if (isFirst) judgeUsage(pair, leaf.parsed, role, findings);
  findings.push(...judgeStrength(leaf.x509, leaf.parsed, toFileText(pair.certFile, "certificate")));
  return { certificate, findings };
}

/** Whether the first certificate is the one that is meant to be. */
function judgeChain({ certFile, keyFile }: PairInput, chain: readonly ChainLink[], key: KeyObject | null, findings: TlsFinding[]): boolean {
  const file = toFileText(certFile, "certificate");
  const own = key === null ? 0 : chain.findIndex((link) => hasKey(link, key));
  if (own < 0) {
    const message = `${toFileText(keyFile, "key")} is not the key of ${file}`;
    findings.push(
      toFinding(
        "SP_TLS_KEY_MISMATCH",
        ["key"],
        message,
        "a certificate that was renewed with a new key needs that key; put both files in place together",
      ),
    );
  } else if (own > 0) {
    const message = `${file} has the certificate of the key as number ${own + 1}, not first`;
    findings.push(toFinding("SP_TLS_CHAIN_ORDER", ["cert"], message, ORDER_HINT));
    return false;
  }
  for (let i = 0; i + 1 < chain.length; i++) {
    const [link, next] = [chain[i], chain[i + 1]];
    if (link === undefined || next === undefined || isIssuedBy(link, next)) continue;
    const isElsewhere = chain.some((other) => other !== link && isIssuedBy(link, other));
    const message = `certificate ${i + 2} of ${file} did not issue number ${i + 1}`;
    findings.push(
      isElsewhere
        ? toFinding("SP_TLS_CHAIN_ORDER", ["cert"], `${message}: another one did`, ORDER_HINT)
        : toFinding(
            "SP_TLS_CHAIN_STRAY",
            ["cert"],
            message,
            "leave the certificate of the host and those of its authorities, each behind the one it issued",
          ),
    );
    break;
  }
  return true;
}

const ORDER_HINT = "put the certificate of the host first and behind each one the authority that issued it";

function hasKey({ x509 }: ChainLink, key: KeyObject): boolean {
  try {
    return x509.checkPrivateKey(key);
  } catch {
    // Of a kind that this runtime has not.
    return false;
  }
}

function isIssuedBy({ parsed, x509 }: ChainLink, issuer: ChainLink): boolean {
  if (!Buffer.from(parsed.issuer).equals(issuer.parsed.subject)) return false;
  const key = readPublicKey(issuer.x509);
  try {
    return key !== null && x509.verify(key);
  } catch {
    return false;
  }
}

function judgeValidity({ certFile }: PairInput, chain: readonly ChainLink[], nowMs: number, findings: TlsFinding[]): void {
  for (const [index, { parsed }] of chain.entries()) {
    const file = toFileText(certFile, "certificate");
    const which = index === 0 ? file : `certificate ${index + 1} of ${file}`;
    if (nowMs > parsed.notAfterMs)
      findings.push(
        toFinding(
          "SP_TLS_CERT_EXPIRED",
          ["cert"],
          `${which} expired at ${toDayText(parsed.notAfterMs)} UTC`,
          "renew it; clients refuse it",
        ),
      );
    else if (nowMs < parsed.notBeforeMs)
      findings.push(
        toFinding(
          "SP_TLS_CERT_NOT_YET_VALID",
          ["cert"],
          `${which} is not valid before ${toDayText(parsed.notBeforeMs)} UTC`,
          "keep the one before until then, or set this machine's clock",
        ),
      );
  }
}

function judgeNames({ certFile }: PairInput, { names, ips, badNames }: Certificate, findings: TlsFinding[]): void {
  const file = toFileText(certFile, "certificate");
  for (const name of badNames.slice(0, 3)) {
    const message = `${file} has ${JSON.stringify(name.slice(0, 80))} as a DNS name, which no client can ask for`;
    findings.push(
      toFinding(
        "SP_TLS_CERT_BAD_NAME",
        ["cert"],
        message,
        "a wildcard stands for one whole label in front (`*.example.com`); an address is an IP entry",
      ),
    );
  }
  if (names.length === 0 && ips.length === 0)
    findings.push(
      toFinding(
        "SP_TLS_CERT_NO_NAMES",
        ["cert"],
        `${file} names no host in subjectAltName`,
        "issue it with `subjectAltName=DNS:…`; clients don't look at the common name",
      ),
    );
}

function judgeUsage({ certFile }: PairInput, { usages }: ParsedCertificate, role: "server" | "client", findings: TlsFinding[]): void {
  if (usages === null || usages.includes(role === "server" ? SERVER_AUTH : CLIENT_AUTH) || usages.includes(ANY_USAGE)) return;
  const message = `${toFileText(certFile, "certificate")} may not be used by a ${role}: its extendedKeyUsage says otherwise`;
  findings.push(toFinding("SP_TLS_CERT_USAGE", ["cert"], message, `issue it with \`extendedKeyUsage=${role}Auth\``));
}
