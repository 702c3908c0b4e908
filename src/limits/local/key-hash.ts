// Keys as 64 bits: HalfSipHash-1-3 (J.-P. Aumasson and D. J. Bernstein, SipHash's variant for 32-bit words; Linux uses the same for its tables) over
// the text's UTF-16. Keys come from clients: under a secret seed nobody can look for two that collide, and by chance a million have one in
// thirty million times. Two keys with the same hash are counted as one. @hot

export class KeyHash {
  readonly #k0: number;
  readonly #k1: number;
  /** Of the text that was hashed last. Never both 0. */
  lo = 0;
  hi = 0;

  /** `seed` is a whole number below 2^53 that nobody can guess. */
  constructor(seed: number) {
    this.#k0 = seed | 0;
    this.#k1 = Math.floor(seed / 2 ** 32) | 0;
  }

  hash(text: string): void {
    const k0 = this.#k0;
    const k1 = this.#k1;
    let v0 = k0;
    let v1 = k1 ^ 0xee;
    let v2 = k0 ^ 0x6c796765;
    let v3 = k1 ^ 0x74656462;
    const { length } = text;
    const pairs = length >> 1;
    // One round for each pair of code units, one for what is left with the length, and three at each end of the result.
    const rounds = pairs + 7;
    let word = 0;
    let lo = 0;
    for (let round = 0; round < rounds; round++) {
      if (round < pairs) word = text.charCodeAt(2 * round) | (text.charCodeAt(2 * round + 1) << 16);
      else if (round === pairs) word = (length << 25) | (length % 2 === 0 ? 0 : text.charCodeAt(length - 1)) | 0;
      else word = 0;
      if (round === pairs + 1) v2 ^= 0xee;
      if (round === pairs + 4) {
        lo = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    this.hi = v1 ^ v3;
    // The empty slot of a table is 0 and 0.
    this.lo = lo === 0 && this.hi === 0 ? 1 : lo;
  }
}
