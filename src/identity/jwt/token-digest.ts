// The digest that verified tokens are known by. SHA-256: nobody can make another token with the digest of one that was verified. @hot

import { hash } from "node:crypto";

let lastText = "";
let lastDigest = "";

/** 32 characters, one a byte. Several identities that are asked about one request share the work: the last text is remembered. */
export function digestToken(text: string): string {
  if (text === lastText) return lastDigest;
  // Of what runtimes give, a text of bytes is the cheapest to make and the shortest to keep: jwt.bench.ts.
  lastDigest = hash("sha256", text, "binary");
  lastText = text;
  return lastDigest;
}
