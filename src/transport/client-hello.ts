// Reads what a TLS client asks for (name and protocols) out of its first bytes, before any TLS library has seen them. It only
// looks: whether the rest of the message is sound is the library's to judge. Bytes as they come from anybody, so strict and bounded.

/** Alerts of RFC 8446, 6.2 that a server sends by itself. */
export const ALERT = {
  unexpectedMessage: 10,
  decodeError: 50,
  internalError: 80,
  unrecognizedName: 112,
  noApplicationProtocol: 120,
} as const;

export interface ClientHello {
  /** Lower case; "" when the client gave none. Otherwise as it was sent: a dot at its end is kept. */
  readonly serverName: string;
  /** The ALPN names offered, in order; empty when it offered none. */
  readonly protocols: readonly string[];
}

/** What is wrong, in words, and the alert that says so to the client. */
export interface HelloFault {
  readonly alert: number;
  readonly words: string;
}

/** The largest hello that is read. The largest seen in the wild, with post-quantum keys and a ticket, have less than 4 KiB. */
export const MAX_HELLO_BYTES = 16_384;

/**
 * Records that a hello may be cut into. One is usual; some clients cut the name in two. Every chunk that arrives reads them all anew, so that
 * records of one byte each would cost a hundred times what they cost to send.
 */
export const MAX_HELLO_RECORDS = 64;

const HANDSHAKE_RECORD = 22;
const RECORD_HEAD = 5;
const MAX_RECORD = 16_384;
const MESSAGE_HEAD = 4;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;
const MAX_NAME = 255;

const NOT_TLS: HelloFault = { alert: ALERT.unexpectedMessage, words: "the first bytes are not a TLS handshake" };
const PLAIN_HTTP: HelloFault = { alert: ALERT.unexpectedMessage, words: "plain HTTP where TLS is spoken" };
const MALFORMED: HelloFault = { alert: ALERT.decodeError, words: "the ClientHello is malformed" };
const TOO_LARGE: HelloFault = { alert: ALERT.decodeError, words: `the ClientHello has more than ${MAX_HELLO_BYTES} bytes` };
const TOO_MANY: HelloFault = { alert: ALERT.decodeError, words: `the ClientHello has more than ${MAX_HELLO_RECORDS} records` };
const BAD_NAME: HelloFault = { alert: ALERT.unrecognizedName, words: "the name asked for is not a host name" };

/** The hello in the first bytes of a connection, what is wrong with it, or null while more bytes are needed. */
export function readClientHello(bytes: Uint8Array): ClientHello | HelloFault | null {
  if (bytes.length > 0 && bytes[0] !== HANDSHAKE_RECORD) return looksLikeHttp(bytes) ? PLAIN_HTTP : NOT_TLS;
  if (bytes.length > 1 && bytes[1] !== 3) return NOT_TLS;
  const message = joinRecords(bytes);
  if (message === null || "alert" in message) return message;
  try {
    return readMessage(new Reader(message));
  } catch (error) {
    if (error === MALFORMED) return MALFORMED;
    if (error === BAD_NAME) return BAD_NAME;
    throw error;
  }
}

/** A fatal alert as a record of its own, for a handshake that no library has begun. */
export function toAlertRecord(alert: number): Uint8Array {
  return Uint8Array.of(21, 3, 1, 0, 2, 2, alert);
}

function looksLikeHttp(bytes: Uint8Array): boolean {
  // A method's first letter.
  const first = bytes[0] as number;
  return first >= 0x41 && first <= 0x5a;
}

/** The body of the handshake message that the records carry, which may be cut anywhere; null while it is not whole. */
function joinRecords(bytes: Uint8Array): Uint8Array | HelloFault | null {
  const parts: Uint8Array[] = [];
  let held = 0;
  let needed = MESSAGE_HEAD;
  for (let at = 0; held < needed; ) {
    if (parts.length === MAX_HELLO_RECORDS) return TOO_MANY;
    if (bytes.length < at + RECORD_HEAD) return null;
    const length = ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number);
    if (bytes[at] !== HANDSHAKE_RECORD || bytes[at + 1] !== 3 || length === 0 || length > MAX_RECORD) return MALFORMED;
    const part = bytes.subarray(at + RECORD_HEAD, at + RECORD_HEAD + length);
    parts.push(part);
    held += part.length;
    if (held >= MESSAGE_HEAD && needed === MESSAGE_HEAD) {
      const head = Buffer.concat(parts).subarray(0, MESSAGE_HEAD);
      if (head[0] !== CLIENT_HELLO) return NOT_TLS;
      needed += head.readUIntBE(1, 3);
      if (needed > MAX_HELLO_BYTES) return TOO_LARGE;
    }
    if (held < needed && part.length < length) return null;
    at += RECORD_HEAD + length;
  }
  return Buffer.concat(parts).subarray(MESSAGE_HEAD, needed);
}

function readMessage(reader: Reader): ClientHello {
  reader.skip(34);
  reader.take(reader.u8());
  reader.take(reader.u16());
  reader.take(reader.u8());
  let serverName: string | null = null;
  let protocols: string[] | null = null;
  if (!reader.isDone()) {
    const extensions = reader.take(reader.u16());
    while (!extensions.isDone()) {
      const type = extensions.u16();
      const content = extensions.take(extensions.u16());
      // Twice the same would let two readers see two names.
      if (type === SERVER_NAME) {
        if (serverName !== null) throw MALFORMED;
        serverName = readServerName(content);
      } else if (type === ALPN) {
        if (protocols !== null) throw MALFORMED;
        protocols = readProtocols(content);
      }
    }
  }
  if (!reader.isDone()) throw MALFORMED;
  return { serverName: serverName ?? "", protocols: protocols ?? [] };
}

function readServerName(content: Reader): string {
  const list = content.take(content.u16());
  if (!content.isDone() || list.u8() !== 0) throw MALFORMED;
  const name = list.take(list.u16());
  // More than one name has had no meaning since RFC 6066.
  if (!list.isDone()) throw MALFORMED;
  return name.hostName();
}

function readProtocols(content: Reader): string[] {
  const list = content.take(content.u16());
  if (!content.isDone() || list.isDone()) throw MALFORMED;
  const protocols: string[] = [];
  while (!list.isDone()) {
    const name = list.take(list.u8()).latin1();
    if (name === "") throw MALFORMED;
    protocols.push(name);
  }
  return protocols;
}

/** A cursor that throws MALFORMED where bytes are missing. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  isDone(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw MALFORMED;
    this.#at += 1;
    return value;
  }

  u16(): number {
    return (this.u8() << 8) | this.u8();
  }

  skip(length: number): void {
    this.take(length);
  }

  take(length: number): Reader {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw MALFORMED;
    const part = new Reader(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return part;
  }

  latin1(): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length).toString("latin1");
  }

  hostName(): string {
    const bytes = this.#bytes;
    if (bytes.length === 0 || bytes.length > MAX_NAME) throw BAD_NAME;
    for (const byte of bytes) if (byte <= 0x20 || byte >= 0x7f) throw BAD_NAME;
    return this.latin1().toLowerCase();
  }
}
