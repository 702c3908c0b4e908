// What stall-probe.ts has written down of the workers of a gateway.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PROBE = fileURLToPath(new URL("./stall-probe.ts", import.meta.url));

/** For `skip`: why the probe can't measure here, else false. */
export function cannotMeasureStalls(): string | false {
  return existsSync("/proc/self/schedstat") ? false : "the system does not tell a thread's time on a processor (/proc/self/schedstat)";
}

/** For the environment of a gateway. */
export function stallEnvironment(folder: string): Record<string, string> {
  return { SALLYPORT_STALL_FOLDER: folder, NODE_OPTIONS: `--import=${PROBE}`, BUN_OPTIONS: `--preload=${PROBE}` };
}

/** Milliseconds that the loop of a worker stood still at a time, those of `fromMs` or later (of the system's clock). */
export function readStalls(folder: string, pid: number, fromMs: number): number[] {
  const file = `${folder}/stalls-${pid}`;
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "latin1").trim().split("\n");
  return lines.map((line) => line.split(" ").map(Number)).flatMap(([atMs = 0, stallMs = 0]) => (atMs >= fromMs ? [stallMs] : []));
}
