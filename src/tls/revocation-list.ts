// What is revoked, over all lists of one policy: the question that is asked of a certificate once its chain is believed.

import { runAtOnce, type Steps } from "../base/index.ts";
import { type ParsedCrl, parseCrlInSteps } from "./crl.ts";
import { readPem } from "./pem.ts";
import { parseCertificate } from "./x509.ts";

export class RevocationList {
  /** Serial numbers by the DER of who issued them, as latin1. */
  readonly #byIssuer = new Map<string, ReadonlySet<string>>();
  /** When the first of the lists is overdue; null when none says. */
  readonly nextUpdateMs: number | null;

  /** Lists whose signatures have been checked. */
  constructor(lists: readonly ParsedCrl[]) {
    let nextUpdateMs: number | null = null;
    for (const list of lists) {
      const issuer = toKey(list.issuer);
      // An authority may have two keys for a while, and a list by each.
      const serials = this.#byIssuer.get(issuer);
      this.#byIssuer.set(issuer, serials === undefined ? list.revoked : new Set([...serials, ...list.revoked]));
      if (list.nextUpdateMs !== null) nextUpdateMs = Math.min(nextUpdateMs ?? Number.POSITIVE_INFINITY, list.nextUpdateMs);
    }
    this.nextUpdateMs = nextUpdateMs;
  }

  /** Of texts that judgeClientAuth() or judgeUpstreamTls() found no error in; what can't be read is left out. */
  static ofPem(texts: readonly string[]): RevocationList {
    return runAtOnce(RevocationList.ofPemInSteps(texts));
  }

  /** For long lists, beside other work. */
  static *ofPemInSteps(texts: readonly string[]): Steps<RevocationList> {
    const lists: ParsedCrl[] = [];
    for (const text of texts) {
      const blocks = readPem(text);
      for (const { der } of typeof blocks === "string" ? [] : blocks) {
        const list = yield* parseCrlInSteps(der);
        if (typeof list !== "string") lists.push(list);
      }
    }
    return new RevocationList(lists);
  }

  get isEmpty(): boolean {
    return this.#byIssuer.size === 0;
  }

  /**
   * Whether a certificate whose chain has been believed must be refused. Where there are lists, one whose issuer has none counts as
   * revoked, as OpenSSL has it, and so does one that can't be read.
   */
  isRevoked(derCertificate: Uint8Array): boolean {
    if (this.isEmpty) return false;
    const certificate = parseCertificate(derCertificate);
    const serials = certificate === null ? undefined : this.#byIssuer.get(toKey(certificate.issuer));
    return certificate === null || serials === undefined || serials.has(certificate.serial);
  }
}

function toKey(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString("latin1");
}
