// When a key signs, and when the next one must be there: the arithmetic of rotation, without a store or a clock.
//
//   created ── published for `overlap` or longer ──▶ active ── signs ──▶ retires ── published for `overlap` and the longest token ──▶ expires
//
// So a verifier that keeps a set of keys for less than `overlap` knows each key before the first token by it comes, and until the last one ends.

import type { InternalKeysConfig } from "../../config/index.ts";

export interface KeyTimes {
  readonly activeAtMs: number;
  readonly retiresAtMs: number;
  readonly expiresAtMs: number;
}

export interface KnownKey extends KeyTimes {
  /** Its private half could be opened. */
  readonly canSign: boolean;
}

/** How often a ring that can't sign, or could not ask its store, asks again. */
export const RETRY_MS = 5000;
/** How often the others ask, at most. */
const READ_MS = 60_000;
/** Over what the others' timers need. */
const LEAD_MS = 1000;
const MOST_CACHE_SECONDS = 300;

/** The first key signs at once. Of nodes that start together one alone may make it: the store keeps none that is active no later than another. */
const FIRST = 0;

/** The one that signs; of several the youngest, so that all nodes take the same. */
export function selectSigner<Key extends KnownKey>(keys: readonly Key[], nowMs: number): Key | null {
  let signer: Key | null = null;
  for (const key of keys) {
    if (!key.canSign || key.activeAtMs > nowMs || key.retiresAtMs <= nowMs) continue;
    if (signer === null || key.activeAtMs > signer.activeAtMs) signer = key;
  }
  return signer;
}

/** Times of the key that must be made now; null while none must. `longestTokenMs` is how long the longest of tokens is good. */
export function planSuccessor(
  keys: readonly KnownKey[],
  nowMs: number,
  { rotateEveryMs, overlapMs }: Pick<InternalKeysConfig, "rotateEveryMs" | "overlapMs">,
  longestTokenMs: number,
): KeyTimes | null {
  const usable = keys.filter(({ canSign }) => canSign);
  const lastRetiresMs = Math.max(0, ...usable.map(({ retiresAtMs }) => retiresAtMs));
  // Half a life ahead: for so long a store may be away without anybody noticing.
  const noticeMs = Math.max(2 * overlapMs, rotateEveryMs / 2);
  const hasNext = usable.some(({ activeAtMs }) => activeAtMs > nowMs);
  if (hasNext || nowMs < lastRetiresMs - noticeMs) return null;
  if (keys.length === 0) {
    const retiresAtMs = nowMs + rotateEveryMs;
    return { activeAtMs: FIRST, retiresAtMs, expiresAtMs: retiresAtMs + overlapMs + longestTokenMs };
  }
  // All nodes must know it before it signs.
  const activeAtMs = Math.max(lastRetiresMs, nowMs + leadOf(keys, nowMs, overlapMs), ...keys.map((each) => each.activeAtMs + 1));
  const retiresAtMs = activeAtMs + rotateEveryMs;
  return { activeAtMs, retiresAtMs, expiresAtMs: retiresAtMs + overlapMs + longestTokenMs };
}

/** Where no key signs, all nodes ask often. Where another node signs by one that we can't open, it asks as one that is well. */
function leadOf(keys: readonly KnownKey[], nowMs: number, overlapMs: number): number {
  const isWellElsewhere = keys.some(({ canSign, activeAtMs, retiresAtMs }) => !canSign && activeAtMs <= nowMs && nowMs < retiresAtMs);
  return nextReadingIn(isWellElsewhere, overlapMs) + LEAD_MS;
}

/** How long verifiers may keep what is published: half an overlap, so that they know each key before it signs. */
export function cacheForSeconds(overlapMs: number): number {
  return Math.max(1, Math.min(MOST_CACHE_SECONDS, Math.floor(overlapMs / 2000)));
}

/** How long after a reading the next one is due: two come within an overlap, so that a successor is known everywhere before it signs. */
export function nextReadingIn(isWell: boolean, overlapMs: number): number {
  return Math.max(1, Math.min(isWell ? READ_MS : RETRY_MS, overlapMs / 2));
}
