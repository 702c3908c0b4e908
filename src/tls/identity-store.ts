// TlsIdentity and ClientAuth objects by a digest of what is in them: the same content is the same object from one table to the next.
// Holds private keys as plain text, in the identities that transports need and nowhere else.

import { createHash } from "node:crypto";
import type { ClientAuth, TlsIdentity } from "../transport/index.ts";
import { readLeaf } from "./certificate.ts";

export interface IdentityPairInput {
  readonly cert: string;
  readonly key: { reveal(): string };
}

export interface ClientAuthInput {
  readonly mode: "optional" | "required";
  readonly ca: string;
  readonly crl: readonly string[];
}

export interface StoredIdentity {
  readonly identity: TlsIdentity;
  readonly names: readonly string[];
}

export class IdentityStore {
  #before: IdentityStore | null;
  readonly #identities = new Map<string, StoredIdentity>();
  readonly #policies = new Map<string, ClientAuth>();

  /** What `before` has is taken from there until close(). */
  constructor(before: IdentityStore | null) {
    this.#before = before;
  }

  /** `minVersion` counts as content: transports build it into what they keep by identity, and sessions from before it must not go on. */
  identityOf({ cert, key }: IdentityPairInput, clientAuth: ClientAuth | null, minVersion: string): StoredIdentity {
    const plainKey = key.reveal();
    const digest = digestOf(["identity", minVersion, clientAuth?.id ?? "", cert, plainKey]);
    const stored = this.#findIdentity(digest) ?? { identity: { cert, key: plainKey, clientAuth }, names: readLeaf(cert)?.names ?? [] };
    this.#identities.set(digest, stored);
    return stored;
  }

  clientAuthOf({ mode, ca, crl }: ClientAuthInput): ClientAuth {
    const id = digestOf(["client-auth", mode, ca, ...crl]);
    const policy = this.#findPolicy(id) ?? { id, mode, ca, crl };
    this.#policies.set(id, policy);
    return policy;
  }

  #findIdentity(digest: string): StoredIdentity | undefined {
    return this.#identities.get(digest) ?? (this.#before === null ? undefined : this.#before.#identities.get(digest));
  }

  #findPolicy(id: string): ClientAuth | undefined {
    return this.#policies.get(id) ?? (this.#before === null ? undefined : this.#before.#policies.get(id));
  }

  /** Lets go of the one before, so that tables don't form a chain that nothing frees. */
  close(): void {
    this.#before = null;
  }
}

/** SHA-256 over texts, each with its length, so that no text can pass for the end of the one before. */
export function digestOf(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest("hex");
}
