// Says where certificates of one listener stand in each other's way: a name that two have is answered by the first.

import type { KeyKind } from "./certificate.ts";
import { type TlsFinding, toFinding } from "./finding.ts";
import { NameTable } from "./name-table.ts";

export interface NamedCertificate {
  readonly names: readonly string[];
  /** Of its place in the listener's list. */
  readonly index: number;
  /** Null while it is not issued. */
  readonly keyKind: KeyKind | null;
  /** The id of its policy for clients; "" when none. */
  readonly policy: string;
}

const KIND_HINT =
  "which kind a client takes is not looked at: leave the one that all clients of this name take (RSA for old ones, else EC)";

/** Paths begin with the number of the certificate. */
export function judgeNamesTogether(certificates: readonly NamedCertificate[]): TlsFinding[] {
  const table = new NameTable(certificates, null);
  return certificates.flatMap((certificate) => {
    const taken = certificate.names.flatMap((name) => {
      const winner = table.findListed(name);
      return winner === null || winner === certificate ? [] : [{ name, winner }];
    });
    const { index, names, keyKind, policy } = certificate;
    const stricter = taken.find(({ winner }) => winner.policy !== policy);
    if (stricter !== undefined) {
      const message = `\`${stricter.name}\` has two rules for client certificates: certificate ${stricter.winner.index + 1} of the list answers for it, and these are never asked for`;
      return toFinding(
        "SP_TLS_NAME_CLIENT_AUTH",
        [index],
        message,
        "give both the same `clientAuth`, or take the name out of one certificate",
      );
    }
    const kinds = taken.find(({ winner }) => winner.keyKind !== null && keyKind !== null && winner.keyKind !== keyKind);
    if (kinds !== undefined) {
      const message = `\`${kinds.name}\` has a certificate with an ${toKindText(kinds.winner.keyKind)} key and one with an ${toKindText(keyKind)} key: the first that is listed answers, always`;
      return toFinding("SP_TLS_NAME_TWO_KINDS", [index], message, KIND_HINT);
    }
    if (names.length === 0 || taken.length < names.length) return [];
    const message = `this certificate never answers: others before it in the list have all of its names (${names.slice(0, 3).join(", ")})`;
    return toFinding("SP_TLS_NAME_SHADOWED", [index], message, "take one of the two out");
  });
}

function toKindText(kind: KeyKind | null): string {
  return kind === "ed25519" ? "Ed25519" : (kind ?? "unknown").toUpperCase();
}
