// Header blocks of one side of a connection, taken apart: RFC 7541 3 and 6. Whole blocks only; the frames are put together before. @hot
//
// What comes again costs little: an indexed line is the call of the sink with the entry that is already there, and a literal that
// was sent before in the same bytes, by anybody, has its entry in a cache that all connections share.

import { Buffer } from "node:buffer";
import type { FaultDefinition } from "../../base/index.ts";
import { BAD_HEADER_BLOCK } from "../faults.ts";
import { ByteCache, hashBytes } from "./byte-cache.ts";
import { DynamicTable } from "./dynamic-table.ts";
import { type EntrySink, HeaderEntry } from "./header-entry.ts";
import { decodedBound, decodeHuffman } from "./huffman.ts";
import { integerFrame, readInteger } from "./integer.ts";
import { isSecretName } from "./name-codes.ts";
import { STATIC_LENGTH, STATIC_TABLE } from "./static-table.ts";

/** First bytes (6): what is not below one of them is of its kind. */
const INDEXED = 0x80;
const WITH_INDEXING = 0x40;
const SIZE_UPDATE = 0x20;
const NEVER_INDEXED = 0x10;
/** Of a string's length: it is Huffman coded. */
const HUFFMAN = 0x80;

/** RFC 9113 6.5.2: the size that both sides begin with. */
const FIRST_TABLE_BYTES = 4096;
/** RFC 7541 4.2: the smallest size that was meant in between, and the last one. */
const MAX_SIZE_UPDATES = 2;
/** Strings that decode to more get a scratch of their own. */
const SCRATCH_BYTES = 16 * 1024;
/** Up to here a string is put together faster by hand than by the runtime. */
const SHORT = 3;

/**
 * Lines by the literal that they came as, but for what came as never indexed and for credentials: no timing may tell whether somebody else has
 * sent the same. Names that a literal spells out.
 */
const literals = new ByteCache<HeaderEntry>(512, 128);
const names = new ByteCache<string>(256, 48);

