// A reader of DER (X.690 10 and 11), strict: definite lengths in their shortest form, low tag numbers, nothing that points outside of its
// parent. Enough for certificates and revocation lists; not an ASN.1 compiler and no writer. Whatever is wrong is a DerFault, which
// never leaves this room: whoever begins to read catches it.

export class DerFault extends Error {
  override readonly name = "DerFault";
}

export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  ENUMERATED: 0x0a,
  UTF8_STRING: 0x0c,
  SEQUENCE: 0x30,
  SET: 0x31,
  PRINTABLE_STRING: 0x13,
  TELETEX_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  BMP_STRING: 0x1e,
} as const;

/** `[n]`, constructed when it holds other values. */
export function contextTag(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

export interface DerValue {
  readonly tag: number;
  /** Without tag and length; a view. */
  readonly content: Uint8Array;
  /** With tag and length; a view. */
  readonly whole: Uint8Array;
}

/** Reads the values that stand one behind the other in some bytes. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #end = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The tag of the next value; -1 at the end. */
  get nextTag(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  read(tag: number): DerValue {
    if (this.nextTag !== tag) throw new DerFault(`tag ${this.nextTag} where ${tag} belongs`);
    return this.readAny();
  }

  readOptional(tag: number): DerValue | null {
    return this.nextTag === tag ? this.readAny() : null;
  }

  /** What is inside of the next value, which has this tag. */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag).content);
  }

  readAny(): DerValue {
    const start = this.#at;
    const tag = this.nextTag;
    const contentAt = this.#readHeader();
    const content = this.#bytes.subarray(contentAt, this.#end);
    this.#at = this.#end;
    return { tag, content, whole: this.#bytes.subarray(start, this.#end) };
  }

  /** Goes into the next value instead of over it, and returns where it ends, to be compared with `at`: for long lists of small values. */
  open(tag: number): number {
    if (this.nextTag !== tag) throw new DerFault(`tag ${this.nextTag} where ${tag} belongs`);
    this.#at = this.#readHeader();
    return this.#end;
  }

  /** Goes over the next value. */
  skip(): void {
    this.#readHeader();
    this.#at = this.#end;
  }

  /** Goes on at the end that open() gave. */
  jump(end: number): void {
    this.#at = end;
  }

  get at(): number {
    return this.#at;
  }

  /** Reads the header of the next value: returns where its content begins, and #end is where it ends. */
  #readHeader(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    const tag = this.#byteAt(at++);
    if ((tag & 0x1f) === 0x1f) throw new DerFault("a tag number above 30");
    let length = this.#byteAt(at++);
    if (length >= 0x80) {
      const count = length & 0x7f;
      // 0x80 is the indefinite form. Four bytes hold more than any file that we read.
      if (count === 0 || count > 4) throw new DerFault("a length in a form that DER has not");
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + this.#byteAt(at++);
      if (length < 0x80 || length < 256 ** (count - 1)) throw new DerFault("a length that is not in its shortest form");
    }
    this.#end = at + length;
    if (this.#end > bytes.length) throw new DerFault("a value that is cut off");
    return at;
  }

  expectEnd(): void {
    if (!this.isAtEnd) throw new DerFault("something behind the last value");
  }

  #byteAt(at: number): number {
    const byte = this.#bytes[at];
    if (byte === undefined) throw new DerFault("a value that is cut off");
    return byte;
  }
}

export function readBoolean(content: Uint8Array): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerFault("a boolean that is neither 0 nor 255");
  return content[0] === 0xff;
}

/** An integer's bytes in lower-case hexadecimal, without leading zeros: as serial numbers are compared. `-` in front of a negative one. */
export function readIntegerHex(content: Uint8Array): string {
  const [first, second] = content;
  if (first === undefined) throw new DerFault("an integer without a byte");
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    throw new DerFault("an integer that is not in its shortest form");
  if (first >= 0x80) return `-${toHex(content)}`;
  return first === 0 && second !== undefined ? toHex(content.subarray(1)) : toHex(content);
}

/** `2.5.29.17`. */
export function readOid(content: Uint8Array): string {
  const parts: number[] = [];
  let part = 0;
  let isInside = false;
  for (const byte of content) {
    if (!isInside && byte === 0x80) throw new DerFault("an object identifier with leading zeros");
    part = part * 128 + (byte & 0x7f);
    if (part > Number.MAX_SAFE_INTEGER / 128) throw new DerFault("an object identifier with a number too large");
    isInside = byte >= 0x80;
    if (isInside) continue;
    if (parts.length === 0) {
      const first = Math.min(2, Math.floor(part / 40));
      parts.push(first, part - 40 * first);
    } else parts.push(part);
    part = 0;
  }
  if (isInside || parts.length === 0) throw new DerFault("an object identifier that is cut off");
  return parts.join(".");
}

const UTC_TIME = /^([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z$/;
const GENERALIZED_TIME = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z$/;

/** Milliseconds since the epoch, of the two forms that RFC 5280 4.1.2.5 allows. */
export function readTime({ tag, content }: DerValue): number {
  const pattern = tag === TAG.UTC_TIME ? UTC_TIME : tag === TAG.GENERALIZED_TIME ? GENERALIZED_TIME : null;
  const parts = pattern?.exec(readAscii(content));
  if (parts === null || parts === undefined) throw new DerFault("a time in a form that certificates have not");
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(tag === TAG.GENERALIZED_TIME ? year : year < 50 ? 2000 + year : 1900 + year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59)
    throw new DerFault("a time that no calendar has");
  return date.getTime();
}

/** Printable ASCII alone: a NUL, a line's end or a byte above in a name is an attempt to look like another one. */
export function readAscii(content: Uint8Array): string {
  for (const byte of content) if (byte < 0x20 || byte > 0x7e) throw new DerFault("a character that is not printable ASCII");
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("latin1");
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
