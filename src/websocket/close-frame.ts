// Close frames of our own (RFC 6455 5.5.1).

/** `reason` is ASCII, 123 characters at most. Frames to a server are masked, those to a client are not. */
export function encodeClose(code: number, reason: string, isMasked: boolean): Uint8Array {
  const length = 2 + reason.length;
  const at = isMasked ? 6 : 2;
  const frame = new Uint8Array(at + length);
  // A mask is to be unpredictable (5.3).
  if (isMasked) crypto.getRandomValues(frame.subarray(2, 6));
  frame[0] = 0x88;
  frame[1] = isMasked ? 0x80 | length : length;
  frame[at] = code >> 8;
  frame[at + 1] = code & 255;
  for (let i = 0; i < reason.length; i++) frame[at + 2 + i] = reason.charCodeAt(i);
  if (isMasked) for (let i = 0; i < length; i++) frame[at + i]! ^= frame[2 + (i & 3)]!;
  return frame;
}
