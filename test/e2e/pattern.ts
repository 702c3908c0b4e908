// Bytes that both ends of a transfer can make for themselves: pseudo-random, so that nothing lost, doubled or swapped goes unseen.

import { createHash } from "node:crypto";

export const BLOCK_BYTES = 256 * 1024;
const BLOCK = new Uint8Array(BLOCK_BYTES);
let state = 0x2545f491;
for (let i = 0; i < BLOCK_BYTES; i++) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  BLOCK[i] = state & 0xff;
}

/** The block that begins at `offset`, a multiple of BLOCK_BYTES: it carries its number, so no two are alike. Fresh memory: it may still be on its way when the next is made. */
export function patternBlock(offset: number): Uint8Array {
  const block = BLOCK.slice();
  new DataView(block.buffer).setFloat64(0, offset);
  return block;
}

export function patternDigest(bytes: number): string {
  const hash = createHash("sha256");
  for (let at = 0; at < bytes; at += BLOCK_BYTES) hash.update(patternBlock(at).subarray(0, Math.min(BLOCK_BYTES, bytes - at)));
  return hash.digest("hex");
}
