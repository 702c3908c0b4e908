// A second opinion on header blocks: RFC 7541 read in its plainest form, bit by bit and without a thought for speed. With the
// engine it shares the static table and the writing of the Huffman code, which the examples of the RFC hold, and no code that reads. For fuzzing and tests only.

import { huffmanLength, writeHuffman } from "../huffman.ts";
import { STATIC_TABLE } from "../static-table.ts";

export interface PlainLine {
  readonly name: string;
  readonly value: string;
  readonly isSecret: boolean;
}

const CODES = new Map<string, string>();
for (let symbol = 0; symbol < 256; symbol++) {
  const text = String.fromCharCode(symbol);
  // Eight times the same code is whole bytes, without padding.
  const eight = new Uint8Array(huffmanLength(text.repeat(8)));
  writeHuffman(eight, 0, text.repeat(8));
  const bits = [...eight].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  CODES.set(bits.slice(0, bits.length / 8), text);
}

class Malformed extends Error {}

export class PlainDecoder {
  #table: PlainLine[] = [];
  readonly #max: number;
  #limit: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(max: number) {
    this.#max = max;
    this.#limit = Math.min(max, 4096);
  }

  /** The lines of a block and how the table stands behind it; null when it is malformed. */
  decode(bytes: Uint8Array): readonly PlainLine[] | null {
    this.#bytes = bytes;
    this.#at = 0;
    const lines: PlainLine[] = [];
    let updates = 0;
    try {
      while (this.#at < bytes.length) {
        const first = bytes[this.#at]!;
        if (first >> 5 === 1) {
          const size = this.#integer(5);
          updates++;
          if (lines.length > 0 || updates > 2 || size > this.#max) throw new Malformed();
          this.#limit = size;
          this.#evict(0);
        } else {
          lines.push(this.#line(first));
        }
      }
      return lines;
    } catch (error) {
      if (error instanceof Malformed) return null;
      throw error;
    }
  }

  get size(): number {
    return this.#table.reduce((sum, line) => sum + line.name.length + line.value.length + 32, 0);
  }

  #line(first: number): PlainLine {
    if (first >> 7 === 1) return this.#find(this.#integer(7));
    const isIndexed = first >> 6 === 1;
    const index = this.#integer(isIndexed ? 6 : 4);
    const name = index === 0 ? this.#string() : this.#find(index).name;
    const line = { name, value: this.#string(), isSecret: first >> 4 === 1 };
    if (isIndexed) {
      const size = line.name.length + line.value.length + 32;
      this.#evict(size);
      if (size <= this.#limit) this.#table.unshift(line);
    }
    return line;
  }

  #evict(more: number): void {
    while (this.#table.length > 0 && this.size + more > this.#limit) this.#table.pop();
  }

  #find(index: number): PlainLine {
    const line = index < 62 ? STATIC_TABLE[index] : this.#table[index - 62];
    if (index === 0 || line === undefined) throw new Malformed();
    return { name: line.name, value: line.value, isSecret: false };
  }

  #next(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Malformed();
    return byte;
  }

  #integer(prefix: number): number {
    const mask = (1 << prefix) - 1;
    let value = this.#next() & mask;
    if (value < mask) return value;
    for (let group = 0; ; group++) {
      const byte = this.#next();
      value += (byte & 0x7f) * 128 ** group;
      if (group >= 5 || value > 2 ** 28) throw new Malformed();
      if (byte < 128) return value;
    }
  }

  #string(): string {
    const isHuffman = this.#bytes[this.#at]! >> 7 === 1;
    const length = this.#integer(7);
    if (this.#at + length > this.#bytes.length) throw new Malformed();
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return isHuffman ? unfold(bytes) : String.fromCharCode(...bytes);
  }
}

function unfold(bytes: Uint8Array): string {
  let text = "";
  let code = "";
  for (const bit of [...bytes].flatMap((byte) => [...byte.toString(2).padStart(8, "0")])) {
    code += bit;
    const symbol = CODES.get(code);
    if (symbol === undefined) continue;
    text += symbol;
    code = "";
  }
  if (code.length > 7 || code.includes("0")) throw new Malformed();
  return text;
}
