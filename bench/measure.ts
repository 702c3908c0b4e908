// How the micro-benchmarks of rooms measure: batches of at least 20 ms, the best of nine, the result consumed by the caller.

const ROUNDS = 9;
const BATCH_MS = 20;

/** Prints `name  123 ns`, where `operation` does its thing `operations` times a call. Returns the nanoseconds. */
export function measure(name: string, operation: () => void, operations = 1): number {
  let calls = 1;
  for (let spentMs = 0; spentMs < BATCH_MS; calls *= 2) spentMs = time(operation, calls);
  let bestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) bestMs = Math.min(bestMs, time(operation, calls / 2));
  const nanoseconds = (bestMs * 1e6) / ((calls / 2) * operations);
  console.log(`${name.padEnd(56)} ${nanoseconds.toFixed(nanoseconds < 10 ? 1 : 0).padStart(7)} ns`);
  return nanoseconds;
}

/** Says on what was measured, and shows that nothing was optimised away. */
export function conclude(checksum: number): void {
  console.log(
    `(${process.versions.bun === undefined ? `node ${process.versions.node}` : `bun ${process.versions.bun}`}, checksum ${checksum})`,
  );
}

function time(operation: () => void, calls: number): number {
  const started = performance.now();
  for (let i = 0; i < calls; i++) operation();
  return performance.now() - started;
}
