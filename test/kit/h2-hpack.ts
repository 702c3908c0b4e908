// HPACK by hand (RFC 7541) for tests: an encoder that writes literals as told, well formed or not, and a whole decoder that shares no
// code with the gateway's.

export type H2Field = readonly [name: string, value: string];

/** 6.2: how a literal is to be kept by who reads it. */
export const INCREMENTAL = 0x40;
export const WITHOUT_INDEXING = 0x00;
export const NEVER_INDEXED = 0x10;

/** An integer behind `first`, the bits above its prefix (5.1). */
export function integer(first: number, prefixBits: number, value: number): Buffer {
  const most = (1 << prefixBits) - 1;
  if (value < most) return Buffer.from([first | value]);
  const bytes = [first | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(0x80 | (rest % 128));
  bytes.push(rest);
  return Buffer.from(bytes);
}

function text(latin1: string): Buffer {
  const bytes = Buffer.from(latin1, "latin1");
  return Buffer.concat([integer(0, 7, bytes.length), bytes]);
}

/** One literal with its name spelled out, any bytes. */
export function literal(name: string, value: string, kind: number = WITHOUT_INDEXING): Buffer {
  return Buffer.concat([Buffer.from([kind]), text(name), text(value)]);
}

/** A field by its number in both tables (6.1). */
export function indexed(index: number): Buffer {
  return integer(0x80, 7, index);
}

export function block(fields: readonly H2Field[], kind: number = WITHOUT_INDEXING): Buffer {
  return Buffer.concat(fields.map(([name, value]) => literal(name, value, kind)));
}

const STATIC_NAMES =
  ":authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|:status 204|:status 206|:status 304|" +
  ":status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate|accept-language|accept-ranges|accept|" +
  "access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|content-encoding|content-language|content-length|" +
  "content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|" +
  "if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|" +
  "server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate";

const STATIC_TABLE: readonly H2Field[] = STATIC_NAMES.split("|").map((line) => {
  const space = line.indexOf(" ");
  return space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
});

// Appendix B is a canonical code: the lengths of symbols 0 to 255 and of EOS say all of it.
const LENGTHS = [
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  ...[6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
  ...[13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
  ...[20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
  ...[22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  ...[26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
  ...[20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
  30,
];
const EOS = 256;

/** Symbols by `length * 2^30 + code`. */
const SYMBOLS = new Map<number, number>();
{
  let code = 0;
  for (let length = 1; length <= 30; length++) {
    LENGTHS.forEach((bits, symbol) => {
      if (bits === length) SYMBOLS.set(length * 2 ** 30 + code++, symbol);
    });
    code *= 2;
  }
}

export function decodeHuffman(bytes: Uint8Array): string {
  let decoded = "";
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length++;
      const symbol = SYMBOLS.get(length * 2 ** 30 + code);
      if (symbol === EOS || length > 30) throw new Error("EOS, or no code, in a Huffman string");
      if (symbol === undefined) continue;
      decoded += String.fromCharCode(symbol);
      code = length = 0;
    }
  }
  if (length > 7 || code !== 2 ** length - 1) throw new Error("wrong padding behind a Huffman string");
  return decoded;
}

const ENTRY_OVERHEAD = 32;

/** Header blocks of one direction of one connection, in their order. Throws at what RFC 7541 calls an error. */
export class H2HpackDecoder {
  readonly #table: H2Field[] = [];
  #tableBytes = 0;
  #maxBytes: number;
  readonly #limit: number;

  constructor(limit = 4096) {
    this.#limit = limit;
    this.#maxBytes = limit;
  }

  decode(bytes: Uint8Array): H2Field[] {
    const cursor = new Cursor(bytes);
    const fields: H2Field[] = [];
    while (!cursor.isDone) {
      const first = cursor.peek();
      if ((first & 0x80) !== 0) fields.push(this.#entry(cursor.integer(7)));
      else if ((first & 0xe0) === 0x20) {
        if (fields.length > 0) throw new Error("a size update inside a block");
        this.#resize(cursor.integer(5));
      } else {
        const isKept = (first & 0x40) !== 0;
        const index = cursor.integer(isKept ? 6 : 4);
        const name = index === 0 ? cursor.text() : this.#entry(index)[0];
        const field: H2Field = [name, cursor.text()];
        fields.push(field);
        if (isKept) this.#keep(field);
      }
    }
    return fields;
  }

  #entry(index: number): H2Field {
    const entry = index <= STATIC_TABLE.length ? STATIC_TABLE[index - 1] : this.#table[index - STATIC_TABLE.length - 1];
    if (entry === undefined) throw new Error(`there is no entry ${index}`);
    return entry;
  }

  #keep(field: H2Field): void {
    this.#table.unshift(field);
    this.#tableBytes += sizeOf(field);
    this.#evict();
  }

  #resize(bytes: number): void {
    if (bytes > this.#limit) throw new Error(`a table of ${bytes} bytes, ${this.#limit} at most`);
    this.#maxBytes = bytes;
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#maxBytes) {
      const last = this.#table.pop();
      if (last === undefined) break;
      this.#tableBytes -= sizeOf(last);
    }
  }
}

function sizeOf([name, value]: H2Field): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}

class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error("a header block ends within a field");
    return byte;
  }

  #take(): number {
    const byte = this.peek();
    this.#at++;
    return byte;
  }

  integer(prefixBits: number): number {
    const most = (1 << prefixBits) - 1;
    let value = this.#take() & most;
    if (value < most) return value;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#take();
      value += (byte & 0x7f) * scale;
      if (value > 2 ** 32) throw new Error("an integer without end");
      if ((byte & 0x80) === 0) return value;
    }
  }

  text(): string {
    const isHuffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const to = this.#at + length;
    if (to > this.#bytes.length) throw new Error("a text ends behind its block");
    const bytes = this.#bytes.subarray(this.#at, to);
    this.#at = to;
    return isHuffman ? decodeHuffman(bytes) : Buffer.from(bytes).toString("latin1");
  }
}
