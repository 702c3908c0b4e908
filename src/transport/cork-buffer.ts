// The buffer that corked writes are gathered in. Each adapter has its own, one for the process.

/** Buffer with its direct latin1 encoder, which Node and Bun have and the published types lack; write() is twice the cost. */
export interface CorkBuffer extends Buffer {
  latin1Write(text: string, offset: number): number;
}

/** 64 KiB: the largest head we allow plus a small body. Longer output gains nothing from being gathered. */
export const CORK_BYTES = 65_536;

export function createCorkBuffer(): CorkBuffer {
  return Buffer.allocUnsafeSlow(CORK_BYTES) as Buffer as CorkBuffer;
}
