// Header blocks as they are sent: RFC 7541 6, with the static table alone. @hot
//
// No line of ours enters the far side's table. So there is no state on a connection, nothing that one request could learn of another
// by the length of a block (7.1), and the same lines are the same bytes on every connection, to be kept and sent again.
//
// What the far side announces as SETTINGS_HEADER_TABLE_SIZE therefore matters once. When it lowers the size below that of the table, our
// next block must begin with an update that obeys (4.2, RFC 9113 4.3.1), and decoders insist on it. Every connection's first block begins
// with an update to 0 (writeNoTable): from then on the table has the smallest size there is, and no announcement asks for another.

import type { Buffer } from "node:buffer";
import type { FieldBlock, Fields } from "../../http/index.ts";
import type { OutBuffer } from "../out-buffer.ts";
import { huffmanLength, writeHuffman } from "./huffman.ts";
import { MAX_INTEGER_BYTES, writeInteger } from "./integer.ts";
import { codeOf, findCode, type NameCode } from "./name-codes.ts";
import { changes, findChange, findRun, isSuspect, keepRun, noteChange } from "./run-cache.ts";
import { STATIC_TABLE } from "./static-table.ts";

const INDEXED = 0x80;
const SIZE_UPDATE = 0x20;
const NEVER_INDEXED = 0x10;
const WITHOUT_INDEXING = 0;
const HUFFMAN = 0x80;
const NAME_MASK = 0x0f;
const LENGTH_MASK = 0x7f;

const STATUS = codeOf(":status");
/** The byte of a status that has a line of its own in the static table; 0 for the others. */
const STATUS_BYTES = new Uint8Array(600);
for (let index = STATUS.index; index <= STATUS.lastIndex; index++) STATUS_BYTES[Number(STATIC_TABLE[index]!.value)] = INDEXED | index;

/** What a line takes at most beyond its name and value. */
const LINE_BYTES = 1 + 2 * MAX_INTEGER_BYTES;
/** Numbers a received field takes in the marks of Fields. */
const STRIDE = 5;
/** From here on the runtime writes text faster than a loop; a call of it has its price. */
const LONG_TEXT = 32;

/** What node:buffer has and its types do not say. */
type LatinBuffer = Buffer & { latin1Write(text: string, offset: number): number };

/** Opens the first block of a connection; see above. */
export function writeNoTable(out: OutBuffer): void {
  out.ensure(1);
  out.bytes[out.length++] = SIZE_UPDATE;
}

export function writeStatus(out: OutBuffer, status: number): void {
  const byte = STATUS_BYTES[status]!;
  if (byte === 0) {
    writeField(out, ":status", String(status), false);
    return;
  }
  out.ensure(1);
  out.bytes[out.length++] = byte;
}

/** One line, a pseudo-field too; `name` is in lower case. Secrets by name are secret without being said to be. */
export function writeField(out: OutBuffer, name: string, value: string, isSecret: boolean): void {
  const code = codeOf(name);
  out.ensure(code.lower.length + value.length + LINE_BYTES);
  out.length = writeCoded(out.bytes as LatinBuffer, out.length, code, isSecret || code.isSecret, value, 0, value.length);
}

/** Every kept line of a message, names in lower case, in the order of Fields.toLines(). */
export function writeFields(out: OutBuffer, fields: Fields): void {
  if (fields.marks.length > 0) writeReceived(out, fields);
  const block = fields.block;
  if (block !== null) out.push(block.hpack ?? encodeBlock(block));
  const added = fields.added;
  if (added === null) return;
  const secrets = fields.secrets;
  for (let i = 0; i < added.length; i += 2) {
    const name = added[i]!;
    writeField(out, name, added[i + 1]!, secrets?.includes(codeOf(name).lower) ?? false);
  }
}

function writeReceived(out: OutBuffer, fields: Fields): void {
  const marks = fields.marks;
  const first = marks[0]!;
  // What follows writes without asking for room again.
  out.ensure(fields.textEnd - (first < 0 ? ~first : first) + (marks.length / STRIDE) * LINE_BYTES);
  let runStart = -1;
  let shape = 0;
  for (let i = 0; i < marks.length; i += STRIDE) {
    const start = marks[i]!;
    const hash = marks[i + 4]!;
    if (start >= 0 && fields.secrets === null && !(isSuspect(hash) && standsApart(fields, i))) {
      if (runStart < 0) {
        runStart = i;
        shape = 0;
      }
      shape = (Math.imul(shape, 31) + hash + marks[i + 3]! - marks[i + 2]!) | 0;
      continue;
    }
    if (runStart >= 0) writeRun(out, fields, runStart, i, shape);
    runStart = -1;
    if (start >= 0) writeLine(out, fields, i);
  }
  if (runStart >= 0) writeRun(out, fields, runStart, marks.length, shape);
}

/** Whether the line is no part of a run: a credential, or something new in each message. */
function standsApart(fields: Fields, mark: number): boolean {
  const marks = fields.marks;
  if (changes(marks[mark + 4]!)) return true;
  return findCode(marks[mark + 4]!, fields.text, marks[mark]!, marks[mark + 1]!)?.isSecret === true;
}

