// RFC 9113 4 and 6: kinds of frames, their flags, and how the small ones are written. @hot

import type { OutBuffer } from "../out-buffer.ts";

export const DATA = 0x0;
export const HEADERS = 0x1;
export const PRIORITY = 0x2;
export const RST_STREAM = 0x3;
export const SETTINGS = 0x4;
export const PUSH_PROMISE = 0x5;
export const PING = 0x6;
export const GOAWAY = 0x7;
export const WINDOW_UPDATE = 0x8;
export const CONTINUATION = 0x9;
/** RFC 9218 7.1. */
export const PRIORITY_UPDATE = 0x10;

export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const HAS_PRIORITY = 0x20;

export const FRAME_HEAD_BYTES = 9;
/** What we take; RFC 9113 4.2 lets nobody go below. */
export const MAX_FRAME_BYTES = 16_384;
export const MAX_WINDOW = 0x7fffffff;
export const DEFAULT_WINDOW = 65_535;

export const PREFACE = Uint8Array.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (c) => c.charCodeAt(0));

/** Settings, RFC 9113 6.5.2, RFC 8441 3, RFC 9218 2.1. */
export const HEADER_TABLE_SIZE = 0x1;
export const ENABLE_PUSH = 0x2;
export const MAX_CONCURRENT_STREAMS = 0x3;
export const INITIAL_WINDOW_SIZE = 0x4;
export const MAX_FRAME_SIZE = 0x5;
export const MAX_HEADER_LIST_SIZE = 0x6;
export const ENABLE_CONNECT_PROTOCOL = 0x8;
export const NO_RFC7540_PRIORITIES = 0x9;

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** The head of a frame at `at`, where room has been made. */
export function putFrameHead(bytes: Uint8Array, at: number, length: number, type: number, flags: number, id: number): void {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  putUint32(bytes, at + 5, id);
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** A frame whose payload is one number: RST_STREAM and its code, WINDOW_UPDATE and its step. */
export function writeNumberFrame(out: OutBuffer, type: number, id: number, value: number): void {
  out.ensure(FRAME_HEAD_BYTES + 4);
  putFrameHead(out.bytes, out.length, 4, type, 0, id);
  putUint32(out.bytes, out.length + FRAME_HEAD_BYTES, value);
  out.length += FRAME_HEAD_BYTES + 4;
}

export function writeGoaway(out: OutBuffer, lastId: number, code: number): void {
  out.ensure(FRAME_HEAD_BYTES + 8);
  putFrameHead(out.bytes, out.length, 8, GOAWAY, 0, 0);
  putUint32(out.bytes, out.length + FRAME_HEAD_BYTES, lastId);
  putUint32(out.bytes, out.length + FRAME_HEAD_BYTES + 4, code);
  out.length += FRAME_HEAD_BYTES + 8;
}

/** `payload[from, from + 8)` is what a ping carries. */
export function writePing(out: OutBuffer, flags: number, payload: Uint8Array, from: number): void {
  out.ensure(FRAME_HEAD_BYTES + 8);
  putFrameHead(out.bytes, out.length, 8, PING, flags, 0);
  for (let i = 0; i < 8; i++) out.bytes[out.length + FRAME_HEAD_BYTES + i] = payload[from + i]!;
  out.length += FRAME_HEAD_BYTES + 8;
}

/** `pairs` is id value id value …; none makes an acknowledgement. */
export function writeSettings(out: OutBuffer, pairs: readonly number[] | null): void {
  const length = pairs === null ? 0 : pairs.length * 3;
  out.ensure(FRAME_HEAD_BYTES + length);
  putFrameHead(out.bytes, out.length, length, SETTINGS, pairs === null ? ACK : 0, 0);
  let at = out.length + FRAME_HEAD_BYTES;
  if (pairs !== null) {
    for (let i = 0; i < pairs.length; i += 2) {
      out.bytes[at] = pairs[i]! >>> 8;
      out.bytes[at + 1] = pairs[i]!;
      putUint32(out.bytes, at + 2, pairs[i + 1]!);
      at += 6;
    }
  }
  out.length = at;
}
