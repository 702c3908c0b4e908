// Reads one message head from bytes: request line or status line, then fields. RFC 9112 2 to 5, by the ABNF and no further. @hot
// It judges syntax only; what the fields mean together (framing, Host, Connection) is request-head.ts and response-head.ts.
//
// One pass over the bytes finds every offset and the folded hash of every name; the block is made a string once, at the end.
// A head that is not complete is parsed again from its start when it is: head-buffer.ts looks for the end of the head in the
// new bytes alone, so that a client that sends byte by byte costs linear work.

import type { FaultDefinition } from "../base/index.ts";
import { Fields, FOLD } from "../http/index.ts";
import * as H1 from "./faults.ts";
import { toLatin1 } from "./latin1.ts";

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const COLON = 0x3a;
const DEL = 0x7f;

/** By byte: 1 where a field value may hold it. HTAB, SP, VCHAR, obs-text (RFC 9110 5.5). */
const VALUE_BYTE = new Uint8Array(256).fill(1, 0x20);
VALUE_BYTE[TAB] = 1;
VALUE_BYTE[DEL] = 0;

/** What parse() returns besides DONE and NEED_MORE is a fault, left in `fault`. */
export const DONE = 0;
export const NEED_MORE = 1;
export const FAULT = 2;

export interface HeadBounds {
  /** Longest start line in bytes, its CRLF not counted. */
  readonly lineBytes: number;
  /** Longest head in bytes, start line and the empty line included. */
  readonly headBytes: number;
  readonly fieldCount: number;
}

/**
 * One parser serves any number of connections one after the other: its results hold until the next parse().
 * Request line: `method SP target SP version`; status line: `version SP status SP reason`. Both are read as three parts.
 */
export class HeadParser {
  fault: FaultDefinition = H1.BAD_REQUEST_LINE;
  /** Offset behind the head in the bytes that were parsed. */
  end = 0;
  fields: Fields = new Fields("");
  /** Request: where the target stands in `fields.text`, which begins with the method. */
  targetStart = 0;
  targetEnd = 0;
  /** 10 or 11. */
  version = 11;
  status = 0;
  reasonEnd = 0;
  readonly #starts: number[] = [];
  readonly #isRequest: boolean;

  constructor(kind: "request" | "response") {
    this.#isRequest = kind === "request";
  }

  /** Parses the head that starts at `from`. On DONE, `end` and the other results are set; on FAULT, `fault` is. */
  parse(bytes: Uint8Array, from: number, to: number, bounds: HeadBounds): number {
    const lineEnd = this.#isRequest ? this.#parseRequestLine(bytes, from, to, bounds) : this.#parseStatusLine(bytes, from, to, bounds);
    if (lineEnd < 0) return this.#unfinished(lineEnd, bytes, from, to, bounds);
    const end = this.#parseFieldLines(bytes, from, lineEnd, to, bounds);
    if (end < 0) return end === -1 && to - from < bounds.headBytes ? NEED_MORE : this.#refuse(end === -1 ? this.#tooLarge() : this.fault);
    if (end - from > bounds.headBytes) return this.#refuse(this.#tooLarge());
    this.end = end;
    return DONE;
  }

  /** Parses a whole trailer section, its empty line included, in `bytes[from, to)`. On DONE `fields` is set. */
  parseTrailers(bytes: Uint8Array, from: number, to: number, bounds: HeadBounds): number {
    const end = this.#parseFieldLines(bytes, from, from, to, bounds);
    return end === to ? DONE : FAULT;
  }

