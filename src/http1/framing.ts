// What the fields of a message say about its frame, on either side: Content-Length, Transfer-Encoding, Connection. @hot
// RFC 9112 6 and 9.3, where a message that two readers may cut in different places is refused, never repaired.
// The framing fields are taken out of the message here: whoever sends it on writes its own.

import type { FaultDefinition } from "../base/index.ts";
import { FIELD, type FieldName, type Fields, FOLD, FoldedNames, isFoldedName, isSameName, UNKNOWN_LENGTH } from "../http/index.ts";

/** Fields that speak of one hop, or of where the message ends. */
export const FRAMING = new FoldedNames([
  FIELD.CONNECTION,
  FIELD.CONTENT_LENGTH,
  FIELD.EXPECT,
  FIELD.HOST,
  FIELD.KEEP_ALIVE,
  FIELD.PROXY_CONNECTION,
  FIELD.TE,
  FIELD.TRAILER,
  FIELD.TRANSFER_ENCODING,
  FIELD.UPGRADE,
]);

/** Names that Connection may not nominate: dropping one would change where the message ends or whom it is for. */
const UNNOMINATED: readonly FieldName[] = [FIELD.CONTENT_LENGTH, FIELD.HOST, FIELD.TRANSFER_ENCODING, FIELD.EXPECT];

/** 10^15 - 1 is below 2^53: the number stays exact. */
const MAX_LENGTH_DIGITS = 15;

/** Which fault to name for what: the client's mistakes are 400 and 501, an upstream's are 502. */
export interface FramingFaults {
  readonly alias: FaultDefinition;
  readonly contentLength: FaultDefinition;
  readonly ambiguous: FaultDefinition;
  readonly transferEncoding: FaultDefinition;
  readonly unknownCoding: FaultDefinition;
  readonly connection: FaultDefinition;
  readonly host: FaultDefinition;
}

/** The outcome of one read(); one instance serves any number of messages one after the other. */
export class Framing {
  /** Content-Length, or -1. */
  contentLength = -1;
  isChunked = false;
  /** Value of Host; null when there is none. */
  host: string | null = null;
  saysClose = false;
  saysKeepAlive = false;
  saysUpgrade = false;
  upgrade: string | null = null;
  expect: string | null = null;
  acceptsTrailers = false;
  /** Seconds of `Keep-Alive: timeout=`, or -1. */
  keepAliveSeconds = -1;
  readonly #faults: FramingFaults;
  #nominates = false;

  constructor(faults: FramingFaults) {
    this.#faults = faults;
  }

  /** Bytes that follow, UNKNOWN_LENGTH for chunked; 0 when neither field is there. */
  get bodyLength(): number {
    if (this.isChunked) return UNKNOWN_LENGTH;
    return Math.max(this.contentLength, 0);
  }

  /** Reads and removes every framing and hop-by-hop field of `fields`; null, or why the message is refused. */
  read(fields: Fields, version: number): FaultDefinition | null {
    this.contentLength = -1;
    this.isChunked = false;
    this.host = null;
    this.saysClose = false;
    this.saysKeepAlive = false;
    this.saysUpgrade = false;
    this.upgrade = null;
    this.expect = null;
    this.acceptsTrailers = false;
    this.keepAliveSeconds = -1;
    const marks = fields.marks;
    const text = fields.text;
    this.#nominates = false;
    for (let i = 0; i < marks.length; i += 5) {
      const name = FRAMING.find(marks[i + 4]!, text, marks[i]!, marks[i + 1]!);
      if (name === null) continue;
      if (!isSameName(text, marks[i]!, marks[i + 1]!, name.lower)) return this.#faults.alias;
      const start = marks[i]!;
      if (name === FIELD.CONNECTION) {
        if (!this.#takeConnection(text, marks, i)) return this.#faults.connection;
        continue;
      }
      const fault = this.#take(name, text, marks[i + 2]!, marks[i + 3]!);
      if (fault !== null) return fault;
      marks[i] = ~start;
    }
    if (this.#nominates) this.#dropNominated(fields);
    if (this.isChunked) {
      if (this.contentLength >= 0) return this.#faults.ambiguous;
      // RFC 9112 6.1: a recipient of HTTP/1.0 with Transfer-Encoding must take the framing for faulty.
      if (version === 10) return this.#faults.transferEncoding;
    }
    return null;
  }

  /** The value is `text[from, to)`; it becomes a string of its own only where one is kept. */
  #take(name: FieldName, text: string, from: number, to: number): FaultDefinition | null {
    switch (name) {
      case FIELD.HOST:
        if (this.host !== null) return this.#faults.host;
        this.host = text.slice(from, to);
        return null;
      case FIELD.CONTENT_LENGTH:
        if (this.contentLength >= 0) return this.#faults.contentLength;
        this.contentLength = parseLength(text, from, to);
        return this.contentLength < 0 ? this.#faults.contentLength : null;
      case FIELD.TRANSFER_ENCODING:
        if (this.isChunked) return this.#faults.transferEncoding;
        this.isChunked = isSameName(text, from, to, "chunked");
        if (this.isChunked) return null;
        return isCoding(text.slice(from, to)) ? this.#faults.unknownCoding : this.#faults.transferEncoding;
      case FIELD.UPGRADE:
        this.upgrade = combine(this.upgrade, text.slice(from, to));
        return null;
      case FIELD.EXPECT:
        this.expect = combine(this.expect, text.slice(from, to));
        return null;
      case FIELD.TE:
        if (isSameName(text, from, to, "trailers")) this.acceptsTrailers = true;
        return null;
      case FIELD.KEEP_ALIVE:
        this.keepAliveSeconds = parseKeepAlive(text.slice(from, to));
        return null;
      default:
        return null;
    }
  }

  /** One Connection line: the usual single option is answered without cutting the value up. */
  #takeConnection(text: string, marks: number[], at: number): boolean {
    const end = marks[at + 3]!;
    let from = marks[at + 2]!;
    if (isSameName(text, from, end, "keep-alive")) this.saysKeepAlive = true;
    else if (isSameName(text, from, end, "close")) this.saysClose = true;
    else {
      // The line stays until every line has been seen: what it names may stand before or behind it.
      this.#nominates = true;
      while (from <= end) {
        let to = text.indexOf(",", from);
        if (to < 0 || to > end) to = end;
        if (!this.#takeOption(trimmed(text, from, to))) return false;
        from = to + 1;
      }
      return true;
    }
    marks[at] = ~marks[at]!;
    return true;
  }

  #takeOption(option: string): boolean {
    const length = option.length;
    if (isSameName(option, 0, length, "close")) this.saysClose = true;
    else if (isSameName(option, 0, length, "keep-alive")) this.saysKeepAlive = true;
    else if (isSameName(option, 0, length, "upgrade")) this.saysUpgrade = true;
    else {
      for (let i = 0; i < length; i++) if (FOLD[option.charCodeAt(i) & 0xff] === 0) return false;
      for (let i = 0; i < UNNOMINATED.length; i++) if (isFoldedName(option, 0, length, UNNOMINATED[i]!.folded)) return false;
    }
    // RFC 9110 5.6.1: empty list elements are ignored.
    return true;
  }

