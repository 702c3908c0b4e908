// What is kept beyond a process: the ports, which every engine implements and one contract suite holds to. All times are wall clock in ms.
// Every method rejects with a StoreFailure when the store can't be asked; nothing is guessed then.

import type { QuotaStore } from "../limits/index.ts";

export class StoreFailure extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "StoreFailure";
  }
}

/** A key as it is kept: the secret itself is nowhere. */
export interface ApiKeyRecord {
  /** Public: by which people and the admin API name it. */
  readonly id: string;
  /** The first characters of the key, so that its owner can tell which one it is. */
  readonly prefix: string;
  /** SHA-256 of the whole key, lower-case hexadecimal. */
  readonly digest: string;
  /** The identity of the configuration that takes it. */
  readonly identity: string;
  readonly owner: string;
  readonly tenant: string | null;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly plan: string | null;
  readonly note: string | null;
  readonly createdAtMs: number;
  /** Null: it does not expire. A rotated key expires at the end of its overlap. */
  readonly expiresAtMs: number | null;
  /** Null while it is not revoked. */
  readonly revokedAtMs: number | null;
  /** The id of the key that took its place. */
  readonly replacedBy: string | null;
}

export interface ApiKeyFilter {
  readonly identity?: string;
  readonly owner?: string;
  /** Whether those that are revoked or have expired are listed too. */
  readonly all?: boolean;
}

/** What changed since `sequence`: digests of keys that were made, changed or revoked. */
export interface ApiKeyChanges {
  /** Of the last change there is. Less than what was asked for: the store is another one, or an older copy, and all may be different. */
  readonly sequence: number;
  readonly digests: readonly string[];
}

export interface ApiKeyStore {
  findByDigest(digest: string): Promise<ApiKeyRecord | null>;
  find(id: string): Promise<ApiKeyRecord | null>;
  /** The newest first. */
  list(filter: ApiKeyFilter): Promise<readonly ApiKeyRecord[]>;
  /** Rejects with a StoreFailure when the id or the digest is there already. */
  insert(record: ApiKeyRecord): Promise<void>;
  /**
   * Replaces what is kept under the id, but the digest, which never changes. A revocation and a successor that came meanwhile stay: who read
   * the key before them can't take them back. False: there is none.
   */
  update(record: ApiKeyRecord): Promise<boolean>;
  /**
   * In one transaction: the successor comes, the old one gets its end. False, and nothing happens, when the old one is gone, revoked or
   * replaced by another already.
   */
  rotate(old: ApiKeyRecord, successor: ApiKeyRecord): Promise<boolean>;
  /** No change is ever left out: one that is committed later has a greater number than all that were there to be read. */
  changesSince(sequence: number): Promise<ApiKeyChanges>;
}

/** A browser's session, sealed: the store can't read it. */
export interface SessionRecord {
  /** SHA-256 of what stands in the cookie, lower-case hexadecimal. */
  readonly digest: string;
  readonly identity: string;
  /** Who it belongs to, for ending all sessions of one user. */
  readonly subject: string;
  readonly sealed: string;
  readonly expiresAtMs: number;
  /** Counts updates: who writes must have read the last one. */
  readonly version: number;
}

export interface SessionStore {
  find(digest: string): Promise<SessionRecord | null>;
  insert(record: SessionRecord): Promise<void>;
  /** Writes `record` where its version is one more than the one kept. False: somebody else was first, or it is gone. */
  update(record: SessionRecord): Promise<boolean>;
  remove(digest: string): Promise<void>;
  removeOf(identity: string, subject: string): Promise<number>;
  /** Returns how many went. */
  removeExpired(nowMs: number): Promise<number>;
}

/** A key by which internal tokens are signed. */
export interface SigningKeyRecord {
  /** Key id, in tokens and in the published set. */
  readonly kid: string;
  readonly algorithm: "EdDSA" | "ES256";
  /** JWK of the public key, as JSON. */
  readonly publicJwk: string;
  /** JWK of the private key as JSON; sealed where the gateway has a sealing key. */
  readonly privateJwk: string;
  readonly createdAtMs: number;
  /** From when it signs: it is published before that, so that verifiers know it in time. */
  readonly activeAtMs: number;
  /** From when it signs no more, though it is still published. */
  readonly retiresAtMs: number;
  /** From when it is published no more. */
  readonly expiresAtMs: number;
}

export interface SigningKeyStore {
  /** Those that have not expired, in the order in which they become active. */
  list(nowMs: number): Promise<readonly SigningKeyRecord[]>;
  /** False, and nothing is kept, when a key exists that becomes active at or after `record.activeAtMs`: another node was first. */
  insertNext(record: SigningKeyRecord): Promise<boolean>;
  removeExpired(nowMs: number): Promise<number>;
}

/** Secrets that a gateway made for itself, by name: what seals cookies where the configuration names no key. */
export interface OwnSecretStore {
  /** What is kept under the name; `make` is kept when there is nothing yet. All nodes get the same. */
  obtain(name: string, make: () => string): Promise<string>;
}

export interface Stores {
  readonly apiKeys: ApiKeyStore;
  readonly sessions: SessionStore;
  readonly signingKeys: SigningKeyStore;
  readonly ownSecrets: OwnSecretStore;
  readonly quotas: QuotaStore;
  close(): Promise<void>;
}