  #refuse(fault: FaultDefinition): number {
    this.fault = fault;
    return FAULT;
  }

  #tooLarge(): FaultDefinition {
    return this.#isRequest ? H1.HEAD_TOO_LARGE : H1.RESPONSE_HEAD_TOO_LARGE;
  }

  /** The start line ran out of bytes (-1) or is malformed (-2); a line over its bound is told apart first. */
  #unfinished(result: number, bytes: Uint8Array, from: number, to: number, bounds: HeadBounds): number {
    let at = from;
    const last = Math.min(to, from + bounds.lineBytes + 1);
    while (at < last && bytes[at] !== LF) at++;
    // A line of just the bound may stand there with its CR, waiting for its LF.
    const isOver = at - from > bounds.lineBytes && !(result === -1 && at === to && bytes[at - 1] === CR);
    if (isOver) return this.#refuse(this.#isRequest ? H1.LINE_TOO_LONG : H1.RESPONSE_HEAD_TOO_LARGE);
    return result === -1 ? NEED_MORE : FAULT;
  }

  /** Returns the offset behind the line's CRLF, -1 for more bytes, -2 with `fault` set. */
  #parseRequestLine(bytes: Uint8Array, from: number, to: number, bounds: HeadBounds): number {
    let at = from;
    while (at < to && FOLD[bytes[at]!] !== 0) at++;
    if (at === to) return -1;
    if (bytes[at] !== SP || at === from) return this.#badLine(bytes[at]!, H1.BAD_REQUEST_LINE);
    const targetStart = ++at;
    // Any visible ASCII here; http/path.ts judges which of them a path may hold.
    while (at < to && bytes[at]! > SP && bytes[at]! < DEL) at++;
    if (at === to) return -1;
    if (bytes[at] !== SP || at === targetStart) return this.#badLine(bytes[at]!, H1.BAD_REQUEST_LINE);
    this.targetStart = targetStart - from;
    this.targetEnd = at - from;
    const end = this.#parseVersion(bytes, at + 1, to, H1.BAD_REQUEST_LINE);
    if (end < 0) return end;
    if (end >= to) return -1;
    if (bytes[end] !== CR) return this.#badLine(bytes[end]!, H1.BAD_REQUEST_LINE);
    if (end - from > bounds.lineBytes) return -2;
    return this.#lineFeed(bytes, end + 1, to, H1.BAD_LINE_END);
  }

  #parseStatusLine(bytes: Uint8Array, from: number, to: number, bounds: HeadBounds): number {
    let at = this.#parseVersion(bytes, from, to, H1.RESPONSE_BAD_STATUS_LINE);
    if (at < 0) return at;
    // RFC 9112 4: the space behind the code is there even when the reason is empty.
    const known = Math.min(to - at, 5);
    for (let i = 0; i < known; i++) if (!isStatusByte(bytes[at + i]!, i)) return this.#bad(H1.RESPONSE_BAD_STATUS_LINE);
    if (known < 5) return -1;
    this.status = (bytes[at + 1]! - 0x30) * 100 + (bytes[at + 2]! - 0x30) * 10 + bytes[at + 3]! - 0x30;
    at += 5;
    while (at < to && VALUE_BYTE[bytes[at]!] === 1) at++;
    if (at === to) return -1;
    if (bytes[at] !== CR || at - from > bounds.lineBytes) return this.#bad(H1.RESPONSE_BAD_STATUS_LINE);
    this.reasonEnd = at - from;
    return this.#lineFeed(bytes, at + 1, to, H1.RESPONSE_BAD_STATUS_LINE);
  }

  /** `HTTP/1.1` or `HTTP/1.0` at `at`; returns the offset behind it. A well-formed other version is told apart (505). */
  #parseVersion(bytes: Uint8Array, at: number, to: number, malformed: FaultDefinition): number {
    if (to - at < 8) {
      for (let i = at; i < to; i++) if (!isVersionByte(bytes[i]!, i - at)) return this.#badLine(bytes[i]!, malformed);
      return -1;
    }
    for (let i = 0; i < 8; i++) if (!isVersionByte(bytes[at + i]!, i)) return this.#badLine(bytes[at + i]!, malformed);
    const minor = bytes[at + 7]!;
    if (bytes[at + 5] !== 0x31 || minor > 0x31) {
      // HTTP/1.2 and above: RFC 9110 2.5 would have us take it for 1.1. Nothing real sends it, and what is behind may differ.
      if (this.#isRequest && at + 8 === to) return -1;
      return this.#bad(this.#isRequest && bytes[at + 8] === CR ? H1.BAD_VERSION : malformed);
    }
    this.version = minor === 0x31 ? 11 : 10;
    return at + 8;
  }

  /** Returns the offset behind the empty line, -1 for more bytes, -2 with `fault` set. */
  #parseFieldLines(bytes: Uint8Array, from: number, start: number, to: number, bounds: HeadBounds): number {
    // Offsets are gathered in a list that is kept between heads: the Fields of a head that is not complete is never made.
    const starts = this.#starts;
    let used = 0;
    let at = start;
    for (;;) {
      if (at >= to) return -1;
      let byte = bytes[at]!;
      if (byte === CR) {
        if (at + 1 >= to) return -1;
        if (bytes[at + 1] !== LF) return this.#bad(this.#lineEndFault());
        break;
      }
      if (used >= bounds.fieldCount * 5) return this.#bad(this.#tooLarge());
      const nameStart = at;
      let hash = 0;
      let last = 0;
      let folded = FOLD[byte]!;
      while (folded !== 0) {
        if (folded !== 0x2d || last !== 0x2d) {
          hash = (Math.imul(hash, 31) + folded) | 0;
          last = folded;
        }
        if (++at >= to) return -1;
        byte = bytes[at]!;
        folded = FOLD[byte]!;
      }
      if (byte !== COLON || at === nameStart) return this.#bad(this.#nameFault(byte, at === nameStart));
      const nameEnd = at++;
      while (at < to && (bytes[at] === SP || bytes[at] === TAB)) at++;
      const valueStart = at;
      while (at < to && VALUE_BYTE[bytes[at]!] === 1) at++;
      if (at + 1 >= to) return at < to && bytes[at] !== CR ? this.#bad(this.#valueFault(bytes[at]!)) : -1;
      if (bytes[at] !== CR) return this.#bad(this.#valueFault(bytes[at]!));
      if (bytes[at + 1] !== LF) return this.#bad(this.#lineEndFault());
      let valueEnd = at;
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === TAB)) valueEnd--;
      starts[used] = nameStart - from;
      starts[used + 1] = nameEnd - from;
      starts[used + 2] = valueStart - from;
      starts[used + 3] = valueEnd - from;
      starts[used + 4] = hash;
      used += 5;
      at += 2;
    }
    const fields = new Fields(toLatin1(bytes, from, at), starts.slice(0, used));
    fields.textEnd = at - from;
    this.fields = fields;
    return at + 2;
  }

  #lineFeed(bytes: Uint8Array, at: number, to: number, fault: FaultDefinition): number {
    if (at >= to) return -1;
    return bytes[at] === LF ? at + 1 : this.#bad(fault);
  }

  #bad(fault: FaultDefinition): number {
    this.fault = fault;
    return -2;
  }

  #badLine(byte: number, fault: FaultDefinition): number {
    return this.#bad(this.#isRequest && (byte === CR || byte === LF) ? H1.BAD_LINE_END : fault);
  }

  #lineEndFault(): FaultDefinition {
    return this.#isRequest ? H1.BAD_LINE_END : H1.RESPONSE_BAD_HEAD;
  }

  #nameFault(byte: number, isFirst: boolean): FaultDefinition {
    if (!this.#isRequest) return H1.RESPONSE_BAD_HEAD;
    if (byte === LF) return H1.BAD_LINE_END;
    if (byte === SP || byte === TAB) return isFirst ? H1.FOLDED_FIELD : H1.SPACE_BEFORE_COLON;
    return H1.BAD_FIELD_NAME;
  }

  #valueFault(byte: number): FaultDefinition {
    if (!this.#isRequest) return H1.RESPONSE_BAD_HEAD;
    return byte === LF ? H1.BAD_LINE_END : H1.BAD_FIELD_VALUE;
  }
}

/** Whether `byte` may stand at that place of `HTTP/d.d` (RFC 9112 2.3; the name is case-sensitive). */
function isVersionByte(byte: number, place: number): boolean {
  if (place === 5 || place === 7) return byte >= 0x30 && byte <= 0x39;
  return byte === "HTTP/1.1".charCodeAt(place);
}

/** Whether `byte` may stand at that place of `SP 3DIGIT SP` (RFC 9112 4), with a code of 100 to 599 (RFC 9110 15). */
function isStatusByte(byte: number, place: number): boolean {
  if (place === 0 || place === 4) return byte === SP;
  return place === 1 ? byte >= 0x31 && byte <= 0x35 : byte >= 0x30 && byte <= 0x39;
}