  /** RFC 9110 7.6.1: what Connection names ends here, and Connection itself. */
  #dropNominated(fields: Fields): void {
    const marks = fields.marks;
    const text = fields.text;
    for (let i = 0; i < marks.length; i += 5) {
      if (marks[i]! < 0 || !isSameName(text, marks[i]!, marks[i + 1]!, "connection")) continue;
      const end = marks[i + 3]!;
      for (let from = marks[i + 2]!; from < end; ) {
        let to = text.indexOf(",", from);
        if (to < 0 || to > end) to = end;
        const option = trimmed(text, from, to);
        if (option !== "") fields.removeNominated(option, 0, option.length);
        from = to + 1;
      }
      if (marks[i]! >= 0) marks[i] = ~marks[i]!;
    }
  }
}

/** Whether any line of a trailer section is, in any spelling, a field that speaks of the message's frame (RFC 9110 6.5.1). */
export function holdsFraming(fields: Fields): boolean {
  const marks = fields.marks;
  for (let i = 0; i < marks.length; i += 5) if (FRAMING.find(marks[i + 4]!, fields.text, marks[i]!, marks[i + 1]!) !== null) return true;
  return false;
}

function trimmed(text: string, from: number, to: number): string {
  while (from < to && (text.charCodeAt(from) === 0x20 || text.charCodeAt(from) === 0x09)) from++;
  while (to > from && (text.charCodeAt(to - 1) === 0x20 || text.charCodeAt(to - 1) === 0x09)) to--;
  return text.slice(from, to);
}

function combine(before: string | null, value: string): string {
  return before === null ? value : `${before}, ${value}`;
}

/** RFC 9110 8.6: 1*DIGIT; -1 for anything else, lists included. */
export function parseLength(text: string, from: number, to: number): number {
  if (from === to || to - from > MAX_LENGTH_DIGITS) return -1;
  let length = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}

/** Codings of RFC 9112 7 that a sender may mean in earnest; whatever else is garbage and is told apart (400 against 501). */
function isCoding(value: string): boolean {
  for (let from = 0; from <= value.length; ) {
    let to = value.indexOf(",", from);
    if (to < 0) to = value.length;
    const coding = trimmed(value, from, to).toLowerCase();
    if (coding === "" || (coding === "chunked" && to < value.length)) return false;
    for (let i = 0; i < coding.length; i++) if (FOLD[coding.charCodeAt(i) & 0xff] === 0) return false;
    from = to + 1;
  }
  return true;
}

/** `timeout=5` anywhere in the value; upstreams tell so when they will close an idle connection. */
function parseKeepAlive(value: string): number {
  const at = value.indexOf("timeout=");
  if (at < 0) return -1;
  let seconds = 0;
  let i = at + 8;
  for (; i < value.length && i < at + 14; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) break;
    seconds = seconds * 10 + digit;
  }
  return i === at + 8 ? -1 : seconds;
}
