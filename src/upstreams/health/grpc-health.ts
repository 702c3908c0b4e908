// The two messages of grpc.health.v1.Health/Check, by hand: they have one field each.
//
//   message HealthCheckRequest { string service = 1; }
//   message HealthCheckResponse { ServingStatus status = 1; }   UNKNOWN 0, SERVING 1, NOT_SERVING 2, SERVICE_UNKNOWN 3
//
// A field is a varint `number << 3 | wire type` and its value: of wire type 0 a varint, 1 eight bytes, 2 a length and so many bytes,
// 5 four bytes. A field that has its default, 0 or "", is not there at all.

import { Buffer } from "node:buffer";

export const HEALTH_CHECK_PATH = "/grpc.health.v1.Health/Check";

const SERVICE_TAG = (1 << 3) | 2;
const STATUS_FIELD = 1;
const PREFIX_BYTES = 5;
const STATUS_NAMES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** The request with its frame: a byte of flags, four of length, the message. */
export function encodeHealthRequest(service: string): Uint8Array {
  const name = Buffer.from(service, "utf8");
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([SERVICE_TAG, ...toVarint(name.length)]), name]);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** What a framed response says: `SERVING`, another status, or null when it is no such message. */
export function readHealthStatus(body: Uint8Array): string | null {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length < PREFIX_BYTES || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - PREFIX_BYTES) return null;
  const reader = new MessageReader(bytes.subarray(PREFIX_BYTES));
  let status = 0;
  while (!reader.isAtEnd) {
    const tag = reader.readVarint();
    if (tag === null) return null;
    if (tag === STATUS_FIELD << 3) {
      const value = reader.readVarint();
      if (value === null) return null;
      status = value;
    } else if (!reader.skip(tag & 7)) return null;
  }
  return STATUS_NAMES[status] ?? `status ${status}`;
}

class MessageReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Null when it is cut off, or longer than numbers here ever are. */
  readVarint(): number | null {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return null;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return null;
  }

  /** Over a field that we don't know. */
  skip(wireType: number): boolean {
    if (wireType === 0) return this.readVarint() !== null;
    const length = wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? this.readVarint() : null;
    if (length === null || length > this.#bytes.length - this.#at) return false;
    this.#at += length;
    return true;
  }
}

function toVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}
