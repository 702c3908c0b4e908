// Which part of a cluster a key is counted in: what one call asks of must have one hash tag. @hot

/** One of `tags`, a power of two; always the same for a key, on every gateway. FNV-1a, whose halves are folded: its low bits alone are poor. */
export function hashTagOf(key: string, tags: number): number {
  if (tags === 1) return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return ((hash >>> 16) ^ hash) & (tags - 1);
}