/** The lines at `marks[from, to)`, which stand one behind the other. */
function writeRun(out: OutBuffer, fields: Fields, from: number, to: number, shape: number): void {
  if (to - from === STRIDE) {
    writeLine(out, fields, from);
    return;
  }
  const marks = fields.marks;
  const start = marks[from]!;
  const text = fields.text.slice(start, marks[to - STRIDE + 3]!);
  const known = findRun(shape, text);
  if (known !== null) {
    out.push(known);
    return;
  }
  const change = findChange(shape, text);
  if (change >= 0) {
    let line = from;
    while (line + STRIDE < to && marks[line + STRIDE]! - start <= change) line += STRIDE;
    noteChange(marks[line + 4]!);
  }
  const before = out.length;
  for (let i = from; i < to; i += STRIDE) writeLine(out, fields, i);
  keepRun(shape, text, out.bytes.subarray(before, out.length));
}

function writeLine(out: OutBuffer, fields: Fields, mark: number): void {
  const marks = fields.marks;
  const text = fields.text;
  const bytes = out.bytes as LatinBuffer;
  const start = marks[mark]!;
  const end = marks[mark + 1]!;
  const code = findCode(marks[mark + 4]!, text, start, end);
  const isSecret = code?.isSecret === true || fields.secrets?.includes(text.slice(start, end).toLowerCase()) === true;
  if (code !== null) {
    out.length = writeCoded(bytes, out.length, code, isSecret, text, marks[mark + 2]!, marks[mark + 3]!);
    return;
  }
  bytes[out.length] = isSecret ? NEVER_INDEXED : WITHOUT_INDEXING;
  const at = writeLower(bytes, writeInteger(bytes, out.length + 1, 0, LENGTH_MASK, end - start), text, start, end);
  out.length = writeValue(bytes, at, text, marks[mark + 2]!, marks[mark + 3]!);
}

function writeCoded(bytes: LatinBuffer, at: number, code: NameCode, isSecret: boolean, text: string, from: number, to: number): number {
  if (code.lastIndex > 0 && !isSecret) {
    for (let index = code.index; index <= code.lastIndex; index++) {
      const value = STATIC_TABLE[index]!.value;
      if (value.length !== to - from || !text.startsWith(value, from)) continue;
      bytes[at] = INDEXED | index;
      return at + 1;
    }
  }
  const flags = isSecret ? NEVER_INDEXED : WITHOUT_INDEXING;
  if (code.index > 0) return writeValue(bytes, writeInteger(bytes, at, flags, NAME_MASK, code.index), text, from, to);
  bytes[at] = flags;
  return writeValue(bytes, writeValue(bytes, at + 1, code.lower, 0, code.lower.length), text, from, to);
}

/** A string with its length (5.2), as it is: Huffman coding a value costs more than the few bytes that it saves. */
function writeValue(bytes: LatinBuffer, at: number, text: string, from: number, to: number): number {
  const length = to - from;
  let end = at + 1;
  if (length < LENGTH_MASK) bytes[at] = length;
  else end = writeInteger(bytes, at, 0, LENGTH_MASK, length);
  if (length > LONG_TEXT) return end + bytes.latin1Write(text.slice(from, to), end);
  for (let i = from; i < to; i++) bytes[end++] = text.charCodeAt(i);
  return end;
}

/** The token `text[from, to)` in lower case. */
function writeLower(bytes: LatinBuffer, at: number, text: string, from: number, to: number): number {
  let end = at;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    bytes[end++] = c >= 0x41 && c <= 0x5a ? c + 0x20 : c;
  }
  return end;
}

/** The lines of a block, kept at it: coded once and sent often, so the shorter form pays. */
function encodeBlock(block: FieldBlock): Uint8Array {
  const bytes = new Uint8Array(block.text.length + (block.pairs.length / 2) * LINE_BYTES);
  let at = 0;
  for (let i = 0; i < block.pairs.length; i += 2) {
    const code = codeOf(block.pairs[i]!);
    const flags = code.isSecret ? NEVER_INDEXED : WITHOUT_INDEXING;
    at = writeInteger(bytes, at, flags, NAME_MASK, code.index);
    if (code.index === 0) at = writeShorter(bytes, at, code.lower);
    at = writeShorter(bytes, at, block.pairs[i + 1]!);
  }
  block.hpack = bytes.slice(0, at);
  return block.hpack;
}

/** A string with its length, Huffman coded where that is shorter. */
function writeShorter(bytes: Uint8Array, at: number, text: string): number {
  const coded = huffmanLength(text);
  if (coded < text.length) return writeHuffman(bytes, writeInteger(bytes, at, HUFFMAN, LENGTH_MASK, coded), text);
  let end = writeInteger(bytes, at, 0, LENGTH_MASK, text.length);
  for (let i = 0; i < text.length; i++) bytes[end++] = text.charCodeAt(i);
  return end;
}
