// Compiles what a configuration says of a listener's certificates to an IdentityTable. What did not change since the table before stays
// the same TlsIdentity object: transports keep contexts, and clients' sessions, by it.

import type { Steps } from "../base/index.ts";
import { type ClientAuthInput, type IdentityPairInput, IdentityStore } from "./identity-store.ts";
import { type Answer, IdentityTable } from "./identity-table.ts";
import { NameTable } from "./name-table.ts";

export interface ListenerTlsInput {
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** The first is the default. */
  readonly certificates: readonly CertificateInput[];
}

export interface CertificateInput {
  /** Null until an authority has issued it. */
  readonly pair: IdentityPairInput | null;
  readonly acme: { readonly names: readonly string[] } | null;
  readonly clientAuth: ClientAuthInput | null;
}

/**
 * Yields after each certificate, so that the caller may serve in between. `before` lends what stays the same. A certificate that can't
 * be read has no names; judgeListenerTls() tells of it.
 */
export function* compileIdentities(config: ListenerTlsInput, before: IdentityTable | null): Steps<IdentityTable> {
  const store = new IdentityStore(before?.store ?? null);
  const answers: Answer[] = [];
  for (const { pair, acme, clientAuth } of config.certificates) {
    const policy = clientAuth === null ? null : store.clientAuthOf(clientAuth);
    if (pair === null) answers.push({ names: (acme?.names ?? []).map(foldAcmeName), identity: null, policy: policy?.id ?? "" });
    else answers.push({ ...store.identityOf(pair, policy, config.minVersion), policy: policy?.id ?? "" });
    yield undefined;
  }
  store.close();
  return new IdentityTable(config.minVersion, fillGaps(answers), store);
}

/**
 * A name whose certificate is not issued yet is answered by who answers without it (a wildcard, the default), but only under the same
 * policy: else its own would not be asked for until the authority has issued, and whoever came in by then would stay in.
 */
function fillGaps(answers: readonly Answer[]): readonly Answer[] {
  const issued = answers.filter(({ identity }) => identity !== null);
  if (issued.length === answers.length) return answers;
  const others = new NameTable(issued, answers[0] ?? null);
  return answers.flatMap((answer) => {
    if (answer.identity !== null) return [answer];
    const gaps: string[] = [];
    const filled: Answer[] = [];
    for (const name of answer.names) {
      const other = others.find(name);
      if (other !== null && other.identity !== null && other.policy === answer.policy) filled.push({ ...other, names: [name] });
      else gaps.push(name);
    }
    // The gap goes first: when it is the default, it stays the default.
    return [{ ...answer, names: gaps }, ...filled];
  });
}

function foldAcmeName(name: string): string {
  return name.toLowerCase();
}
