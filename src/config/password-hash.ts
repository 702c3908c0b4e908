// Hashes of passwords as a configuration has them: PHC strings, `$scrypt$ln=15,r=8,p=3$salt$hash` and `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
// Read strictly, and within bounds on both sides: what is too cheap protects nobody, what is too dear stops the gateway.

import * as crypto from "node:crypto";

export type PasswordHash =
  | {
      readonly kind: "scrypt";
      readonly log2: number;
      readonly blocks: number;
      readonly lanes: number;
      readonly salt: Uint8Array;
      readonly hash: Uint8Array;
    }
  | {
      readonly kind: "argon2id";
      readonly kibibytes: number;
      readonly passes: number;
      readonly lanes: number;
      readonly salt: Uint8Array;
      readonly hash: Uint8Array;
    };

const FORM =
  /^\$(?:(scrypt)\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})|(argon2id)\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2}))\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

const LEAST_BYTES = 8 * 1024 * 1024;
/** argon2id with 7 MiB and 5 passes is the cheapest that is recommended anywhere. */
const LEAST_KIBIBYTES = 7 * 1024;
const MOST_BYTES = 256 * 1024 * 1024;
/** Of one check, in bytes written: keeps it within about a second. */
const MOST_WORK = 1024 * 1024 * 1024;

/** A text in place of the hash says what is wrong with it, without any part of it. */
export function parsePasswordHash(text: string): PasswordHash | string {
  const found = FORM.exec(text);
  if (found === null) {
    return "it is none of the forms `$scrypt$ln=…,r=…,p=…$salt$hash` and `$argon2id$v=19$m=…,t=…,p=…$salt$hash`; `sallyport hash-password` makes one";
  }
  const [, scrypt, log2, blocks, scryptLanes, , kibibytes, passes, argonLanes, saltText = "", hashText = ""] = found;
  const salt = decode(saltText);
  const hash = decode(hashText);
  if (salt === null || hash === null) return "its salt or hash is no base64 without padding";
  if (salt.length < 8 || salt.length > 64) return `its salt has ${salt.length} bytes, where 8 to 64 will do`;
  if (hash.length < 16 || hash.length > 64) return `its hash has ${hash.length} bytes, where 16 to 64 will do`;
  const parsed: PasswordHash =
    scrypt === undefined
      ? { kind: "argon2id", kibibytes: Number(kibibytes), passes: Number(passes), lanes: Number(argonLanes), salt, hash }
      : { kind: "scrypt", log2: Number(log2), blocks: Number(blocks), lanes: Number(scryptLanes), salt, hash };
  return judgeCost(parsed) ?? parsed;
}

/** Null: it is good, and this runtime can check it. Else a sentence that says what is wrong. */
export function checkPasswordHash(text: string): string | null {
  const parsed = parsePasswordHash(text);
  if (typeof parsed === "string") return parsed;
  const isHere = parsed.kind === "scrypt" || typeof Reflect.get(crypto, "argon2") === "function";
  return isHere ? null : "this runtime can't check argon2id: run on a newer one, or use scrypt";
}

function judgeCost(hash: PasswordHash): string | null {
  const isScrypt = hash.kind === "scrypt";
  const bytes = isScrypt ? 128 * hash.blocks * 2 ** hash.log2 : hash.kibibytes * 1024;
  const passes = isScrypt ? hash.lanes : hash.passes;
  if (hash.lanes < 1 || passes < 1 || bytes < (isScrypt ? LEAST_BYTES : LEAST_KIBIBYTES * 1024)) {
    return isScrypt ? "it is too cheap to guess: `ln=13,r=8,p=1` is the least" : "it is too cheap to guess: `m=7168,t=1,p=1` is the least";
  }
  if (hash.lanes > 16 || bytes > MOST_BYTES || bytes * passes > MOST_WORK) {
    return "it is too dear to check: 256 MiB of memory, 16 lanes, and 1 GiB for all passes or lanes together are the most";
  }
  return null;
}

/** Null unless it is what encoding gives. */
function decode(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64").replace(/=+$/, "") === text ? new Uint8Array(bytes) : null;
}
