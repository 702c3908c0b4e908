// Makes the keys by which internal tokens are signed, and reads them back from how they are kept. A private key is sealed before it leaves
// the process (RFC 7516, `dir` with A256GCM), so that who can read the store can't sign.

import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { InternalKeysConfig } from "../../config/index.ts";
import type { SigningKeyRecord } from "../../stores/index.ts";
import { toThumbprint } from "../../tokens/index.ts";
import type { KeyTimes } from "./key-times.ts";

type Algorithm = InternalKeysConfig["algorithm"];

/** Why a key that is kept can't be used here; for the operator, without any part of it. */
export class KeyUnreadable extends Error {}

export async function createRecord(
  algorithm: Algorithm,
  times: KeyTimes,
  createdAtMs: number,
  sealKeys: readonly Uint8Array[],
): Promise<SigningKeyRecord> {
  const { privateKey } = algorithm === "EdDSA" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...privateKey.export({ format: "jwk" }) };
  const kid = toThumbprint(jwk);
  const { d: _, ...members } = jwk;
  return {
    kid,
    algorithm,
    publicJwk: JSON.stringify({ ...members, kid, use: "sig", alg: algorithm }),
    privateJwk: await seal(JSON.stringify(jwk), sealKeys),
    createdAtMs,
    ...times,
  };
}

/** Rejects with KeyUnreadable. */
export async function openPrivateKey({ kid, privateJwk }: SigningKeyRecord, sealKeys: readonly Uint8Array[]): Promise<KeyObject> {
  const jwk = JSON.parse(await open(privateJwk, sealKeys)) as Record<string, unknown>;
  // What is sealed names nobody: it is this record's when its public half is.
  if (toThumbprint(jwk) !== kid) throw new KeyUnreadable(`key ${kid} is not the one that is kept under its name`);
  return createPrivateKey({ key: jwk, format: "jwk" });
}

async function seal(text: string, [key]: readonly Uint8Array[]): Promise<string> {
  if (key === undefined) return text;
  const { CompactEncrypt } = await import("jose");
  return new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(key);
}

async function open(kept: string, keys: readonly Uint8Array[]): Promise<string> {
  if (kept.startsWith("{")) return kept;
  const { compactDecrypt } = await import("jose");
  for (const key of keys) {
    try {
      const { plaintext } = await compactDecrypt(kept, key, { keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] });
      return new TextDecoder().decode(plaintext);
    } catch {
      // Sealed by another one, perhaps an older one.
    }
  }
  throw new KeyUnreadable("a signing key was sealed by a key that is not among `gateway.sealKeys`");
}
