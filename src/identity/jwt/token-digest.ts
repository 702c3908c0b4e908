// The digest that verified tokens are known by. SHA-256: nobody can make another token with the digest of one that was verified. @hot

import { hash } from "node:crypto";

/** A power of two. Each slot holds one request's head at most. */
const SLOTS = 256;

// What was asked for lately, by a few letters of its end, where a token has its signature: several identities that are asked about one request
// share the work, and clients whose requests come in turn cost a comparison of the whole text each.
// hot-exception: once a process, jwt.bench.ts
const texts: string[] = Array.from({ length: SLOTS }, () => "");
// hot-exception: once a process, jwt.bench.ts
const digests: string[] = Array.from({ length: SLOTS }, () => "");

/** 32 characters, one a byte. */
export function digestToken(text: string): string {
  const slot = slotOf(text);
  // No digest is empty, and the text of none is known by one.
  if (digests[slot] !== "" && texts[slot] === text) return digests[slot]!;
  // Of what runtimes give, a text of bytes is the cheapest to make and the shortest to keep: jwt.bench.ts.
  const digest = hash("sha256", text, "binary");
  texts[slot] = text;
  digests[slot] = digest;
  return digest;
}

/** The last letter alone says little: of an ES256 signature it holds two bits. */
function slotOf(text: string): number {
  const end = text.length;
  if (end < 4) return 0;
  return (Math.imul(text.charCodeAt(end - 2), 67) + Math.imul(text.charCodeAt(end - 3), 5) + text.charCodeAt(end - 4)) & (SLOTS - 1);
}
