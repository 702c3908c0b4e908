// The clock that all processes of a machine share and that only goes forward. performance.now() is for everything inside one process.
import { loadLibc } from "./libc.ts";

/** Microseconds of CLOCK_MONOTONIC. On Node process.hrtime() is that clock; on Bun it counts from the start of the process. */
export async function readMonotonicMicros(): Promise<bigint> {
  if (process.versions.bun === undefined) return process.hrtime.bigint() / 1000n;
  return (await loadLibc()).monotonicMicros();
}
