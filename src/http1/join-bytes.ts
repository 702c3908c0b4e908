// What a paused connection is given all the same: one or two chunks that were on their way when it paused. @hot

/** What `held` has left from `at` on, with `chunk` behind it. */
export function joinBytes(held: Uint8Array, at: number, chunk: Uint8Array): Uint8Array {
  const left = held.length - at;
  const joined = new Uint8Array(left + chunk.length);
  joined.set(held.subarray(at));
  joined.set(chunk, left);
  return joined;
}
