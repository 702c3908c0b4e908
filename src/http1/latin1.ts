// Bytes to a string of the same bytes, and back. TextDecoder's latin1 is windows-1252 and would change 0x80 to 0x9F. @hot

import { Buffer } from "node:buffer";

/** The bytes `[from, to)` as a string with one UTF-16 unit each. */
export function toLatin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.prototype.latin1Slice.call(bytes, from, to);
}

/** The other way round; units above 255 lose their high byte, so callers pass received or checked text only. */
export function fromLatin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}
