// What a key looks like: `spk_`, 12 characters that name it, `_`, 33 that are the secret, and 6 of a checksum. A scanner of published code
// knows it by its beginning and makes sure by the checksum; a key that was mistyped is seen to be none without a look-up. @hot

import { crc32 } from "node:zlib";

export const KEY_BEGIN = "spk_";
export const ID_LENGTH = 12;
/** 62 to the 33rd is more than 2 to the 196th. */
const SECRET_LENGTH = 33;
const CHECK_LENGTH = 6;
const SECRET_START = KEY_BEGIN.length + ID_LENGTH + 1;
const CHECK_START = SECRET_START + SECRET_LENGTH;
export const KEY_LENGTH = CHECK_START + CHECK_LENGTH;

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Bytes from here on would make the first digits likelier than the others. */
const FAIR = 256 - (256 % DIGITS.length);
const UNDERSCORE = 0x5f;

export interface NewKey {
  readonly id: string;
  readonly key: string;
}

/** `random` gives so many bytes that nobody can guess. */
export function makeKey(random: (length: number) => Uint8Array): NewKey {
  const id = drawDigits(random, ID_LENGTH);
  const body = `${KEY_BEGIN}${id}_${drawDigits(random, SECRET_LENGTH)}`;
  return { id, key: body + checkOf(body) };
}

/** Whether it looks like one at a glance: what is known already needs no closer look. */
export function seemsKey(text: string): boolean {
  return text.length === KEY_LENGTH && text.startsWith(KEY_BEGIN);
}

/** Whether it could be one. */
export function isKey(text: string): boolean {
  if (!seemsKey(text)) return false;
  for (let at = KEY_BEGIN.length; at < KEY_LENGTH; at++) {
    const unit = text.charCodeAt(at);
    if (at === SECRET_START - 1 ? unit !== UNDERSCORE : !isDigit(unit)) return false;
  }
  return text.slice(CHECK_START) === checkOf(text.slice(0, CHECK_START));
}

/** CRC-32, in digits of base 62, the most significant first. */
function checkOf(body: string): string {
  let rest = crc32(body);
  let check = "";
  for (let count = 0; count < CHECK_LENGTH; count++) {
    check = DIGITS.charAt(rest % DIGITS.length) + check;
    rest = Math.floor(rest / DIGITS.length);
  }
  return check;
}

function isDigit(unit: number): boolean {
  if (unit >= 0x61) return unit <= 0x7a;
  return unit >= 0x41 ? unit <= 0x5a : unit >= 0x30 && unit <= 0x39;
}

function drawDigits(random: (length: number) => Uint8Array, length: number): string {
  let digits = "";
  while (digits.length < length) {
    const bytes = random(length);
    for (let at = 0; at < bytes.length && digits.length < length; at++) {
      const byte = bytes[at]!;
      if (byte < FAIR) digits += DIGITS.charAt(byte % DIGITS.length);
    }
  }
  return digits;
}
