// Header blocks written by hand for tests, each line in the form that is asked for.

import { huffmanLength, writeHuffman } from "../huffman.ts";
import { writeInteger } from "../integer.ts";

/** What an entry looks like to whoever compares. */
export type Line = readonly [name: string, value: string];

export function indexed(index: number): number[] {
  return integer(0x80, 0x7f, index);
}

export function sizeUpdate(size: number): number[] {
  return integer(0x20, 0x1f, size);
}

/** A literal: its name spelt out, or by index. */
export function literal(kind: "indexing" | "plain" | "never", name: string | number, value: string, isHuffman = false): number[] {
  const flags = kind === "indexing" ? 0x40 : kind === "plain" ? 0 : 0x10;
  const mask = kind === "indexing" ? 0x3f : 0x0f;
  const start = typeof name === "number" ? integer(flags, mask, name) : [flags, ...string(name, isHuffman)];
  return [...start, ...string(value, isHuffman)];
}

export function string(text: string, isHuffman: boolean): number[] {
  if (!isHuffman) return [...integer(0, 0x7f, text.length), ...Buffer.from(text, "latin1")];
  const bytes = new Uint8Array(huffmanLength(text));
  writeHuffman(bytes, 0, text);
  return [...integer(0x80, 0x7f, bytes.length), ...bytes];
}

function integer(flags: number, mask: number, value: number): number[] {
  const bytes = new Uint8Array(8);
  return [...bytes.subarray(0, writeInteger(bytes, 0, flags, mask, value))];
}
