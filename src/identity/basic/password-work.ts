// The dear part of passwords: hashing one, and comparing it with the hash that is kept. In the runtime's pool of threads, so that requests
// go on meanwhile.

import * as crypto from "node:crypto";
import type { PasswordHash } from "../../config/index.ts";

/** As strong as `ln=17,r=8,p=1`, by the tables that are commonly gone by, with a quarter of its memory: a gateway checks two at once. */
const COST = { kind: "scrypt", log2: 15, blocks: 8, lanes: 3 } as const;

/** The PHC string of a password, with a salt of its own. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.randomBytes(16);
  const hash = await derive(password.normalize("NFC"), { ...COST, salt, hash: new Uint8Array(32) });
  return `$scrypt$ln=${COST.log2},r=${COST.blocks},p=${COST.lanes}$${encode(salt)}$${encode(hash)}`;
}

/** Rejects only where the runtime has no memory or no such algorithm. */
export async function matchesPassword(password: string, kept: PasswordHash): Promise<boolean> {
  const made = await derive(password, kept);
  return made.length === kept.hash.length && crypto.timingSafeEqual(made, kept.hash);
}

function derive(password: string, hash: PasswordHash): Promise<Uint8Array> {
  const bytes = Buffer.from(password, "utf8");
  return new Promise((resolve, reject) => {
    // Bun says undefined where Node says null.
    const settle = (error: Error | null | undefined, derived: Uint8Array) => (error ? reject(error) : resolve(derived));
    if (hash.kind === "scrypt") {
      const { log2, blocks, lanes } = hash;
      const cost = 2 ** log2;
      // What OpenSSL asks for, and some room.
      const maxmem = 128 * blocks * (cost + lanes + 2) + 1024 * 1024;
      crypto.scrypt(bytes, hash.salt, hash.hash.length, { N: cost, r: blocks, p: lanes, maxmem }, settle);
    } else {
      const { kibibytes, passes, lanes } = hash;
      const parameters = { message: bytes, nonce: hash.salt, parallelism: lanes, tagLength: hash.hash.length, memory: kibibytes, passes };
      crypto.argon2("argon2id", parameters, settle);
    }
  });
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}