const scratch: Buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #maxTableBytes: number;
  /** Where the part that was read last ends. */
  #at = 0;

  /** `maxTableBytes` is what we announce. Less than 4096 holds from the first block on, so only for a far side that has agreed to it before. */
  constructor(maxTableBytes: number) {
    this.#maxTableBytes = maxTableBytes;
    this.#table = new DynamicTable(Math.min(maxTableBytes, FIRST_TABLE_BYTES));
  }

  /** Bytes that the table counts now, for tests and for whoever measures. */
  get tableSize(): number {
    return this.#table.size;
  }

  /**
   * Gives each line of the block `bytes[from, to)` to the sink. A fault ends the connection: our table is no longer the far side's.
   * The whole block is read whatever the sink makes of it, for the same reason.
   */
  decode(bytes: Uint8Array, from: number, to: number, sink: EntrySink): FaultDefinition | null {
    let at = this.#readSizeUpdates(bytes, from, to);
    if (at < 0) return BAD_HEADER_BLOCK;
    while (at < to) {
      const first = bytes[at]!;
      let entry: HeaderEntry | null;
      if (first >= INDEXED) {
        let index = first & 0x7f;
        at++;
        if (index === 0x7f) {
          index = readInteger(bytes, at, to, 0x7f);
          at = integerFrame.end;
        }
        entry = this.#find(index);
      } else {
        entry = this.#readLiteral(bytes, at, to, first);
        at = this.#at;
      }
      if (entry === null) return BAD_HEADER_BLOCK;
      sink.onEntry(entry);
    }
    return null;
  }

  /** They stand at the start of a block alone (4.2). Returns where the lines begin, or -1. */
  #readSizeUpdates(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    for (let updates = 0; at < to && (bytes[at]! & 0xe0) === SIZE_UPDATE; updates++) {
      let size = bytes[at]! & 0x1f;
      at++;
      if (size === 0x1f) {
        size = readInteger(bytes, at, to, 0x1f);
        at = integerFrame.end;
      }
      if (size < 0 || size > this.#maxTableBytes || updates === MAX_SIZE_UPDATES) return -1;
      this.#table.resize(size);
    }
    return at;
  }

  /** The line that an index means (2.3.3), or null: 0 and what lies beyond the table mean nothing. */
  #find(index: number): HeaderEntry | null {
    if (index <= STATIC_LENGTH) return index > 0 ? STATIC_TABLE[index]! : null;
    const place = index - STATIC_LENGTH - 1;
    return place < this.#table.length ? this.#table.at(place) : null;
  }

  /** A literal (6.2) at `from`, kept in the table when it says so; null when it is malformed. Leaves its end in #at. */
  #readLiteral(bytes: Uint8Array, from: number, to: number, first: number): HeaderEntry | null {
    const isIndexed = first >= WITH_INDEXING;
    // A size update behind a line.
    if (!isIndexed && first >= SIZE_UPDATE) return null;
    const mask = isIndexed ? 0x3f : 0x0f;
    const isSecret = !isIndexed && first >= NEVER_INDEXED;
    let nameIndex = first & mask;
    let at = from + 1;
    if (nameIndex === mask) {
      nameIndex = readInteger(bytes, at, to, mask);
      if (nameIndex < 0) return null;
      at = integerFrame.end;
    }
    const nameAt = at;
    if (nameIndex === 0) at = skipString(bytes, at, to);
    if (at < 0) return null;
    const valueAt = at;
    at = skipString(bytes, at, to);
    if (at < 0) return null;
    this.#at = at;
    // An index into our table means another line on each connection.
    if (isSecret || nameIndex > STATIC_LENGTH || at - from > literals.maxBytes) {
      const entry = this.#makeEntry(bytes, nameIndex, nameAt, valueAt, to, isSecret);
      if (isIndexed && entry !== null) this.#table.add(entry);
      return entry;
    }
    const hash = hashBytes(bytes, from, at);
    let entry = literals.find(hash, bytes, from, at);
    if (entry === null) {
      entry = this.#makeEntry(bytes, nameIndex, nameAt, valueAt, to, false);
      if (entry === null) return null;
      if (literals.isSecond(hash) && !isSecretName(entry.name)) literals.keep(hash, bytes, from, at, entry);
    }
    if (isIndexed) this.#table.add(entry);
    return entry;
  }

  #makeEntry(bytes: Uint8Array, nameIndex: number, nameAt: number, valueAt: number, to: number, isSecret: boolean): HeaderEntry | null {
    const name = nameIndex === 0 ? readName(bytes, nameAt, valueAt) : this.#find(nameIndex)?.name;
    if (name === null || name === undefined) return null;
    const value = readString(bytes, valueAt, to);
    return value === null ? null : new HeaderEntry(name, value, isSecret);
  }
}

/** The string `bytes[from, to)`, its length included, as one of the few names that there are. */
function readName(bytes: Uint8Array, from: number, to: number): string | null {
  if (to - from > names.maxBytes) return readString(bytes, from, to);
  const hash = hashBytes(bytes, from, to);
  const known = names.find(hash, bytes, from, to);
  if (known !== null) return known;
  const name = readString(bytes, from, to);
  if (name !== null && names.isSecond(hash)) names.keep(hash, bytes, from, to, name);
  return name;
}

/** Where the string at `bytes[at]` (5.2) ends, or -1 when it is not whole before `to`. */
function skipString(bytes: Uint8Array, at: number, to: number): number {
  if (at >= to) return -1;
  let length = bytes[at]! & 0x7f;
  let start = at + 1;
  if (length === 0x7f) {
    length = readInteger(bytes, start, to, 0x7f);
    if (length < 0) return -1;
    start = integerFrame.end;
  }
  return start + length <= to ? start + length : -1;
}

/** The string at `bytes[at]`, which skipString has found whole; null when its Huffman code is wrong. */
function readString(bytes: Uint8Array, at: number, to: number): string | null {
  const isHuffman = bytes[at]! >= HUFFMAN;
  let length = bytes[at]! & 0x7f;
  let start = at + 1;
  if (length === 0x7f) {
    length = readInteger(bytes, start, to, 0x7f);
    start = integerFrame.end;
  }
  if (!isHuffman) return toText(bytes, start, start + length);
  const bound = decodedBound(length);
  const target = bound <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafeSlow(bound);
  const decoded = decodeHuffman(bytes, start, start + length, target);
  return decoded < 0 ? null : toText(target, 0, decoded);
}

/** Never a slice of a larger string: the table would keep the whole of it alive. */
function toText(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > SHORT) return Buffer.prototype.latin1Slice.call(bytes, from, to);
  let text = "";
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
