// Makes the keys by which internal tokens are signed, and reads them back from how they are kept. A private key is sealed before it leaves
// the process, so that who can read the store can't sign.

import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { InternalKeysConfig } from "../../config/index.ts";
import type { SigningKeyRecord } from "../../stores/index.ts";
import { toThumbprint } from "../../tokens/index.ts";
import { Seal } from "../seal/index.ts";
import type { KeyTimes } from "./key-times.ts";

/** Why a key that is kept can't be used here; for the operator, without any part of it. */
export class KeyUnreadable extends Error {}

/** What seals private keys. The context is no name of a key: which one it is, its public half says. */
export function createKeySeal(keys: () => Promise<readonly Uint8Array[]>, wallMs: () => number): Seal {
  return new Seal({ keys, context: ["internalKeys"], wallMs, maxLength: 4096 });
}

/** Rejects when there is no key to seal with. */
export async function createRecord(
  algorithm: InternalKeysConfig["algorithm"],
  times: KeyTimes,
  createdAtMs: number,
  seal: Seal,
): Promise<SigningKeyRecord> {
  const { privateKey } = algorithm === "EdDSA" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...privateKey.export({ format: "jwk" }) };
  const kid = toThumbprint(jwk);
  const { d: _, ...members } = jwk;
  const sealed = await seal.seal("signing-key", jwk, times.expiresAtMs);
  if (sealed === null) throw new KeyUnreadable("a signing key is too long to be sealed");
  return {
    kid,
    algorithm,
    publicJwk: JSON.stringify({ ...members, kid, use: "sig", alg: algorithm }),
    privateJwk: sealed,
    createdAtMs,
    ...times,
  };
}

/** Rejects with KeyUnreadable, and when the keys of the seal can't be had. */
export async function openPrivateKey({ kid, privateJwk }: SigningKeyRecord, seal: Seal): Promise<KeyObject> {
  const jwk = await seal.open("signing-key", privateJwk);
  if (typeof jwk !== "object" || jwk === null) throw new KeyUnreadable("it was sealed by a key that is not among `gateway.sealKeys`");
  const members = jwk as Record<string, unknown>;
  if (toThumbprint(members) !== kid) throw new KeyUnreadable("it is not the one that is kept under its name");
  return createPrivateKey({ key: members, format: "jwk" });
}

/** JWK Set (RFC 7517 5) of keys that have not expired. */
export function toPublicJwks(records: readonly Pick<SigningKeyRecord, "publicJwk">[]): string {
  return `{"keys":[${records.map(({ publicJwk }) => publicJwk).join(",")}]}`;
}
