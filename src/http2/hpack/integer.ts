// Integers with a prefix: RFC 7541 5.1. What does not fit into the prefix goes on in groups of seven bits, the lowest first. @hot

/** No length or index that means anything comes near it; beyond it, sums of what was read could leave the integers that are exact. */
const MAX_VALUE = 2 ** 28;
const MAX_MORE_BYTES = 5;

/** Overwritten by each readInteger: where what follows the integer begins. */
export const integerFrame = { end: 0 };

/** The integer whose prefix was all ones, `mask`, and that goes on at `bytes[from]`; -1 when it is cut off before `to`, too large or too long. */
export function readInteger(bytes: Uint8Array, from: number, to: number, mask: number): number {
  let value = mask;
  let factor = 1;
  const end = Math.min(to, from + MAX_MORE_BYTES);
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!;
    // Multiplied, not shifted: the fifth group has bits beyond the 31 of a shift.
    value += (byte & 0x7f) * factor;
    if (value > MAX_VALUE) return -1;
    if (byte < 0x80) {
      integerFrame.end = at + 1;
      return value;
    }
    factor *= 128;
  }
  return -1;
}

/** Bytes that an integer of this room takes at most: the prefix and four groups hold 2^28. */
export const MAX_INTEGER_BYTES = 5;

/** Writes `value` at `bytes[at]`, beside the bits of `flags`; returns where what follows goes. */
export function writeInteger(bytes: Uint8Array, at: number, flags: number, mask: number, value: number): number {
  if (value < mask) {
    bytes[at] = flags | value;
    return at + 1;
  }
  bytes[at] = flags | mask;
  let rest = value - mask;
  let end = at + 1;
  for (; rest >= 0x80; rest >>>= 7) bytes[end++] = (rest & 0x7f) | 0x80;
  bytes[end] = rest;
  return end + 1;
}
