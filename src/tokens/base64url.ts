// Base64url as JOSE has it (RFC 7515 2): without padding, white space or line ends, and in the one spelling that its bytes have. Runtimes
// decode far more than that, so that one token could be written in many ways; here each text has bytes of its own.

const ALPHABET = /^[A-Za-z0-9_-]*$/;

/** Null for what is not strictly base64url. The empty text is no bytes. */
export function decodeBase64Url(text: string): Buffer | null {
  return ALPHABET.test(text) && hasOwnSpelling(text) ? Buffer.from(text, "base64url") : null;
}

/** Of letters of the alphabet: whether they are as many as some bytes have, and the bits behind the last byte are zero. */
export function hasOwnSpelling(text: string): boolean {
  const rest = text.length & 3;
  if (rest === 0) return true;
  if (rest === 1) return false;
  const last = sextetOf(text.charCodeAt(text.length - 1));
  return (last & (rest === 2 ? 15 : 3)) === 0;
}

function sextetOf(unit: number): number {
  if (unit >= 0x61) return unit - 0x61 + 26;
  if (unit === 0x5f) return 63;
  if (unit >= 0x41) return unit - 0x41;
  return unit === 0x2d ? 62 : unit - 0x30 + 52;
}
