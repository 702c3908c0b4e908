// Content that is passed on in frames of the size in which it came. Before it, in the memory in which it arrived, stands the head of its
// frame, of which nobody knows anything any more: whoever sends it on writes his own head there, and neighbours leave in one write
// without a byte of them being copied. @hot

/** Below this a copy costs less than a view does. */
export const LEAST_FRAMED_BYTES = 4096;

const framed = new WeakSet<Uint8Array>();

/** The content `bytes[from, to)` with which a frame begins: its head stands right before it. */
export function cutFramed(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const piece = bytes.subarray(from, to);
  framed.add(piece);
  return piece;
}

/** Whether the nine bytes before the piece are free to be written. True once: there is one place for one head. */
export function takeFraming(piece: Uint8Array): boolean {
  return framed.delete(piece);
}
