// HTTP/2 frames by hand (RFC 9113 4 and 6), for tests that send what no good client does. None of the gateway's own code: a second
// reading of the same text.

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

/** Of DATA and HEADERS; the same bit is ACK of SETTINGS and PING. */
export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const PRIORITY_FLAG = 0x20;

export const SETTINGS_HEADER_TABLE_SIZE = 0x1;
export const SETTINGS_ENABLE_PUSH = 0x2;
export const SETTINGS_MAX_CONCURRENT_STREAMS = 0x3;
export const SETTINGS_INITIAL_WINDOW_SIZE = 0x4;
export const SETTINGS_MAX_FRAME_SIZE = 0x5;
export const SETTINGS_MAX_HEADER_LIST_SIZE = 0x6;
export const SETTINGS_ENABLE_CONNECT_PROTOCOL = 0x8;

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const HEAD_BYTES = 9;

export interface H2Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** Any frame; `length` may lie about the payload. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array, length = payload.length): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + payload.length);
  bytes.writeUIntBE(length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId >>> 0, 5);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

/** Pairs of identifier and value, in this order. */
export function settings(...pairs: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(pairs.length * 6);
  pairs.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value >>> 0, index * 6 + 2);
  });
  return frame(SETTINGS, 0, 0, payload);
}

export function settingsAck(): Buffer {
  return frame(SETTINGS, ACK, 0, Buffer.alloc(0));
}

export function ping(data = "12345678", flags = 0): Buffer {
  return frame(PING, flags, 0, Buffer.from(data, "latin1"));
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return frame(WINDOW_UPDATE, 0, streamId, uint32(increment));
}

export function rstStream(streamId: number, code: number): Buffer {
  return frame(RST_STREAM, 0, streamId, uint32(code));
}

export function goAway(lastStreamId: number, code: number, debug = ""): Buffer {
  return frame(GOAWAY, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code), Buffer.from(debug, "latin1")]));
}

export function priority(streamId: number, dependsOn: number, weight = 16): Buffer {
  return frame(PRIORITY, 0, streamId, Buffer.concat([uint32(dependsOn), Buffer.from([weight - 1])]));
}

/** A whole header block in one frame. */
export function headers(streamId: number, block: Uint8Array, flags = 0): Buffer {
  return frame(HEADERS, END_HEADERS | flags, streamId, block);
}

export function continuation(streamId: number, block: Uint8Array, flags = 0): Buffer {
  return frame(CONTINUATION, flags, streamId, block);
}

export function data(streamId: number, bytes: Uint8Array | string, flags = 0): Buffer {
  return frame(DATA, flags, streamId, typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** Cuts what arrives into frames. */
export class H2FrameReader {
  #rest = Buffer.alloc(0);

  push(chunk: Uint8Array): H2Frame[] {
    let bytes = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const frames: H2Frame[] = [];
    while (bytes.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + bytes.readUIntBE(0, 3);
      if (bytes.length < end) break;
      frames.push({
        type: bytes.readUInt8(3),
        flags: bytes.readUInt8(4),
        streamId: bytes.readUInt32BE(5) & 0x7fffffff,
        payload: bytes.subarray(HEAD_BYTES, end),
      });
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return frames;
  }
}

/** What DATA and HEADERS carry, without padding and priority. */
export function unpadded({ type, flags, payload }: H2Frame): Buffer {
  let from = 0;
  let to = payload.length;
  if ((flags & PADDED) !== 0) {
    from = 1;
    to -= payload.readUInt8(0);
  }
  if (type === HEADERS && (flags & PRIORITY_FLAG) !== 0) from += 5;
  if (from > to) throw new Error("more padding than frame");
  return payload.subarray(from, to);
}
