// CRC32C (Castagnoli), as version 2 of the PROXY protocol uses it over a header whose checksum field counts as zeros.

const TABLE = createTable();

function createTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    table[n] = value >>> 0;
  }
  return table;
}

/** The checksum of `bytes`; the four from `zeroAt` on count as zeros, unless that is -1. */
export function crc32c(bytes: Uint8Array, zeroAt: number): number {
  let value = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    const byte = zeroAt >= 0 && i >= zeroAt && i < zeroAt + 4 ? 0 : bytes[i]!;
    value = (value >>> 8) ^ TABLE[(value ^ byte) & 0xff]!;
  }
  return (value ^ 0xffffffff) >>> 0;
}
