// Which certificate of a listener answers a handshake, and which rules for clients' certificates a host has. Immutable; compiled by
// compile-identities.ts, put in place by server-identities.ts. @hot
//
// Authority is bound to the handshake. A client chooses the certificate, and with it whose certificates it must show, by SNI; what it
// then asks for, it says in Host, and nothing makes the two agree: a client may ask anybody for anything on a connection that is open
// (keep-alive with another Host, coalescing in HTTP/2, domain fronting). Were Host not held against the handshake, a host without
// client certificates would be the way around those of its neighbour. So each request's host must have the policy that the handshake was
// held to; other hosts get 421, and a client that coalesced in good faith connects anew (RFC 9110 15.5.20). What the policy does not
// differ in needs no refusal: one certificate for several hosts, and hosts without any, are reused as clients like. A host that
// asks for no certificate is not covered by a handshake with one either: its routes are written for strangers.
// Policies are compared by id, a digest of mode, authorities and lists: a connection from before a reload that changed those is not
// covered any more, since its certificate may just have been revoked.
// A host that no certificate names, or an address (which SNI can't hold), has the default's policy, as a handshake for it would.

import { parseHost } from "../http/index.ts";
import type { TlsIdentity, TlsVersion } from "../transport/index.ts";
import type { IdentityStore } from "./identity-store.ts";
import { NameTable } from "./name-table.ts";

/** Who answers for some names. */
export interface Answer {
  readonly names: readonly string[];
  /** Null: no certificate yet, so nobody may come in by these names. */
  readonly identity: TlsIdentity | null;
  /** The id of the policy; "" when clients need no certificate. */
  readonly policy: string;
}

/** Anything that tells whose rules a handshake was held to: a TlsIdentity. */
export interface HandshakeIdentity {
  readonly clientAuth: { readonly id: string } | null;
}

export class IdentityTable {
  readonly minVersion: TlsVersion;
  /** Whether any host asks for certificates; where none does there is nothing to get around, and every handshake covers every host. */
  readonly hasClientAuth: boolean;
  /** What the next table may take over. */
  readonly store: IdentityStore;
  readonly #names: NameTable<Answer>;

  /** The first answer is the default. */
  constructor(minVersion: TlsVersion, answers: readonly Answer[], store: IdentityStore) {
    this.minVersion = minVersion;
    this.store = store;
    this.#names = new NameTable(answers, answers[0] ?? null);
    let hasClientAuth = false;
    for (let i = 0; i < answers.length; i++) hasClientAuth ||= answers[i]?.policy !== "";
    this.hasClientAuth = hasClientAuth;
  }

  /** Null refuses the handshake. */
  select(serverName: string): TlsIdentity | null {
    return this.#names.find(serverName)?.identity ?? null;
  }

  /** The id of the policy that a handshake for this host would be held to, "" when none. With port or without, in any spelling. */
  policyOf(authority: string): string {
    const host = parseHost(authority);
    const name = "kind" in host ? "" : host.name;
    return this.#names.find(name)?.policy ?? "";
  }

  /** Whether a client that shook hands with this identity may ask for this host. */
  coversAuthority(identity: HandshakeIdentity | null, authority: string): boolean {
    if (!this.hasClientAuth) return true;
    const policy = identity === null || identity.clientAuth === null ? "" : identity.clientAuth.id;
    return policy === this.policyOf(authority);
  }
}
