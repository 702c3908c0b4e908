// Base64 as gRPC-Web clients send it: any number of pieces one behind the other, each with its own padding, in chunks cut anywhere. @hot

import { Buffer } from "node:buffer";

const EQUALS = 0x3d;
const NOT_BASE64 = 0xff;

const VALUES = new Uint8Array(256).fill(NOT_BASE64);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

export class Base64Decoder {
  /** Of the group of four that is not complete. */
  #bits = 0;
  #count = 0;
  #padding = 0;

  /** A group is begun and not complete: it must not end here. */
  get isInside(): boolean {
    return this.#count > 0;
  }

  /** What the chunk completes, which may be nothing; null when it is not base64. */
  decode(chunk: Uint8Array): Uint8Array | null {
    const bytes = Buffer.allocUnsafe(((this.#count + chunk.length) >> 2) * 3);
    let length = 0;
    let bits = this.#bits;
    let count = this.#count;
    let padding = this.#padding;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (byte === EQUALS) {
        // Two characters are the least that mean anything.
        if (count < 2) return null;
        padding++;
        bits <<= 6;
      } else {
        const value = VALUES[byte]!;
        if (value === NOT_BASE64 || padding > 0) return null;
        bits = (bits << 6) | value;
      }
      if (++count < 4) continue;
      bytes[length++] = bits >> 16;
      if (padding < 2) bytes[length++] = bits >> 8;
      if (padding < 1) bytes[length++] = bits;
      bits = 0;
      count = 0;
      padding = 0;
    }
    this.#bits = bits;
    this.#count = count;
    this.#padding = padding;
    return bytes.subarray(0, length);
  }
}
