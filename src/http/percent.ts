// @hot
// Percent-escapes (RFC 3986 2.1), read where they stand.

const PERCENT = 0x25;

/** The byte that the escape at `at` spells, before `end`; -1 when there is none, it is cut short or not hexadecimal. */
export function escapeAt(text: string, at: number, end: number): number {
  if (at + 2 >= end || text.charCodeAt(at) !== PERCENT) return -1;
  const high = hexValue(text.charCodeAt(at + 1));
  const low = hexValue(text.charCodeAt(at + 2));
  return high < 0 || low < 0 ? -1 : (high << 4) | low;
}

function hexValue(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const folded = c | 0x20;
  return folded >= 0x61 && folded <= 0x66 ? folded - 0x57 : -1;
}
