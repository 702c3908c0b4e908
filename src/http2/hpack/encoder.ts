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

const INDEXED = 0x80;
const SIZE_UPDATE = 0x20;
const NEVER_INDEXED = 0x10;
const WITHOUT_INDEXING = 0;
const HUFFMAN = 0x80;
const NAME_MASK = 0x0f;
const LENGTH_MASK = 0x7f;

const AUTHORITY = 1;
const METHOD_GET = 2;
const METHOD_POST = 3;
const PATH_ROOT = 4;
const SCHEME_HTTP = 6;
const SCHEME_HTTPS = 7;
const STATUS_200 = 8;
const CONTENT_LENGTH = 28;

/** The index of each status that has a line of its own, 0 for the others. */
const STATUS_INDICES = new Uint8Array(600);
STATUS_INDICES[200] = STATUS_200;
STATUS_INDICES[204] = 9;
STATUS_INDICES[206] = 10;
STATUS_INDICES[304] = 11;
STATUS_INDICES[400] = 12;
STATUS_INDICES[404] = 13;
STATUS_INDICES[500] = 14;

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
  const index = STATUS_INDICES[status]!;
  if (index !== 0) writeIndexed(out, index);
  else writeNamed(out, STATUS_200, String(status));
}

export function writeMethod(out: OutBuffer, method: string): void {
  if (method === "POST") writeIndexed(out, METHOD_POST);
  else if (method === "GET") writeIndexed(out, METHOD_GET);
  else writeNamed(out, METHOD_GET, method);
}

export function writeScheme(out: OutBuffer, scheme: "http" | "https"): void {
  writeIndexed(out, scheme === "http" ? SCHEME_HTTP : SCHEME_HTTPS);
}

export function writePath(out: OutBuffer, path: string): void {
  if (path === "/") writeIndexed(out, PATH_ROOT);
  else writeNamed(out, PATH_ROOT, path);
}

export function writeAuthority(out: OutBuffer, authority: string): void {
  writeNamed(out, AUTHORITY, authority);
}

export function writeContentLength(out: OutBuffer, length: number): void {
  writeNamed(out, CONTENT_LENGTH, String(length));
}

/** One line; `name` is in lower case. Secrets by name are secret without being said to be. */
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
  const text = fields.text;
  const secrets = fields.secrets;
  const first = marks[0]!;
  out.ensure(fields.textEnd - (first < 0 ? ~first : first) + (marks.length / STRIDE) * LINE_BYTES);
  const bytes = out.bytes as LatinBuffer;
  let at = out.length;
  for (let i = 0; i < marks.length; i += STRIDE) {
    const start = marks[i]!;
    if (start < 0) continue;
    const end = marks[i + 1]!;
    const code = findCode(marks[i + 4]!, text, start, end);
    const isSecret = code?.isSecret === true || secrets?.includes(text.slice(start, end).toLowerCase()) === true;
    if (code !== null) {
      at = writeCoded(bytes, at, code, isSecret, text, marks[i + 2]!, marks[i + 3]!);
    } else {
      bytes[at] = isSecret ? NEVER_INDEXED : WITHOUT_INDEXING;
      at = writeLower(bytes, writeInteger(bytes, at + 1, 0, LENGTH_MASK, end - start), text, start, end);
      at = writeValue(bytes, at, text, marks[i + 2]!, marks[i + 3]!);
    }
  }
  out.length = at;
}

function writeIndexed(out: OutBuffer, index: number): void {
  out.ensure(1);
  out.bytes[out.length++] = INDEXED | index;
}

function writeNamed(out: OutBuffer, index: number, value: string): void {
  out.ensure(value.length + LINE_BYTES);
  const bytes = out.bytes as LatinBuffer;
  const at = writeInteger(bytes, out.length, WITHOUT_INDEXING, NAME_MASK, index);
  out.length = writeValue(bytes, at, value, 0, value.length);
}

function writeCoded(bytes: LatinBuffer, at: number, code: NameCode, isSecret: boolean, text: string, from: number, to: number): number {
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
