// The keys by which a gateway seals what it will read again (cookies, private keys in a store): those of the configuration, or one that the
// gateway made for itself and keeps in its database, the same for all of its nodes.

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { Secret } from "../base/index.ts";
import { StoreFailure, type Stores } from "../stores/index.ts";

const KEY_BYTES = 32;
const HEX = /^(?:[0-9a-fA-F]{2})+$/;

/** 32 bytes of each. The configuration's check has seen that they are long enough. */
function readSealKeys(written: readonly Secret[]): readonly Uint8Array[] {
  return written.map((secret) => toBytes(secret.reveal()).subarray(0, KEY_BYTES));
}

/** Hexadecimal, or base64 in either alphabet. */
function toBytes(text: string): Uint8Array {
  return HEX.test(text) ? Buffer.from(text, "hex") : Buffer.from(text, "base64");
}

/** Asks the store when the configuration names no key; what came of it is kept, a failure is not. */
export function createSealKeys(written: readonly Secret[], stores: Stores | null): () => Promise<readonly Uint8Array[]> {
  if (written.length > 0) {
    const keys = Promise.resolve(readSealKeys(written));
    return () => keys;
  }
  let own: Promise<readonly Uint8Array[]> | null = null;
  return () => {
    if (stores === null) return Promise.reject(new StoreFailure("there is no sealing key, and no database to keep one in"));
    own ??= stores.ownSecrets
      .obtain("seal", () => randomBytes(KEY_BYTES).toString("base64url"))
      .then((text) => [Buffer.from(text, "base64url")]);
    own.catch(() => {
      own = null;
    });
    return own;
  };
}
