// WebSocket frames written and read plainly, for tests.

const MASK = [0x37, 0xfa, 0x21, 0x3d];

/** One frame; each character of `payload` is one byte. */
export function frame(first: number, payload: string, isMasked = false): Uint8Array {
  const { length } = payload;
  const mask = isMasked ? 0x80 : 0;
  const head =
    length < 126
      ? [mask | length]
      : length < 65_536
        ? [mask | 126, length >> 8, length & 255]
        : [mask | 127, 0, 0, 0, 0, ...bytesOf(length)];
  const bytes = Buffer.from(payload, "latin1");
  if (isMasked) for (let i = 0; i < length; i++) bytes[i] = bytes[i]! ^ MASK[i % 4]!;
  return Buffer.concat([Uint8Array.of(first, ...head, ...(isMasked ? MASK : [])), bytes]);
}

export interface ReadFrame {
  readonly first: number;
  readonly payload: string;
  readonly isMasked: boolean;
}

/** Every frame of a text whose characters are bytes; throws when it does not end with one. */
export function readFrames(text: string): ReadFrame[] {
  const bytes = Buffer.from(text, "latin1");
  const frames: ReadFrame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const isMasked = bytes[at + 1]! >= 0x80;
    const short = bytes[at + 1]! & 127;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const length = lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const maskAt = at + 2 + lengthBytes;
    const from = maskAt + (isMasked ? 4 : 0);
    if (from + length > bytes.length) throw new Error("a frame is cut off");
    const payload = Buffer.from(bytes.subarray(from, from + length));
    if (isMasked) for (let i = 0; i < length; i++) payload[i] = payload[i]! ^ bytes[maskAt + (i % 4)]!;
    frames.push({ first: bytes[at]!, payload: payload.toString("latin1"), isMasked });
    at = from + length;
  }
  return frames;
}

function bytesOf(length: number): number[] {
  return [length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
}
