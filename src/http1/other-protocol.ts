// What an upstream speaks that begins with anything but a status line, for its operator.

/** SETTINGS, the first frame that a server of HTTP/2 sends (RFC 9113 3.4), on stream 0. */
const SETTINGS = 4;
const FRAME_HEAD = 9;
const ALERT = 0x15;
const TLS_MAJOR = 3;

/** Words for a detail; empty where nothing is known. */
export function describeOther(bytes: Uint8Array, from: number): string {
  const [first, second, , type] = bytes.subarray(from, from + FRAME_HEAD);
  if (first === ALERT && second === TLS_MAJOR) return ": it speaks TLS";
  const isSettings = first === 0 && second === 0 && type === SETTINGS && bytes.length - from >= FRAME_HEAD;
  return isSettings && bytes.subarray(from + 5, from + FRAME_HEAD).every((byte) => byte === 0) ? ": it speaks HTTP/2" : "";
}
