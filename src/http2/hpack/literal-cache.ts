// Entries of literals by the bytes that they came in, for all connections of the worker. @hot
//
// Encoders that keep no table (ours, and those of many proxies) send the same literals again and again. Such a line is found
// here with what was worked out about it before, for the price of comparing its bytes. Kept only when the same bytes come a second
// time, so values that never repeat cost the cache nothing. Bounded: SLOTS lines of MAX_LITERAL_BYTES. A hit compares every byte.
//
// Not kept: what came as never indexed, and credentials, so that no timing tells whether somebody else has sent the same.

import type { HeaderEntry } from "./header-entry.ts";
import { isSecretName } from "./name-codes.ts";

export const MAX_LITERAL_BYTES = 128;
/** A power of two. */
const SLOTS = 512;

const hashes = new Int32Array(SLOTS);
/** Of a slot that holds an entry: how many bytes it came in. */
const lengths = new Uint8Array(SLOTS);
const kept = new Uint8Array(SLOTS * MAX_LITERAL_BYTES);
const entries: (HeaderEntry | null)[] = new Array<HeaderEntry | null>(SLOTS).fill(null);

/** FNV-1a over `bytes[from, to)`. */
export function hashLiteral(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash;
}

/** The entry that the same bytes had before, or null. */
export function findLiteral(hash: number, bytes: Uint8Array, from: number, to: number): HeaderEntry | null {
  const slot = slotOf(hash);
  if (hashes[slot] !== hash || lengths[slot] !== to - from) return null;
  let key = slot * MAX_LITERAL_BYTES;
  for (let at = from; at < to; at++) if (kept[key++] !== bytes[at]) return null;
  return entries[slot]!;
}

/** Notes what findLiteral did not find: its hash the first time, and itself the second. */
export function keepLiteral(hash: number, bytes: Uint8Array, from: number, to: number, entry: HeaderEntry): void {
  const slot = slotOf(hash);
  if (hashes[slot] !== hash) {
    hashes[slot] = hash;
    lengths[slot] = 0;
    entries[slot] = null;
    return;
  }
  if (isSecretName(entry.name)) return;
  let key = slot * MAX_LITERAL_BYTES;
  for (let at = from; at < to; at++) kept[key++] = bytes[at]!;
  lengths[slot] = to - from;
  entries[slot] = entry;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}
